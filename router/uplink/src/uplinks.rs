use crate::{
    dhcp::ClientLease,
    dhcp_task::{self, DhcpConf},
    health::{self, HealthVerdict, ProbeConf},
    memory::{Memory, Remembered},
    reports::{ProbePath, Reports, UplinkReport},
    usable::{Usable, usable},
};
use edge_config::{Config, Uplink, UplinkAddress, UplinkLink};
use edge_host::{clock::since_boot, netns};
use edge_net::Name;
use edge_plan::{Facts, addressing};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{sync::watch, task::AbortHandle};

/// Looks after every uplink of a configuration.
pub struct Uplinks {
    reports: Arc<Reports>,
    memory: Arc<Memory>,
    running: Mutex<BTreeMap<Name, Running>>,
}

/// Ends when dropped.
struct Task<P> {
    conf: P,
    handle: AbortHandle,
}

impl<P> Drop for Task<P> {
    fn drop(&mut self) {
        self.handle.abort();
    }
}

struct Running {
    dhcp: Option<Task<DhcpConf>>,
    watcher: Task<ProbeConf>,
}

impl Uplinks {
    pub fn open(state_dir: &Path) -> Self {
        Self { reports: Arc::new(Reports::new()), memory: Arc::new(Memory::open(state_dir)), running: Mutex::default() }
    }

    /// Of everything a plan depends on.
    pub fn changes(&self) -> watch::Receiver<()> {
        self.reports.changes()
    }

    pub fn reports(&self) -> BTreeMap<Name, UplinkReport> {
        self.reports.all()
    }

    /// Completes `facts` with what is known of this configuration's uplinks. A lease of before a restart counts from the first time:
    /// the address is there, and must not be taken away to be given again.
    pub fn complete_facts(&self, config: &Config, facts: &mut Facts) {
        let reports = self.reports.all();
        let verdicts = self.verdicts(config, &reports).into_iter();
        facts.uplink_leases = verdicts.filter_map(|(name, verdict)| Some((name, verdict.ok()?.lease))).collect();
        let is_down =
            |uplink: &&Uplink| reports.get(&uplink.name).is_some_and(|report| report.health.verdict == HealthVerdict::Down);
        let several = config.uplinks.len() > 1;
        facts.unhealthy = config.uplinks.iter().filter(|_| several).filter(is_down).map(|uplink| uplink.name.clone()).collect();
    }

    /// Each uplink of this configuration is watched from the address and by the gateway that `facts` give it.
    pub fn aim(&self, config: &Config, facts: &Facts) {
        let mut verdicts = self.verdicts(config, &self.reports.all());
        for uplink in &config.uplinks {
            let path = addressing(uplink, facts);
            let path = path.map(|(interface, gateway)| ProbePath { address: interface.address(), gateway });
            self.reports.set_path(&uplink.name, path);
            let (refused, partly) = match verdicts.remove(&uplink.name) {
                Some(Ok(usable)) => (None, usable.refused),
                Some(Err(why)) => (Some(why), Vec::new()),
                None => (None, Vec::new()),
            };
            self.reports.set_refused(&uplink.name, refused, partly);
        }
    }

    /// What the leases come to under this configuration.
    fn verdicts(&self, config: &Config, reports: &BTreeMap<Name, UplinkReport>) -> BTreeMap<Name, Result<Usable, String>> {
        let dhcp = config.uplinks.iter().filter(|uplink| uplink.address == UplinkAddress::Dhcp);
        let lease = |uplink: &Uplink| match reports.get(&uplink.name) {
            Some(report) if report.lease.is_some() || report.no_lease.is_some() => report.lease.clone(),
            _ => self.recall(&uplink.name),
        };
        let leases = dhcp.filter_map(|uplink| Some((uplink.name.clone(), lease(uplink)?))).collect();
        usable(config, &leases)
    }

    fn recall(&self, uplink: &Name) -> Option<ClientLease> {
        match self.memory.recall(uplink)? {
            (Remembered::Lease(held), _) if !held.is_over(since_boot()) => Some(held.lease),
            _ => None,
        }
    }

    /// Starts, leaves and ends, so that every uplink is looked after as the configuration says. Must be called inside a tokio runtime.
    pub fn configure(&self, config: &Config, machine: [u8; 16]) {
        let netns = config.namespace.as_ref().map(netns::path);
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        let mut before = std::mem::take(&mut *running);
        for uplink in &config.uplinks {
            let old = before.remove(&uplink.name);
            let (old_dhcp, old_watcher) = old.map_or((None, None), |old| (old.dhcp, Some(old.watcher)));
            let dhcp = (uplink.address == UplinkAddress::Dhcp).then(|| {
                let conf = dhcp_conf(config, uplink, netns.clone(), machine);
                let (reports, memory) = (self.reports.clone(), self.memory.clone());
                keep(old_dhcp, conf, |conf| tokio::spawn(dhcp_task::run(conf, reports, memory)).abort_handle())
            });
            if dhcp.is_none() {
                self.reports.set_lease(&uplink.name, None, None);
            }
            let conf = probe_conf(config, uplink, netns.clone());
            let reports = self.reports.clone();
            let watcher = keep(old_watcher, conf, |conf| tokio::spawn(health::watch(conf, reports)).abort_handle());
            running.insert(uplink.name.clone(), Running { dhcp, watcher });
        }
        drop(before);
        self.reports.forget(|name| !running.contains_key(name));
    }

    /// Waits until every uplink that has an address was found up or down, but no longer than that.
    pub async fn settle(&self, patience: Duration) {
        let settled = async {
            let mut changes = self.changes();
            let open = |report: &UplinkReport| report.is_watched() && report.health.verdict == HealthVerdict::Unknown;
            while self.reports().values().any(open) && changes.changed().await.is_ok() {}
        };
        // What is not known by then is told as such.
        let _ = tokio::time::timeout(patience, settled).await;
    }
}

/// The task that runs where it does the same, else a new one.
fn keep<P: PartialEq + Clone>(old: Option<Task<P>>, conf: P, start: impl FnOnce(P) -> AbortHandle) -> Task<P> {
    match old.filter(|old| old.conf == conf && !old.handle.is_finished()) {
        Some(old) => old,
        None => Task { handle: start(conf.clone()), conf },
    }
}

fn dhcp_conf(config: &Config, uplink: &Uplink, netns: Option<PathBuf>, machine: [u8; 16]) -> DhcpConf {
    // The first label: servers make a name in a domain of their own of it.
    let hostname = config.system.hostname.as_ref().and_then(|name| name.split('.').next().map(str::to_owned));
    let shared_mac = uplink.link == UplinkLink::IpvlanL2;
    DhcpConf { uplink: uplink.name.clone(), ifname: uplink.ifname(), netns, shared_mac, machine, hostname }
}

fn probe_conf(config: &Config, uplink: &Uplink, netns: Option<PathBuf>) -> ProbeConf {
    ProbeConf {
        uplink: uplink.name.clone(),
        ifname: uplink.ifname(),
        netns,
        probes: uplink.probe.clone(),
        interval: uplink.probe_interval,
        alone: config.uplinks.len() == 1,
    }
}
