//! Asking by ARP whether somebody uses an address, before it is offered for the first time. Nobody else waits meanwhile.

use crate::{
    batch::Batch,
    decide,
    lock::lock,
    server::Core,
    socket::{Packet, Sockets},
    state::Networks,
};
use edge_config::{Mac, Name};
use std::{
    collections::HashMap,
    net::Ipv4Addr,
    sync::{Arc, Weak},
    time::Duration,
};

/// Probes sent for one address, and how long each waits for an answer. Less than RFC 5227 has for a host's own address (1.1):
/// the client asks again after some seconds, and probes by itself too.
const PROBES: u32 = 2;
const WAIT: Duration = Duration::from_millis(200);
/// Most addresses asked for at a time, all networks together. Beyond them addresses are offered unasked: a flood is no reason to
/// let anybody wait.
const MOST: usize = 256;

/// The messages that wait for silence, by the address that is asked for.
#[derive(Default)]
pub struct Probes(HashMap<(Name, Ipv4Addr), Waiting>);

struct Waiting {
    client: Mac,
    sockets: Arc<Sockets>,
    packet: Packet<'static>,
}

impl Core {
    /// Asks whether anybody uses `address`, and answers `packet` when nobody does. False where too much is asked already.
    pub fn probe(
        &self,
        networks: &mut Networks,
        batch: &Batch,
        name: &Name,
        (address, client): (Ipv4Addr, Mac),
        packet: &Packet,
    ) -> bool {
        let key = (name.clone(), address);
        let waiting = || Waiting { client, sockets: batch.sockets.clone(), packet: packet.to_owned() };
        if let Some(asked) = networks.probes.0.get_mut(&key) {
            // The client repeats itself and wants its last message answered.
            *asked = waiting();
            return true;
        }
        if networks.probes.are_enough() || !batch.sockets.probe(packet.ifindex, address) {
            return false;
        }
        networks.probes.0.insert(key.clone(), waiting());
        batch.sockets.hear_arp(true);
        let (core, sockets, ifindex) = (self.itself.clone(), batch.sockets.clone(), packet.ifindex);
        tokio::spawn(async move {
            for _ in 1..PROBES {
                tokio::time::sleep(WAIT).await;
                sockets.probe(ifindex, address);
            }
            tokio::time::sleep(WAIT).await;
            silence(&core, key);
        });
        true
    }

    /// What ARP says: `address` is used by `mac`, on the interface of `network`.
    pub fn heard(&self, networks: &mut Networks, batch: &mut Batch, name: &Name, address: Ipv4Addr, mac: Mac) {
        let key = (name.clone(), address);
        if networks.probes.0.get(&key).is_none_or(|waiting| waiting.client == mac) {
            return;
        }
        let Some(Waiting { packet, .. }) = networks.probes.remove(&key) else { return };
        batch.moment.asks_enough = networks.probes.are_enough();
        let Some(network) = networks.by_name.get_mut(name) else { return };
        let Some(scope) = &network.scope else { return };
        log::warn!("DHCP in {name}: {address} is in use by {mac} without a lease; it rests");
        network.counters.conflicts += 1;
        let changes = decide::quarantine(&network.table, scope, address, batch.moment.now);
        // Not logged, the address is asked for again, no more.
        batch.change(name, network, changes);
        self.answer_again(networks, batch, name, &packet);
    }
}

fn silence(core: &Weak<Core>, key: (Name, Ipv4Addr)) {
    let Some(core) = core.upgrade() else { return };
    let mut networks = lock(&core.networks);
    // Gone: somebody answered.
    let Some(Waiting { sockets, packet, .. }) = networks.probes.remove(&key) else { return };
    let mut batch = Batch::new(&core, &networks, &sockets);
    if let Some(network) = networks.by_name.get_mut(&key.0) {
        network.table.clear(key.1, batch.moment.now);
        core.answer_again(&mut networks, &mut batch, &key.0, &packet);
    }
    batch.finish(&core);
}

impl Probes {
    pub fn are_enough(&self) -> bool {
        self.0.len() >= MOST
    }

    fn remove(&mut self, key: &(Name, Ipv4Addr)) -> Option<Waiting> {
        let waiting = self.0.remove(key)?;
        if !self.0.values().any(|other| Arc::ptr_eq(&other.sockets, &waiting.sockets)) {
            waiting.sockets.hear_arp(false);
        }
        Some(waiting)
    }
}
