use crate::{
    Claim, ClaimError, ConfigureError, Error, Identity, Lease, Report, Service,
    batch::Batch,
    clock::{self, Clock},
    decide::{self, Moment},
    lease::{Binding, Change, Secs, State},
    lock::lock,
    log::{Directory, Done, Log, Record, recover},
    socket::{Handler, Heard, Ports, Sockets},
    state::{Network, Networks, lease},
};
use edge_net::Name;
use std::{
    collections::BTreeSet,
    net::Ipv4Addr,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, Weak, atomic::AtomicUsize},
    time::SystemTime,
};
use tokio::sync::oneshot;

/// A handle on the one server; clones are the same server. When the last one is dropped, the server stops and its log is
/// closed.
#[derive(Clone)]
pub struct Server {
    pub(crate) core: Arc<Core>,
}

pub struct Core {
    ports: tokio::sync::Mutex<Ports>,
    pub networks: Arc<Mutex<Networks>>,
    pub clock: Arc<Clock>,
    pub log: Log,
    recovery: Vec<String>,
    /// Replies that wait for the log.
    pub waiting: Arc<AtomicUsize>,
    /// For what goes on later.
    pub itself: Weak<Core>,
}

impl Server {
    /// Recovers the lease log under `state_dir`/dhcp. Sockets come with [`Server::configure`].
    pub fn open(state_dir: &Path) -> Result<Server, Error> {
        let path = state_dir.join("dhcp");
        let failed = |what| {
            let path = path.clone();
            move |source| Error::Log { path, what, source }
        };
        let directory = Directory::lock(&path).map_err(failed("cannot be opened"))?;
        let directory = directory.ok_or_else(|| Error::InUse(path.clone()))?;
        let (mut networks, mut last) = (Networks::default(), 0);
        let replay = |record: Record| {
            last = last.max(record.at);
            networks.replay(record);
        };
        let recovered = recover(&directory, replay).map_err(failed("cannot be read"))?;
        recovered.notes.iter().for_each(|note| log::error!("lease log {}: {note}", path.display()));

        let clock = Arc::new(Clock::start(last));
        let moved = networks.caught_up(&clock, last);
        networks.apply(moved.clone());
        let networks = Arc::new(Mutex::new(networks));
        let (all, at) = (networks.clone(), clock.clone());
        let slices = Arc::new(move |last: Option<&Record>| lock(&all).slice(last, at.now()));
        let log = Log::start(directory, &recovered, slices).map_err(failed("cannot be written"))?;
        // Not written, the next start does the same.
        log.note(moved);
        let (ports, recovery, waiting) = (tokio::sync::Mutex::default(), recovered.notes, Arc::default());
        let core = Arc::new_cyclic(|itself| Core { ports, networks, clock, log, recovery, waiting, itself: itself.clone() });
        Ok(Server { core })
    }

    /// Serves exactly these networks from now on; to be called on a tokio runtime, where the server then lives. Leases are
    /// untouched, also those of a network that goes (it may come back, also by another name). An interface that is not there yet is
    /// no error: it is served when it comes.
    pub async fn configure(&self, services: Vec<Service>) -> Vec<ConfigureError> {
        let mut ports = self.core.ports.lock().await;
        let wanted: BTreeSet<_> = services.iter().map(|service| service.netns.clone()).collect();
        let networks_in = |netns: &Option<PathBuf>| {
            services.iter().filter(|service| service.netns == *netns).map(|service| service.network.clone()).collect()
        };
        {
            let mut networks = lock(&self.core.networks);
            let moved = networks.configure(services.clone(), self.core.clock.now());
            // Not written, they are where they were at the next start, which does the same.
            self.core.log.note(moved);
        }
        let core = Arc::downgrade(&self.core);
        let handler: Handler = Arc::new(move |sockets, heard| receive(&core, sockets, heard));
        let errors = ports.listen(&wanted, &handler);
        errors.into_iter().map(|(netns, source)| ConfigureError { networks: networks_in(&netns), source }).collect()
    }

    /// An address for a container, on disk when this returns.
    pub async fn claim(&self, network: &Name, claim: Claim) -> Result<Lease, ClaimError> {
        let Claimed { lease, is_new, before, logged } = self.core.claim(network, &claim)?;
        let Err(why) = settled(logged).await else { return Ok(lease) };
        // Nobody is told of it, so nobody holds it; the container goes on with what it had.
        if is_new {
            self.core.take_back(network, &claim.name, before);
        }
        Err(ClaimError::NotDurable(why))
    }

    /// The container is gone: its address stays its own until somebody else needs it. Nothing to do for a name that holds
    /// none.
    pub async fn release(&self, network: &Name, name: &str) -> Result<(), ClaimError> {
        settled(self.core.release(network, name)?).await.map_err(ClaimError::NotDurable)
    }

    /// Everything known about the configured networks, sorted by network and address.
    pub fn leases(&self) -> Vec<Lease> {
        let networks = lock(&self.core.networks);
        networks.by_name.iter().flat_map(|(name, network)| network.leases(name, &self.core.clock)).collect()
    }

