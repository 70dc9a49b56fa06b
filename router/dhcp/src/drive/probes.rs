use crate::{
    network::{Probes, Step},
    socket::{Packet, Sockets},
};
use edge_net::{Mac, Name};
use std::{net::Ipv4Addr, sync::Arc, time::Duration};
use tokio::{task::JoinHandle, time::Instant};

/// Asks by ARP whether somebody uses an address, before it is offered for the first time. Nobody else waits meanwhile.
pub struct Prober {
    table: Probes<Held>,
    /// What times of the table count from.
    began: Instant,
    /// Sees to what is due, while there is anything.
    task: Option<JoinHandle<()>>,
}

/// A message that waits for silence.
pub struct Held {
    pub sockets: Arc<Sockets>,
    pub packet: Packet<'static>,
}

impl Default for Prober {
    fn default() -> Self {
        Self { table: Probes::default(), began: Instant::now(), task: None }
    }
}

impl Prober {
    /// So many addresses are asked for that no other is.
    pub fn asks_enough(&self) -> bool {
        self.table.are_enough()
    }

    /// Asks whether anybody uses the address, on behalf of that client. False where too much is asked already, or it cannot be asked.
    pub fn ask(&mut self, sockets: &Arc<Sockets>, name: &Name, (address, client): (Ipv4Addr, Mac), packet: &Packet) -> bool {
        let key = (name.clone(), address);
        let held = || Held { sockets: sockets.clone(), packet: packet.to_owned() };
        if self.table.repeat(&key, client, held) {
            return true;
        }
        if self.table.are_enough() {
            return false;
        }
        // Before it is asked: an answer may be there at once.
        sockets.listen_arp(true);
        if !sockets.probe(packet.ifindex, address) {
            self.stop_listening(sockets);
            return false;
        }
        self.table.wait(key, client, held(), self.began.elapsed());
        true
    }

    /// What ARP says: the address is used by `mac`. The message that waits to hear that, if it is anybody but its client who says so.
    pub fn heard(&mut self, name: &Name, address: Ipv4Addr, mac: Mac) -> Option<Held> {
        let held = self.table.heard(&(name.clone(), address), mac)?;
        self.stop_listening(&held.sockets);
        Some(held)
    }

    pub fn now(&self) -> Duration {
        self.began.elapsed()
    }

    /// Asks a second time where nobody has answered yet; gives out the next message whose address stayed silent.
    pub fn silent(&mut self, now: Duration) -> Option<(Name, Ipv4Addr, Held)> {
        loop {
            match self.table.due(now)? {
                Step::Ask(address, held) => drop(held.sockets.probe(held.packet.ifindex, address)),
                Step::Silent((name, address), held) => {
                    self.stop_listening(&held.sockets);
                    return Some((name, address, held));
                }
            }
        }
    }

    /// When to look again. None ends the task.
    pub fn next(&mut self) -> Option<Instant> {
        let next = self.table.next().map(|due| self.began + due);
        if next.is_none() {
            // It ends, though it is not finished yet.
            self.task = None;
        }
        next
    }

    /// Starts the task where there is something to see to and none that does.
    pub fn keep_going(&mut self, start: impl FnOnce(Instant) -> JoinHandle<()>) {
        let is_idle = self.task.as_ref().is_none_or(JoinHandle::is_finished);
        if let Some(next) = self.table.next().filter(|_| is_idle) {
            self.task = Some(start(self.began + next));
        }
    }

    /// By these sockets, unless somebody else waits for what they hear.
    fn stop_listening(&self, sockets: &Arc<Sockets>) {
        if !self.table.held().any(|other| Arc::ptr_eq(&other.sockets, sockets)) {
            sockets.listen_arp(false);
        }
    }
}
