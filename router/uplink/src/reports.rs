use crate::{
    dhcp::{ClientLease, NoLease},
    health::HealthVerdict,
};
use edge_net::Name;
use std::{
    collections::BTreeMap,
    net::Ipv4Addr,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};
use tokio::sync::watch;

/// What is known of one uplink.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UplinkReport {
    pub lease: Option<ClientLease>,
    /// Why there is no lease; none as well before the first try.
    pub no_lease: Option<NoLease>,
    /// Why the lease that is there is not used.
    pub refused: Option<String>,
    /// What of the lease that is used is not, and why.
    pub partly_refused: Vec<String>,
    pub health: Health,
    path: Option<ProbePath>,
}

impl UplinkReport {
    /// It has an address that can be asked from.
    pub(crate) fn is_watched(&self) -> bool {
        self.path.is_some()
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Health {
    pub verdict: HealthVerdict,
    /// Why it is down.
    pub cause: Option<Cause>,
    /// Since when probes fail.
    pub since: Option<SystemTime>,
    /// To the first probe that answered, or to the gateway; by the last round.
    pub round_trip: Option<Duration>,
    /// It answers again, but is trusted only after so long.
    pub held_down: Option<Duration>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    NoLink,
    NoCarrier,
    Gateway(Ipv4Addr),
    Probe(Vec<Ipv4Addr>),
}

/// What an uplink is watched by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProbePath {
    /// The box's own.
    pub address: Ipv4Addr,
    pub gateway: Option<Ipv4Addr>,
}

impl Default for Health {
    fn default() -> Self {
        Self { verdict: HealthVerdict::Unknown, cause: None, since: None, round_trip: None, held_down: None }
    }
}

/// Where those who look after the uplinks write, and the daemon reads.
pub struct Reports {
    reports: Mutex<BTreeMap<Name, UplinkReport>>,
    changed: watch::Sender<()>,
}

impl Reports {
    pub fn new() -> Self {
        Self { reports: Mutex::default(), changed: watch::Sender::new(()) }
    }

    /// Of everything that has consequences: a lease, a verdict, a probe path.
    pub fn changes(&self) -> watch::Receiver<()> {
        self.changed.subscribe()
    }

    pub fn all(&self) -> BTreeMap<Name, UplinkReport> {
        self.lock().clone()
    }

    pub fn path(&self, uplink: &Name) -> Option<ProbePath> {
        self.lock().get(uplink)?.path.clone()
    }

    pub fn set_lease(&self, uplink: &Name, lease: Option<ClientLease>, no_lease: Option<NoLease>) {
        self.update(uplink, |report| (report.lease, report.no_lease) = (lease, no_lease));
    }

    pub fn set_health(&self, uplink: &Name, health: Health) {
        self.update(uplink, |report| report.health = health);
    }

    pub fn set_path(&self, uplink: &Name, path: Option<ProbePath>) {
        self.update(uplink, |report| report.path = path);
    }

    pub fn set_refused(&self, uplink: &Name, refused: Option<String>, partly: Vec<String>) {
        self.update(uplink, |report| (report.refused, report.partly_refused) = (refused, partly));
    }

    /// No uplink of that name any more.
    pub fn forget(&self, gone: impl Fn(&Name) -> bool) {
        self.lock().retain(|name, _| !gone(name));
    }

    fn update(&self, uplink: &Name, change: impl FnOnce(&mut UplinkReport)) {
        let mut reports = self.lock();
        let report = reports.entry(uplink.clone()).or_default();
        let weight = |report: &UplinkReport| (report.lease.clone(), report.path.clone(), report.health.verdict);
        let before = weight(report);
        change(report);
        if weight(report) != before {
            self.changed.send_replace(());
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Name, UplinkReport>> {
        self.reports.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