    /// Addresses that nobody gets for now, as somebody uses them without a lease, and until when.
    pub fn resting(&self) -> Vec<(Name, Ipv4Addr, SystemTime)> {
        let networks = lock(&self.core.networks);
        let configured = networks.by_name.iter().filter(|(_, network)| network.scope.is_some());
        let resting = |(name, network): (&Name, &Network)| {
            let each = network.table.quarantine().iter();
            each.map(|(address, until)| (name.clone(), *address, self.core.clock.wall(*until))).collect::<Vec<_>>()
        };
        configured.flat_map(resting).collect()
    }

    pub fn counters(&self) -> Report {
        let networks = lock(&self.core.networks);
        let now = self.core.clock.now();
        let configured = networks.by_name.iter().filter(|(_, network)| network.scope.is_some());
        Report {
            networks: configured.map(|(name, network)| (name.clone(), network.counters(now))).collect(),
            stray: networks.stray,
            trouble: self.core.log.trouble(),
            recovery: self.core.recovery.clone(),
        }
    }
}

pub type Logged = oneshot::Receiver<Result<(), String>>;

struct Claimed {
    lease: Lease,
    is_new: bool,
    /// What the container had.
    before: Option<Binding>,
    logged: Logged,
}

impl Core {
    fn claim(&self, name: &Name, claim: &Claim) -> Result<Claimed, ClaimError> {
        let now = self.clock.now();
        let mut networks = lock(&self.networks);
        let network = networks.by_name.get_mut(name);
        let Some(Network { table, scope: Some(scope), .. }) = network else { return Err(ClaimError::NoNetwork(name.clone())) };
        table.lapse(now);
        let before = table.of(&Identity::Container(claim.name.clone())).cloned();
        let binding = decide::claim(table, scope, claim, now)?;
        let lease = lease(name, scope, &binding, &self.clock);
        let change = Change::Bind(binding);
        let is_new = !table.says(&change);
        let (sender, logged) = oneshot::channel();
        self.commit(&mut networks, name, vec![change], notify(sender)).map_err(ClaimError::NotDurable)?;
        Ok(Claimed { lease, is_new, before, logged })
    }

    /// Makes a claim undone that could not be written: the container has what it had before, unless somebody else has it by now.
    fn take_back(&self, name: &Name, container: &str, before: Option<Binding>) {
        let now = self.clock.now();
        let mut networks = lock(&self.networks);
        let Some(network) = networks.by_name.get(name) else { return };
        let is_own = |identity: &Identity| *identity == Identity::Container(container.to_owned());
        let kept = before.filter(|binding| network.table.is_free(binding.address, is_own, now)).map(Change::Bind);
        let change = kept.or_else(|| network.let_go(container, now));
        // Logged too, as a snapshot may have the claim: that this may fail as well is known from then on.
        let changes = Vec::from_iter(change);
        if self.commit(&mut networks, name, changes.clone(), Box::new(|_| ())).is_err()
            && let Some(network) = networks.by_name.get_mut(name)
        {
            changes.into_iter().for_each(|change| network.table.apply(change));
        }
    }

    fn release(&self, name: &Name, container: &str) -> Result<Logged, ClaimError> {
        let mut networks = lock(&self.networks);
        let network = networks.by_name.get_mut(name).ok_or_else(|| ClaimError::NoNetwork(name.clone()))?;
        let changes = Vec::from_iter(network.let_go(container, self.clock.now()));
        let (sender, logged) = oneshot::channel();
        self.commit(&mut networks, name, changes, notify(sender)).map_err(ClaimError::NotDurable)?;
        Ok(logged)
    }

    /// Sets the lease clock forward when the true time becomes known, and with it all that was promised by it.
    fn keep_time(&self, networks: &mut Networks, wall: Option<Secs>) {
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

    pub fn moment(&self, networks: &Networks) -> Moment {
        Moment {
            now: self.clock.now(),
            lagging: self.clock.is_lagging(),
            log_fails: self.log.is_failing(),
            asks_enough: networks.probes.are_enough(),
        }
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
}

fn receive(core: &Weak<Core>, sockets: &Arc<Sockets>, heard: Heard) {
    let Some(core) = core.upgrade() else { return };
    let mut networks = lock(&core.networks);
    if let Heard::Messages(_) = heard {
        core.keep_time(&mut networks, clock::synchronised());
    }
    let mut batch = Batch::new(&core, &networks, sockets);
    match heard {
        Heard::Messages(inbox) => inbox.packets().for_each(|packet| core.answer(&mut networks, &mut batch, &packet)),
        Heard::Arp { ifindex, address, mac } => {
            if let Some(name) = batch.network_on(&networks, ifindex) {
                core.heard(&mut networks, &mut batch, &name, address, mac);
            }
        }
    }
    batch.finish(&core);
}

impl Network {
    /// What makes a container's address nobody's, if it holds one.
    fn let_go(&self, container: &str, now: u64) -> Option<Change> {
        let held = self.table.of(&Identity::Container(container.to_owned())).filter(|binding| binding.state == State::Held)?;
        Some(Change::Bind(Binding { state: State::Released { since: now }, ..held.clone() }))
    }
}

pub fn notify(sender: oneshot::Sender<Result<(), String>>) -> Done {
    // A caller that no longer waits needs no answer.
    Box::new(move |logged| drop(sender.send(logged.map_err(str::to_owned))))
}

pub async fn settled(logged: Logged) -> Result<(), String> {
    logged.await.unwrap_or_else(|_| Err("the lease log has stopped".to_owned()))
}
