use crate::{
    Claim, ClaimError, ConfigureError, DhcpReport, Import, Lease, NetworkService, OpenError,
    clock::Clock,
    drive::{self, Core},
    lease::State,
    lock::lock,
    log::{Directory, Log, Record, recover},
    network::{KnownNetwork, Networks},
    recovery::Recovery,
    show,
    socket::Handler,
};
use edge_net::Name;
use std::{
    collections::BTreeSet,
    net::Ipv4Addr,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    time::SystemTime,
};

/// A handle on the one server; clones are the same server. When the last one is dropped, the server stops and its log is
/// closed.
#[derive(Clone)]
pub struct Server {
    core: Arc<Core>,
}

impl Server {
    /// Recovers the lease log under `state_dir`/dhcp. Sockets come with [`Server::configure`].
    pub fn open(state_dir: &Path) -> Result<Server, OpenError> {
        let path = state_dir.join("dhcp");
        let failed = |what| {
            let path = path.clone();
            move |source| OpenError::Log { path, what, source }
        };
        let directory = Directory::lock(&path).map_err(failed("cannot be opened"))?;
        let directory = directory.ok_or_else(|| OpenError::InUse(path.clone()))?;
        let (mut networks, mut last) = (Networks::default(), 0);
        let replay = |record: Record| {
            last = last.max(record.at);
            networks.replay(record);
        };
        let recovered = recover(&directory, replay).map_err(failed("cannot be read"))?;
        recovered.notes.iter().for_each(|note| log::error!("lease log {}: {note}", path.display()));
        let recovery = Recovery::keep(path.clone(), recovered.notes.clone());

        let clock = Arc::new(Clock::start(last));
        // Where the clock is not right, the leases wait with it.
        let moved = if clock.is_lagging() { Vec::new() } else { networks.caught_up(clock.now(), last) };
        networks.apply(moved.clone());
        let state = Arc::new(Mutex::new(drive::State { networks, ..drive::State::default() }));
        let (all, at) = (state.clone(), clock.clone());
        let slices = Arc::new(move |last: Option<&Record>| lock(&all).networks.slice(last, at.now()));
        let log = Log::start(directory, &recovered, slices).map_err(failed("cannot be written"))?;
        // Not written, the next start does the same.
        log.note(moved);
        let core = Arc::new(Core::new(state, clock, log, recovery));
        Ok(Server { core })
    }

    /// Serves exactly these networks from now on; to be called on a tokio runtime, where the server then lives. Leases are
    /// untouched, also those of a network that goes (it may come back, also by another name). An interface that is not there yet is
    /// no error: it is served when it comes.
    pub async fn configure(&self, services: Vec<NetworkService>) -> Vec<ConfigureError> {
        let mut ports = self.core.ports.lock().await;
        let wanted: BTreeSet<_> = services.iter().map(|service| service.netns.clone()).collect();
        let networks_in = |netns: &Option<PathBuf>| {
            services.iter().filter(|service| service.netns == *netns).map(|service| service.network.clone()).collect()
        };
        {
            let networks = &mut lock(&self.core.state).networks;
            let moved = networks.configure(services.clone(), self.core.clock.now());
            // Not written, they are where they were at the next start, which does the same.
            self.core.log.note(moved);
        }
        let core = Arc::downgrade(&self.core);
        let handler: Handler = Arc::new(move |sockets, heard| drive::receive(&core, sockets, heard));
        let errors = ports.listen(&wanted, &handler);
        errors.into_iter().map(|(netns, source)| ConfigureError { networks: networks_in(&netns), source }).collect()
    }

    /// An address for a container, on disk when this returns.
    pub async fn claim(&self, network: &Name, claim: Claim) -> Result<Lease, ClaimError> {
        drive::claim(&self.core, network, claim).await
    }

    /// The container is gone: its address stays its own until somebody else needs it. Nothing to do for a name that holds
    /// none.
    pub async fn release(&self, network: &Name, name: &str) -> Result<(), ClaimError> {
        drive::release(&self.core, network, name).await
    }

    /// Takes over leases, on disk when this returns; says for each that is left out why.
    pub async fn import(&self, leases: Vec<Import>) -> Result<Vec<(Import, &'static str)>, ClaimError> {
        drive::import(&self.core, leases).await
    }

    /// Everything known about the configured networks, sorted by network and address.
    pub fn leases(&self) -> Vec<Lease> {
        let networks = &lock(&self.core.state).networks;
        networks.by_name.iter().flat_map(|(name, network)| show::leases(name, network, &self.core.clock)).collect()
    }

    /// Whether a container holds an address, also while its network is not configured.
    pub fn has_containers(&self) -> bool {
        let networks = &lock(&self.core.state).networks;
        let mut bindings = networks.by_name.values().flat_map(|network| network.table.bindings());
        bindings.any(|binding| binding.state == State::Held)
    }

    /// Addresses that nobody gets for now, as somebody uses them without a lease, and until when.
    pub fn resting(&self) -> Vec<(Name, Ipv4Addr, SystemTime)> {
        let networks = &lock(&self.core.state).networks;
        let configured = networks.by_name.iter().filter(|(_, network)| network.scope.is_some());
        let resting = |(name, network): (&Name, &KnownNetwork)| {
            let each = network.table.quarantine().iter();
            each.map(|(address, until)| (name.clone(), *address, self.core.clock.wall(*until))).collect::<Vec<_>>()
        };
        configured.flat_map(resting).collect()
    }

    pub fn counters(&self) -> DhcpReport {
        let networks = &lock(&self.core.state).networks;
        let now = self.core.clock.now();
        let configured = networks.by_name.iter().filter(|(_, network)| network.scope.is_some());
        DhcpReport {
            networks: configured.map(|(name, network)| (name.clone(), network.counters(now))).collect(),
            stray: networks.stray,
            log_fault: self.core.log.fault(),
            recovery: self.core.recovery.notes(),
        }
    }
}
