//! Who reaches whom, told by watching packets at both ends.

use crate::{
    echo::Marker,
    host::Host,
    observer::{Event, Observer},
};
use anyhow::Result;
use nix::{
    errno::Errno,
    poll::{PollFd, PollFlags, PollTimeout, poll},
};
use std::{
    net::Ipv4Addr,
    sync::atomic::{AtomicU32, Ordering},
    time::{Duration, Instant},
};

/// How often a request is repeated, so that one lost to address resolution cannot pass for isolation.
const REPEAT: Duration = Duration::from_millis(200);
/// Requests that must have left before silence means anything.
const ENOUGH: u16 = 3;
/// How long an answer may take after enough requests have left.
const SILENCE: Duration = Duration::from_millis(500);
/// How long a sender may take to get its requests out, address resolution included.
const GIVE_UP: Duration = Duration::from_secs(5);

/// One question: can `from` reach `address`, which `target` owns?
#[derive(Debug, Clone)]
pub struct Probe {
    pub from: Host,
    pub target: Host,
    pub address: Ipv4Addr,
    /// How long to wait for an answer at least: seconds where one is expected, nothing where silence is.
    pub patience: Duration,
}

/// What was seen of a probe's requests.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seen {
    /// Requests seen leaving the sender's network card.
    pub left: u16,
    /// At the target's network card, and the source address they had there.
    pub arrived_from: Option<Ipv4Addr>,
    /// Through the target's firewall and delivered.
    pub accepted: bool,
    /// Back at the sender.
    pub replied: bool,
    /// The target passes packets on, so that arriving there means nothing unless accepted.
    pub target_forwards: bool,
    /// Why the sender could not send, if so.
    pub refused: Option<Errno>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The target got the request and its reply came back.
    Reached,
    /// Requests left the sender; the target got none.
    Isolated,
    /// The target got requests; no reply came back. Neither reachable nor isolated.
    OneWay,
    /// Nothing can be said, because of this.
    Unknown(String),
}

impl Seen {
    pub fn outcome(&self) -> Outcome {
        let got = self.accepted || (self.arrived_from.is_some() && !self.target_forwards);
        match (got, self.replied) {
            (true, true) => Outcome::Reached,
            (true, false) => Outcome::OneWay,
            (false, true) => Outcome::Unknown("a reply came, but not from the machine that was watched".to_owned()),
            (false, false) if self.left >= ENOUGH => Outcome::Isolated,
            (false, false) => Outcome::Unknown(match self.refused {
                Some(errno) => format!("the sender could not send: {}", errno.desc()),
                None => format!("{} of {ENOUGH} requests left the sender; the next hop does not answer ARP", self.left),
            }),
        }
    }
}

/// One probe with a few seconds of patience.
pub fn probe(from: &Host, target: &Host, address: Ipv4Addr) -> Result<Seen> {
    let probe = Probe { from: from.clone(), target: target.clone(), address, patience: Duration::from_secs(1) };
    Ok(probe_all(&[probe])?.swap_remove(0))
}

/// Many probes at once, in the time of the slowest. The answers are in the order of the probes.
pub fn probe_all(probes: &[Probe]) -> Result<Vec<Seen>> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let first = NEXT.fetch_add(u32::try_from(probes.len())?, Ordering::Relaxed);
    let mut running = Vec::new();
    for (index, probe) in (0..).zip(probes) {
        running.push(Running {
            marker: Marker { process: std::process::id(), probe: first.wrapping_add(index) },
            probe,
            seen: Seen { target_forwards: probe.target.forwards()?, ..Seen::default() },
            sent: 0,
            last_sent: None,
            last_left: 0,
            enough_at: None,
        });
    }
    let watch = Watch::open(probes)?;
    let start = Instant::now();
    while !running.iter().all(|run| run.is_over(start, Instant::now())) {
        let now = Instant::now();
        for run in running.iter_mut().filter(|run| run.is_due(now)) {
            watch.send(run, now);
        }
        watch.wait()?;
        watch.take(&mut running)?;
    }
    // The target's end of a reply that ended the loop may have been read before the packet got there.
    watch.take(&mut running)?;
    Ok(running.into_iter().map(|run| run.seen).collect())
}

/// A probe under way.
struct Running<'a> {
    marker: Marker,
    probe: &'a Probe,
    seen: Seen,
    sent: u16,
    last_sent: Option<Instant>,
    last_left: u16,
    /// When the last needed request was seen leaving.
    enough_at: Option<Instant>,
}

impl Running<'_> {
    fn is_due(&self, now: Instant) -> bool {
        !self.seen.replied && self.last_sent.is_none_or(|at| now - at >= REPEAT)
    }

    /// Answered, or silent for long enough after enough requests, or unable to send them.
    fn is_over(&self, start: Instant, now: Instant) -> bool {
        self.seen.replied
            || match self.enough_at {
                Some(at) => now - start >= self.probe.patience && now - at >= SILENCE,
                None => now - start >= self.probe.patience.max(GIVE_UP),
            }
    }

    fn note(&mut self, event: Event, at: &Host) {
        let at_sender = at.is(&self.probe.from);
        let at_target = at.is(&self.probe.target);
        match event {
            Event::Left { sequence } if at_sender && sequence > self.last_left => {
                self.last_left = sequence;
                self.seen.left += 1;
                if self.seen.left == ENOUGH {
                    self.enough_at = Some(Instant::now());
                }
            }
            Event::Arrived { from } if at_target => self.seen.arrived_from = Some(from),
            Event::Accepted if at_target => self.seen.accepted = true,
            Event::Replied if at_sender => self.seen.replied = true,
            _ => {}
        }
    }
}

/// One observer for every machine that takes part.
struct Watch {
    observers: Vec<(Host, Observer)>,
}

impl Watch {
    fn open(probes: &[Probe]) -> Result<Self> {
        let mut observers: Vec<(Host, Observer)> = Vec::new();
        for host in probes.iter().flat_map(|probe| [&probe.from, &probe.target]) {
            if !observers.iter().any(|(known, _)| known.is(host)) {
                observers.push((host.clone(), Observer::open(host)?));
            }
        }
        Ok(Self { observers })
    }

    fn send(&self, run: &mut Running, now: Instant) {
        for (_, sender) in self.observers.iter().filter(|(host, _)| host.is(&run.probe.from)) {
            run.sent = run.sent.wrapping_add(1);
            run.last_sent = Some(now);
            run.seen.refused = sender.send(run.marker, run.sent, run.probe.address).err();
        }
    }

    /// Until a packet is there, or it may be time to send again.
    fn wait(&self) -> Result<()> {
        let sockets = self.observers.iter().flat_map(|(_, observer)| observer.sockets());
        let mut fds: Vec<_> = sockets.map(|socket| PollFd::new(socket, PollFlags::POLLIN)).collect();
        match poll(&mut fds, PollTimeout::from(20_u8)) {
            Ok(_) | Err(Errno::EINTR) => Ok(()),
            Err(errno) => Err(errno.into()),
        }
    }

    fn take(&self, running: &mut [Running]) -> Result<()> {
        for (host, observer) in &self.observers {
            observer.drain(|marker, event| {
                if let Some(run) = running.iter_mut().find(|run| run.marker == marker) {
                    run.note(event, host);
                }
            })?;
        }
        Ok(())
    }
}
