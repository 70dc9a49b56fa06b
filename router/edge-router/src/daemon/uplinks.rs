//! What is found out about the uplinks, brought into the plan, the connection table, the resolvers and the status.

use super::{Daemon, services};
use edge_api::{Failure, UplinkState, UplinkStatus};
use edge_config::{Config, Drift, Uplink, UplinkAddress, UplinkLink};
use edge_host::netns;
use edge_kernel::conntrack::Conntrack;
use edge_net::Name;
use edge_plan::{Facts, Link, UplinkLease, addressing};
use edge_report::render::clock;
use edge_uplink::{Cause, ClientLease, HealthVerdict, Trouble, UplinkReport};
use std::{
    collections::{BTreeMap, BTreeSet},
    io, mem,
    net::Ipv4Addr,
    sync::{Arc, PoisonError},
    time::{Duration, SystemTime, UNIX_EPOCH},
};
use tokio::time::timeout;

/// How soon to try again what the kernel did not take.
const RETRY: Duration = Duration::from_secs(5);

/// Acts on every lease and every verdict as soon as it is there.
pub async fn follow(daemon: Arc<Daemon>) {
    let mut news = daemon.uplinks.news();
    let mut served = None;
    loop {
        // The first time too: some of it came while the daemon started.
        let tended = daemon.tend_uplinks(&mut served).await;
        let changed = match tended {
            Ok(()) => news.changed().await,
            Err(error) => {
                log::warn!("what was found out about the uplinks is not in force yet: {}", error.in_full());
                timeout(RETRY, news.changed()).await.unwrap_or(Ok(()))
            }
        };
        if changed.is_err() {
            return;
        }
    }
}

impl Daemon {
    /// `served`: what the networks' name servers were last made of.
    async fn tend_uplinks(&self, served: &mut Option<BTreeMap<Name, UplinkLease>>) -> Result<(), Failure> {
        let drift = {
            let current = self.current.read().await;
            if !current.is_applied() {
                return Ok(());
            }
            current.config.drift
        };
        match drift {
            Drift::Mend => self.reconcile().await?,
            Drift::Report => self.follow_uplinks().await?,
        };
        let (config, facts) = {
            let current = self.current.read().await;
            (current.config.clone(), current.facts.clone())
        };
        if served.as_ref() != Some(&facts.uplink_leases) {
            let _turn = self.take_turn().await?;
            for error in self.dhcp.configure(services::of(&config, &facts)).await {
                log::warn!("{error}");
            }
            *served = Some(facts.uplink_leases.clone());
        }
        self.offer_resolvers(&config, &facts);
        Ok(())
    }

    /// Before every plan. What an uplink loses by it is noted, to be cut when the kernel has followed.
    pub(super) async fn know_uplinks(&self, config: &Config) {
        let mut current = self.current.write().await;
        let before = current.facts.clone();
        self.uplinks.learn(config, &mut current.facts);
        tell(config, &before, &current.facts);
        let mut lost = self.lost.lock().unwrap_or_else(PoisonError::into_inner);
        for uplink in &current.config.uplinks {
            let Some((interface, _)) = addressing(uplink, &before) else { continue };
            let keeps = addressing(uplink, &current.facts).is_some_and(|(now, _)| now.address() == interface.address());
            let unhealthy = |facts: &Facts| facts.unhealthy.contains(&uplink.name);
            if !keeps || (unhealthy(&current.facts) && !unhealthy(&before)) {
                lost.insert(interface.address());
            }
        }
    }

    /// Flows that were translated to an address that is gone or leads nowhere: their next packet takes another way.
    pub(super) async fn cut_lost(&self, config: &Config) {
        let lost = mem::take(&mut *self.lost.lock().unwrap_or_else(PoisonError::into_inner));
        if lost.is_empty() {
            return;
        }
        let netns = config.namespace.as_ref().map(netns::path);
        let gone = lost.clone();
        let cut = tokio::task::spawn_blocking(move || netns::run_in(netns.as_deref(), || cut(&gone)));
        match cut.await.unwrap_or_else(|panicked| Err(io::Error::other(panicked))) {
            Ok(0) => {}
            Ok(count) => log::info!("{count} flows cut whose uplink is gone"),
            Err(error) => {
                log::error!("flows of an uplink that is gone are not cut, which is tried again: {error}");
                self.lost.lock().unwrap_or_else(PoisonError::into_inner).extend(lost);
            }
        }
    }

