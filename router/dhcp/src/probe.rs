//! Asking by ARP whether somebody uses an address, before it is offered for the first time. Nobody else waits meanwhile.

use crate::{
    decide,
    lease::Secs,
    server::{Core, Origin, lock},
    socket::Packet,
    state::Networks,
};
use edge_config::{Mac, Name};
use std::{collections::HashMap, net::Ipv4Addr, sync::Weak, time::Duration};

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
    origin: Origin,
    packet: Packet,
}

impl Core {
    /// Asks whether anybody uses `address`, and answers `packet` when nobody does. False where too much is asked already.
    pub fn probe(
        &self,
        networks: &mut Networks,
        name: &Name,
        (address, client): (Ipv4Addr, Mac),
        origin: &Origin,
        packet: &Packet,
    ) -> bool {
        let key = (name.clone(), address);
        let waiting = Waiting { client, origin: origin.clone(), packet: packet.clone() };
        if let Some(asked) = networks.probes.0.get_mut(&key) {
            // The client repeats itself and wants its last message answered.
            *asked = waiting;
            return true;
        }
        if networks.probes.0.len() >= MOST || !origin.sockets.probe(packet.ifindex, address) {
            return false;
        }
        networks.probes.0.insert(key.clone(), waiting);
        origin.sockets.hear_arp(true);
        let (core, sockets, ifindex) = (self.itself.clone(), origin.sockets.clone(), packet.ifindex);
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
    pub fn heard(&self, networks: &mut Networks, name: &Name, address: Ipv4Addr, mac: Mac) {
        let key = (name.clone(), address);
        let Some(waiting) = networks.probes.0.get(&key).filter(|waiting| waiting.client != mac) else { return };
        let (origin, packet) = (waiting.origin.clone(), waiting.packet.clone());
        networks.probes.remove(&key);
        let now = self.clock.now();
        let Some(network) = networks.by_name.get_mut(name) else { return };
        let Some(scope) = &network.scope else { return };
        log::warn!("DHCP in {name}: {address} is in use by {mac} without a lease; it rests");
        network.counters.conflicts += 1;
        let changes = decide::quarantine(&network.table, scope, address, now);
        // Not logged, the address would be asked for again after a restart, no more.
        let _ = self.commit(networks, name, changes, Box::new(|_| ()));
        self.answer(networks, &origin, packet);
    }
}

fn silence(core: &Weak<Core>, key: (Name, Ipv4Addr)) {
    let Some(core) = core.upgrade() else { return };
    let mut networks = lock(&core.networks);
    // Gone: somebody answered.
    let Some(Waiting { origin, packet, .. }) = networks.probes.remove(&key) else { return };
    let now: Secs = core.clock.now();
    if let Some(network) = networks.by_name.get_mut(&key.0) {
        network.table.clear(key.1, now);
        core.answer(&mut networks, &origin, packet);
    }
}

impl Probes {
    fn remove(&mut self, key: &(Name, Ipv4Addr)) -> Option<Waiting> {
        let waiting = self.0.remove(key)?;
        if !self.0.values().any(|other| other.origin.netns == waiting.origin.netns) {
            waiting.origin.sockets.hear_arp(false);
        }
        Some(waiting)
    }
}
