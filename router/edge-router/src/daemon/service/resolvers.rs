//! The name servers that the uplinks bring.

use edge_config::{Config, Uplink, UplinkAddress};
use edge_net::Name;
use edge_plan::{Facts, addressing};
use edge_uplink::{ClientLease, UplinkReport};
use std::{
    collections::{BTreeMap, BTreeSet},
    net::Ipv4Addr,
};

/// As resolv.conf(5), the uplink in use first.
pub fn resolvers(config: &Config, facts: &Facts, reports: &BTreeMap<Name, UplinkReport>) -> String {
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
    text
}

/// The lower, the sooner it is used; without a way out it is never.
pub fn rank(uplink: &Uplink, facts: &Facts) -> (bool, bool, u32) {
    let gateway = addressing(uplink, facts).and_then(|(_, gateway)| gateway);
    (gateway.is_none(), facts.unhealthy.contains(&uplink.name), uplink.metric)
}

pub fn lease<'a>(uplink: &Uplink, report: &'a UplinkReport) -> Option<&'a ClientLease> {
    report.lease.as_ref().filter(|_| uplink.address == UplinkAddress::Dhcp && report.refused.is_none())
}

/// What the file says wins.
pub fn dns(uplink: &Uplink, learned: Option<&ClientLease>) -> Vec<Ipv4Addr> {
    match learned.filter(|_| uplink.dns.is_empty()) {
        Some(lease) => lease.dns.clone(),
        None => uplink.dns.clone(),
    }
}
