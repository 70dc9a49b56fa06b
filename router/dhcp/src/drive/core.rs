use super::probes::Prober;
use crate::{
    clock::Clock,
    decide::Moment,
    lease::{Change, Secs},
    log::{Done, Log, Place, Record},
    network::Networks,
    recovery::Recovery,
    socket::{Outbox, Ports, Sockets},
};
use edge_net::Name;
use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};
use tokio::sync::oneshot;

/// Most replies that wait for the disk, about 15 MiB. A client whose message is not answered repeats it.
const MOST_WAITING: usize = 32_768;

/// What the tasks share.
pub struct Core {
    pub ports: tokio::sync::Mutex<Ports>,
    pub state: Arc<Mutex<State>>,
    pub clock: Arc<Clock>,
    pub log: Log,
    /// What the start found damaged in the log.
    pub recovery: Recovery,
    /// Replies that wait for the log.
    waiting: Arc<AtomicUsize>,
}

/// What changes with a message.
#[derive(Default)]
pub struct State {
    pub networks: Networks,
    pub prober: Prober,
}

/// Whether it is on disk, or why it is not.
pub type Logged = oneshot::Receiver<Result<(), String>>;

impl Core {
    pub fn new(state: Arc<Mutex<State>>, clock: Arc<Clock>, log: Log, recovery: Recovery) -> Self {
        Self { ports: tokio::sync::Mutex::default(), state, clock, log, recovery, waiting: Arc::default() }
    }

    pub fn moment(&self, state: &State) -> Moment {
        Moment {
            now: self.clock.now(),
            lagging: self.clock.is_lagging(),
            log_fails: self.log.is_failing(),
            asks_enough: state.prober.asks_enough(),
        }
    }

    /// The disk keeps up. Asked before anything is changed, as what is not logged must not be in the tables either.
    pub fn has_room(&self) -> bool {
        self.log.has_room() && self.waiting.load(Ordering::Relaxed) < MOST_WAITING
    }

    /// Logs and applies; both while the tables are locked, so that the log's order is theirs.
    pub fn commit(&self, networks: &mut Networks, name: &Name, changes: Vec<Change>, done: Done) -> Result<(), String> {
        let Some(network) = networks.by_name.get_mut(name) else { return Ok(()) };
        let at = self.clock.now();
        let new = changes.iter().filter(|change| !network.table.says(change));
        let records: Vec<_> = new.map(|change| Record { network: name.clone(), at, change: change.clone() }).collect();
        // What a device was promised before is good even while nothing can be written.
        let promised = changes.first().filter(|_| records.is_empty() && self.log.is_failing());
        let relies_on = promised.map(|change| (name.clone(), change.address()));
        if !self.log.submit(records, relies_on, done) {
            return Err("too much waits to be written".to_owned());
        }
        changes.into_iter().for_each(|change| network.table.apply(change));
        Ok(())
    }

    /// Logs, and sends the replies once that is on disk.
    pub fn submit(&self, sockets: &Arc<Sockets>, records: Vec<Record>, relies_on: Option<Place>, replies: Outbox) {
        let (sockets, waiting, count) = (sockets.clone(), self.waiting.clone(), replies.len().max(records.len()));
        waiting.fetch_add(count, Ordering::Relaxed);
        let done = move |logged: Result<(), &str>| {
            waiting.fetch_sub(count, Ordering::Relaxed);
            match logged {
                Ok(()) => sockets.send(replies),
                Err(_) => sockets.put_back(replies),
            }
        };
        // False with records only where the log has stopped for good: nothing is promised then.
        if !self.log.submit(records, relies_on, Box::new(done)) {
            self.waiting.fetch_sub(count, Ordering::Relaxed);
        }
    }

    /// Sets the lease clock forward when the true time becomes known, and with it all that was promised by it.
    pub fn correct_clock(&self, networks: &mut Networks, wall: Option<Secs>) {
        let Some(lag) = self.clock.lag(wall) else { return };
        let records = networks.stepped(lag, self.clock.now(), !self.clock.is_lagging());
        if !self.log.note(records.clone()) {
            // Tried again with the next message.
            return;
        }
        self.clock.step(lag);
        log::info!("DHCP: the time is known now; the lease clock was {lag} s behind");
        networks.apply(records);
    }
}

/// What tells who waits.
pub fn notify() -> (Done, Logged) {
    let (sender, logged) = oneshot::channel();
    // A caller that no longer waits needs no answer.
    (Box::new(move |done: Result<(), &str>| drop(sender.send(done.map_err(str::to_owned)))), logged)
}

pub async fn settled(logged: Logged) -> Result<(), String> {
    logged.await.unwrap_or_else(|_| Err("the lease log has stopped".to_owned()))
}