    /// For a resolver on the box: `resolv.conf` in the run directory (resolv.conf(5)), the uplink in use first.
    fn offer_resolvers(&self, config: &Config, facts: &Facts) {
        let reports = self.uplinks.reports();
        let mut order: Vec<&Uplink> = config.uplinks.iter().collect();
        order.sort_by_key(|uplink| rank(uplink, facts));
        let mut text = String::new();
        let mut search: Vec<String> = Vec::new();
        for uplink in order {
            let learned = reports.get(&uplink.name).and_then(|report| lease(uplink, report));
            for server in dns(uplink, learned) {
                text += &format!("nameserver {server}\n");
            }
            search.extend(learned.into_iter().flat_map(|lease| lease.domain.iter().chain(&lease.search).cloned()));
        }
        let mut seen = BTreeSet::new();
        search.retain(|name| seen.insert(name.clone()));
        if !search.is_empty() {
            text += &format!("search {}\n", search.join(" "));
        }
        if let Err(error) = self.files.offer_resolvers(&text) {
            log::warn!("the name servers of the uplinks are not told: {error}");
        }
    }
}

fn cut(lost: &BTreeSet<Ipv4Addr>) -> io::Result<usize> {
    let mut conntrack = Conntrack::open().map_err(io::Error::other)?;
    let is_lost = |flow: &edge_kernel::conntrack::Flow| {
        (flow.snat && lost.contains(&flow.reply.destination)) || (flow.dnat && lost.contains(&flow.original.destination))
    };
    conntrack.sweep(|flow| !is_lost(flow)).map_err(io::Error::other)
}

/// What is worth a line in the log.
fn tell(config: &Config, before: &Facts, now: &Facts) {
    for uplink in &config.uplinks {
        let name = &uplink.name;
        match (before.unhealthy.contains(name), now.unhealthy.contains(name)) {
            (false, true) => log::warn!("uplink {name} carries nothing: traffic goes by another"),
            (true, false) => log::info!("uplink {name} is well again"),
            _ => {}
        }
    }
}

/// The lower, the sooner it is used; without a way out it is never.
fn rank(uplink: &Uplink, facts: &Facts) -> (bool, bool, u32) {
    let gateway = addressing(uplink, facts).and_then(|(_, gateway)| gateway);
    (gateway.is_none(), facts.unhealthy.contains(&uplink.name), uplink.metric)
}

fn lease<'a>(uplink: &Uplink, report: &'a UplinkReport) -> Option<&'a ClientLease> {
    report.lease.as_ref().filter(|_| uplink.address == UplinkAddress::Dhcp && report.refused.is_none())
}

/// What the file says wins.
fn dns(uplink: &Uplink, learned: Option<&ClientLease>) -> Vec<Ipv4Addr> {
    match learned.filter(|_| uplink.dns.is_empty()) {
        Some(lease) => lease.dns.clone(),
        None => uplink.dns.clone(),
    }
}

/// The uplinks of the status, in the order of the file. `link`: what the kernel has of each. `now`: on the boot clock.
pub fn rows<'a>(
    config: &Config,
    facts: &Facts,
    reports: &BTreeMap<Name, UplinkReport>,
    link: impl Fn(&Uplink) -> Option<&'a Link>,
    now: Duration,
) -> Vec<UplinkStatus> {
    let unknown = UplinkReport::default();
    let best = config.uplinks.iter().filter(|uplink| !rank(uplink, facts).0).min_by_key(|uplink| rank(uplink, facts));
    let row = |uplink: &Uplink| {
        let report = reports.get(&uplink.name).unwrap_or(&unknown);
        let mut row = row(uplink, facts, report, link(uplink), now);
        row.in_use = best.is_some_and(|best| best.name == uplink.name) && row.state != UplinkState::Waiting;
        row
    };
    config.uplinks.iter().map(row).collect()
}

