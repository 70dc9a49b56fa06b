//! The generator: clients at a given rate, each heard to its end, on one CPU that does nothing else.

use crate::{
    command::RELAY,
    frame::{self, Message, Reply},
    relay,
    wire::{BATCH, Wire},
};
use anyhow::{Result, ensure};
use std::{
    collections::HashMap,
    net::Ipv4Addr,
    time::{Duration, Instant},
};

/// What clients do.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Exchange {
    /// DISCOVER, OFFER, REQUEST, ACK.
    Dora,
    /// REQUEST, ACK of clients that have an address: the first `clients`, over and over.
    Renew { clients: u32 },
}

/// One measured span.
#[derive(Default, Clone, Debug)]
pub struct Outcome {
    pub started: u64,
    pub done: u64,
    pub naks: u64,
    /// Exchanges begun a second; less than asked for where the generator is the limit.
    pub rate: f64,
    /// Exchanges ended a second, from the first that ended to the last: less, where what was asked waited in a queue.
    pub ended: f64,
    pub p50: Duration,
    pub p99: Duration,
}

impl Outcome {
    pub fn drop_percent(&self) -> f64 {
        if self.started == 0 { 100.0 } else { 100.0 * (self.started - self.done.min(self.started)) as f64 / self.started as f64 }
    }
}

/// Stragglers are waited for as long as a client would before it repeats itself (RFC 2131, 4.1: 4 s less a second).
const PATIENCE: Duration = Duration::from_secs(3);

/// No client has this number.
const AGENT: u32 = 0;

pub struct Load {
    wire: Wire,
    /// The next client that was never seen before.
    next: u32,
    addresses: HashMap<Ipv4Addr, u32>,
    leases: Vec<(u32, Ipv4Addr)>,
    server: Option<(Ipv4Addr, [u8; 6])>,
    /// The server's hardware address, where a relay agent speaks for the clients.
    relayed: Option<[u8; 6]>,
}

impl Load {
    pub fn open(interface: &str) -> Result<Self> {
        let (addresses, leases) = (HashMap::new(), Vec::new());
        Ok(Self { wire: Wire::open(interface)?, next: 1, addresses, leases, server: None, relayed: None })
    }

    /// The same behind a relay agent.
    pub fn relayed(interface: &str) -> Result<Self> {
        let mut load = Self::open(interface)?;
        load.addresses.insert(RELAY, AGENT);
        let start = Instant::now();
        while load.relayed.is_none() {
            ensure!(start.elapsed() < PATIENCE, "the server does not say by ARP where it is");
            load.wire.send(&[relay::question()])?;
            std::thread::sleep(Duration::from_millis(50));
            let answer = &mut load.relayed;
            load.wire.receive(|frame| *answer = answer.or(relay::answer(frame)))?;
        }
        Ok(load)
    }

    pub fn leases(&self) -> usize {
        self.leases.len()
    }

    /// `rate` exchanges begun a second, `count` in all.
    pub fn run(&mut self, exchange: Exchange, rate: f64, count: u64) -> Result<Outcome> {
        let mut begun: HashMap<u32, Instant> = HashMap::with_capacity(count as usize);
        let mut latencies = Vec::with_capacity(count as usize);
        let mut outcome = Outcome::default();
        let mut out: Vec<Vec<u8>> = Vec::with_capacity(BATCH * 2);
        let start = Instant::now();
        let mut last = start;
        let mut ends: Option<(Instant, Instant)> = None;
        loop {
            let now = Instant::now();
            let due = ((now - start).as_secs_f64() * rate) as u64;
            let fresh = due.min(count).saturating_sub(outcome.started).min(BATCH as u64 / 2);
            for _ in 0..fresh {
                let Some((client, message)) = self.begin(exchange, outcome.started) else { break };
                out.push(frame::frame(client, message, self.relayed));
                begun.insert(client, now);
                outcome.started += 1;
                last = now;
            }
            let (addresses, leases, server, relayed) = (&mut self.addresses, &mut self.leases, &mut self.server, self.relayed);
            let received = self.wire.receive(|bytes| match Reply::read(bytes) {
                Some(reply) => {
                    let Some(since) = begun.get(&reply.client).copied() else { return };
                    match reply.kind {
                        frame::OFFER => {
                            *server = Some((reply.server, reply.hardware));
                            let message = Message::Request { server: reply.server, address: reply.address };
                            out.push(frame::frame(reply.client, message, relayed));
                        }
                        frame::ACK => {
                            begun.remove(&reply.client);
                            outcome.done += 1;
                            let end = Instant::now();
                            latencies.push(end - since);
                            ends = Some((ends.map_or(end, |(first, _)| first), end));
                            if exchange == Exchange::Dora {
                                leases.push((reply.client, reply.address));
                                addresses.insert(reply.address, reply.client);
                            }
                        }
                        frame::NAK => outcome.naks += 1,
                        _ => {}
                    }
                }
                // A server that answers by its own IP stack asks first who has the address.
                None => {
                    if let Some(client) = frame::asked(bytes).and_then(|address| addresses.get(&address)) {
                        let mac = if *client == AGENT { relay::MAC } else { frame::mac(*client) };
                        out.push(frame::arp_reply(bytes, mac));
                    }
                }
            })?;
            for batch in out.chunks(BATCH) {
                self.wire.send(batch)?;
            }
            out.clear();
            let finished = outcome.started >= count && (outcome.done >= outcome.started || last.elapsed() > PATIENCE);
            if finished {
                break;
            }
            if received == 0 && fresh == 0 {
                std::hint::spin_loop();
            }
        }
        outcome.rate = outcome.started as f64 / (last - start).as_secs_f64().max(1e-9);
        let span = ends.map_or(Duration::ZERO, |(first, last)| last - first);
        outcome.ended = outcome.done as f64 / span.as_secs_f64().max(1e-9);
        latencies.sort_unstable();
        let at = |part: f64| latencies.get((latencies.len() as f64 * part) as usize).copied().unwrap_or_default();
        (outcome.p50, outcome.p99) = (at(0.50), at(0.99));
        Ok(outcome)
    }

    fn begin(&mut self, exchange: Exchange, number: u64) -> Option<(u32, Message)> {
        match exchange {
            Exchange::Dora => {
                let client = self.next;
                self.next += 1;
                Some((client, Message::Discover))
            }
            Exchange::Renew { clients } => {
                let (server, hardware) = self.server?;
                let (client, address) = *self.leases.get((number % u64::from(clients)) as usize)?;
                Some((client, Message::Renew { server, hardware, address }))
            }
        }
    }
}
