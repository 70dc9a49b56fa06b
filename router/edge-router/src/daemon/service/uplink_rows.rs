//! The uplinks as rows of the status.

use super::resolvers::{lease, rank};
use edge_api::{UplinkState, UplinkStatus};
use edge_config::{Config, Uplink, UplinkLink};
use edge_net::Name;
use edge_plan::{Facts, Link, addressing};
use edge_report::render::clock;
use edge_uplink::{Cause, HealthVerdict, NoLease, UplinkReport};
use std::{
    collections::BTreeMap,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

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
        dns: facts.name_servers(uplink).to_vec(),
        domain: learned.and_then(|lease| lease.domain.clone()),
        search: learned.map_or(Vec::new(), |lease| lease.search.clone()),
        mtu: learned.and_then(|lease| lease.mtu),
        refused: report.partly_refused.clone(),
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
        return match &report.no_lease {
            Some(NoLease::NoCarrier) => (UplinkState::Down, Some("no carrier".to_owned())),
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

fn no_lease(trouble: &NoLease, now: Duration) -> String {
    let lasts = |since: Duration| now.saturating_sub(since).as_secs();
    match trouble {
        NoLease::NoCarrier => "no carrier".to_owned(),
        NoLease::Silence { since } => format!("no answer to DISCOVER for {} s", lasts(*since)),
        NoLease::Other { why, since } => format!("{why} for {} s", lasts(*since)),
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
