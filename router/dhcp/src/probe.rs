//! Asking by ARP whether somebody uses an address, before it is offered for the first time. Nobody else waits meanwhile.

use crate::{
    batch::Batch,
    decide,
    lock::lock,
    server::Core,
    socket::{Packet, Sockets},
    state::Networks,
};
use edge_net::{Mac, Name};
use std::{
    collections::{HashMap, VecDeque},
    net::Ipv4Addr,
    sync::{Arc, Weak},
    time::Duration,
};
use tokio::{task::JoinHandle, time::Instant};

/// Probes sent for one address, and how long each waits for an answer. Less than RFC 5227 has for a host's own address (1.1):
/// the client asks again after some seconds, and probes by itself too.
const PROBES: u32 = 2;
const WAIT: Duration = Duration::from_millis(200);
/// Most addresses asked for at a time, all networks together. Beyond them addresses are offered unasked: a flood is no reason to
/// let anybody wait.
const MOST: usize = 256;

/// Those that are due within so much are seen to together: a wakeup for each would cost more than the probe.
const TOGETHER: Duration = Duration::from_millis(10);

/// The messages that wait for silence, by the address that is asked for.
#[derive(Default)]
pub struct Probes {
    waiting: HashMap<(Name, Ipv4Addr), Waiting>,
    /// When each is seen to again: all wait as long, so the first is the earliest.
    due: VecDeque<Due>,
    /// Goes through them while there are any.
    task: Option<JoinHandle<()>>,
    /// Of the last one.
    number: u64,
}

struct Waiting {
    number: u64,
    client: Mac,
    sockets: Arc<Sockets>,
    packet: Packet<'static>,
}

struct Due {
    at: Instant,
    key: (Name, Ipv4Addr),
    number: u64,
    /// How often it has been asked for.
    asked: u32,
}

impl Core {
    /// Asks whether anybody uses `address`, and answers `packet` when nobody does. False where too much is asked
    /// already, or it cannot be asked.
    pub fn probe(
        &self,
        networks: &mut Networks,
        batch: &Batch,
        name: &Name,
        (address, client): (Ipv4Addr, Mac),
        packet: &Packet,
    ) -> bool {
        let key = (name.clone(), address);
        let probes = &mut networks.probes;
        if let Some(asked) = probes.waiting.get_mut(&key) {
            // The client repeats itself and wants its last message answered.
            *asked = Waiting { number: asked.number, client, sockets: batch.sockets.clone(), packet: packet.to_owned() };
            return true;
        }
        if probes.are_enough() {
            return false;
        }
        // Before it is asked: an answer may be there at once.
        batch.sockets.hear_arp(true);
        if !batch.sockets.probe(packet.ifindex, address) {
            probes.hear_no_more(&batch.sockets);
            return false;
        }
        probes.number += 1;
        let number = probes.number;
        probes.due.push_back(Due { at: Instant::now() + WAIT, key: key.clone(), number, asked: 1 });
        probes.waiting.insert(key, Waiting { number, client, sockets: batch.sockets.clone(), packet: packet.to_owned() });
        if probes.task.as_ref().is_none_or(JoinHandle::is_finished) {
            probes.task = Some(tokio::spawn(see_to_them(self.itself.clone())));
        }
        true
    }

    /// Asks a second time where nobody has answered yet, and answers the messages whose addresses stayed silent. When it is to be done
    /// again, if at all.
    fn see_to_probes(&self) -> Option<Instant> {
        let mut networks = lock(&self.networks);
        let now = Instant::now();
        let mut batch: Option<Batch> = None;
        while let Some(due) = networks.probes.due.pop_front_if(|due| due.at <= now) {
            let waiting = networks.probes.waiting.get(&due.key).filter(|waiting| waiting.number == due.number);
            // Gone: somebody answered.
            let Some(Waiting { sockets, packet, .. }) = waiting else { continue };
            if due.asked < PROBES {
                sockets.probe(packet.ifindex, due.key.1);
                networks.probes.due.push_back(Due { at: now + WAIT, asked: due.asked + 1, ..due });
                continue;
            }
            if let Some(others) = batch.take_if(|batch| !Arc::ptr_eq(&batch.sockets, sockets)) {
                others.finish(self);
            }
            let mut at_hand = batch.take().unwrap_or_else(|| Batch::new(self, &networks, sockets));
            self.silence(&mut networks, &mut at_hand, &due.key);
            batch = Some(at_hand);
        }
        if let Some(batch) = batch {
            batch.finish(self);
        }
        let next = networks.probes.due.front().map(|due| due.at + TOGETHER);
        if next.is_none() {
            // It ends, though it is not finished yet.
            networks.probes.task = None;
        }
        next
    }

    /// Nobody uses the address: the message that waits for that is answered.
    fn silence(&self, networks: &mut Networks, batch: &mut Batch, key: &(Name, Ipv4Addr)) {
        let Some(Waiting { packet, .. }) = networks.probes.remove(key) else { return };
        batch.moment.asks_enough = networks.probes.are_enough();
        let Some(network) = networks.by_name.get_mut(&key.0) else { return };
        network.table.clear(key.1, batch.moment.now);
        self.answer_again(networks, batch, &key.0, &packet);
    }

    /// What ARP says: `address` is used by `mac`, on the interface of `network`.
    pub fn heard(&self, networks: &mut Networks, batch: &mut Batch, name: &Name, address: Ipv4Addr, mac: Mac) {
        let key = (name.clone(), address);
        if networks.probes.waiting.get(&key).is_none_or(|waiting| waiting.client == mac) {
            return;
        }
        let Some(Waiting { packet, .. }) = networks.probes.remove(&key) else { return };
        batch.moment.asks_enough = networks.probes.are_enough();
        let Some(network) = networks.by_name.get_mut(name) else { return };
        let Some(scope) = &network.scope else { return };
        // Who asked may have taken another server's offer, and somebody else has the address by now.
        if network.table.at(address).is_none_or(|binding| !binding.is_live(batch.moment.now)) {
            log::warn!("DHCP in {name}: {address} is in use by {mac} without a lease; it rests");
            network.counters.conflicts += 1;
            let changes = decide::quarantine(&network.table, scope, address, batch.moment.now);
            // Not logged, the address is asked for again, no more.
            batch.change(name, network, changes);
        }
        self.answer_again(networks, batch, name, &packet);
    }
}

async fn see_to_them(core: Weak<Core>) {
    let mut next = Some(Instant::now() + WAIT);
    while let Some(at) = next {
        tokio::time::sleep_until(at).await;
        next = core.upgrade().and_then(|core| core.see_to_probes());
    }
}

impl Probes {
    pub fn are_enough(&self) -> bool {
        self.waiting.len() >= MOST
    }

    fn remove(&mut self, key: &(Name, Ipv4Addr)) -> Option<Waiting> {
        let waiting = self.waiting.remove(key)?;
        self.hear_no_more(&waiting.sockets);
        Some(waiting)
    }

    /// By these sockets, unless somebody else waits for what they hear.
    fn hear_no_more(&self, sockets: &Arc<Sockets>) {
        if !self.waiting.values().any(|other| Arc::ptr_eq(&other.sockets, sockets)) {
            sockets.hear_arp(false);
        }
    }
}