fn row(uplink: &Uplink, facts: &Facts, report: &UplinkReport, link: Option<&Link>, now: Duration) -> UplinkStatus {
    let addressing = addressing(uplink, facts);
    let (state, why) = state(uplink, report, link, addressing.is_some(), now);
    let health = &report.health;
    let since = health.since.and_then(unix).filter(|_| state == UplinkState::Down);
    let why = match (why, since) {
        (Some(why), Some(since)) if health.held_down.is_none() => {
            Some(format!("{why} since {}", clock(since, unix(SystemTime::now()).unwrap_or(since))))
        }
        (why, _) => why,
    };
    let learned = lease(uplink, report);
    UplinkStatus {
        name: uplink.name.to_string(),
        device: uplink.device.to_string(),
        link: link_name(uplink.link).to_owned(),
        address: addressing.map(|(interface, _)| interface.to_string()),
        gateway: addressing.and_then(|(_, gateway)| gateway),
        state,
        in_use: false,
        round_trip_ms: health.round_trip.filter(|_| state == UplinkState::Online).map(milliseconds),
        why,
        since,
        dns: dns(uplink, learned),
        domain: learned.and_then(|lease| lease.domain.clone()),
        search: learned.map_or(Vec::new(), |lease| lease.search.clone()),
        mtu: learned.and_then(|lease| lease.mtu),
    }
}

fn state(
    uplink: &Uplink,
    report: &UplinkReport,
    link: Option<&Link>,
    addressed: bool,
    now: Duration,
) -> (UplinkState, Option<String>) {
    let Some(link) = link else {
        return (UplinkState::Waiting, Some(format!("{} is not there", uplink.device)));
    };
    if !link.up {
        return (UplinkState::Down, Some(format!("{} is down", uplink.ifname())));
    }
    if let Some(why) = &report.refused {
        return (UplinkState::NoLease, Some(why.clone()));
    }
    if !addressed {
        return match &report.trouble {
            Some(Trouble::NoCarrier) => (UplinkState::Down, Some("no carrier".to_owned())),
            Some(trouble) => (UplinkState::NoLease, Some(no_lease(trouble, now))),
            None => (UplinkState::NoLease, Some("DHCP has just begun".to_owned())),
        };
    }
    match report.health.verdict {
        HealthVerdict::Down => (UplinkState::Down, Some(down(report))),
        HealthVerdict::Up if report.health.round_trip.is_some() => (UplinkState::Online, None),
        HealthVerdict::Up | HealthVerdict::Unknown => (UplinkState::Up, None),
    }
}

fn no_lease(trouble: &Trouble, now: Duration) -> String {
    let lasts = |since: Duration| now.saturating_sub(since).as_secs();
    match trouble {
        Trouble::NoCarrier => "no carrier".to_owned(),
        Trouble::Silence { since } => format!("no answer to DISCOVER for {} s", lasts(*since)),
        Trouble::Other { why, since } => format!("{why} for {} s", lasts(*since)),
    }
}

fn down(report: &UplinkReport) -> String {
    match (&report.health.cause, report.health.held_down) {
        (_, Some(left)) => format!("answers again, trusted in {} s", left.as_secs() + 1),
        (Some(Cause::NoLink), _) => "its link is gone".to_owned(),
        (Some(Cause::NoCarrier), _) => "no carrier".to_owned(),
        (Some(Cause::Gateway(gateway)), _) => format!("gateway {gateway} does not answer"),
        (Some(Cause::Probe(probes)), _) => match probes.as_slice() {
            [probe] => format!("probe {probe} fails"),
            probes => format!("all {} probes fail", probes.len()),
        },
        (None, None) => "answers again".to_owned(),
    }
}

fn unix(time: SystemTime) -> Option<u64> {
    time.duration_since(UNIX_EPOCH).ok().map(|since| since.as_secs())
}

/// Less than one is none.
fn milliseconds(time: Duration) -> u32 {
    u32::try_from(time.as_millis()).unwrap_or(u32::MAX)
}

fn link_name(link: UplinkLink) -> &'static str {
    match link {
        UplinkLink::Direct => "direct",
        UplinkLink::IpvlanL2 => "ipvlan-l2",
        UplinkLink::Macvlan => "macvlan",
    }
}
