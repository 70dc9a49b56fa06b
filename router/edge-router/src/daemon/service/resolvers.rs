//! The name servers that the uplinks bring.

use edge_config::{Config, Uplink, UplinkAddress};
use edge_net::Name;
use edge_plan::{Facts, addressing};
use edge_uplink::{ClientLease, UplinkReport};
use std::collections::{BTreeMap, BTreeSet};

/// As resolv.conf(5), the uplink in use first.
pub fn resolvers(config: &Config, facts: &Facts, reports: &BTreeMap<Name, UplinkReport>) -> String {
    let mut order: Vec<&Uplink> = config.uplinks.iter().collect();
    order.sort_by_key(|uplink| rank(uplink, facts));
    let mut text = String::new();
    let mut search: Vec<String> = Vec::new();
    for uplink in order {
        let learned = reports.get(&uplink.name).and_then(|report| lease(uplink, report));
        for server in facts.name_servers(uplink) {
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test ends where it fails")]
    use super::*;
    use std::path::Path;

    const CONFIG: &str = r#"
[[uplink]]
name = "wan"
device = "eth0"
address = "192.0.2.2/24"
gateway = "192.0.2.1"
dns = ["9.9.9.9"]
[[uplink]]
name = "lte"
device = "eth1"
address = "198.51.100.2/24"
gateway = "198.51.100.1"
dns = ["1.1.1.1"]
"#;

    #[test]
    fn the_uplink_in_use_is_asked_first() {
        let config = edge_config::parse("x", CONFIG).unwrap();
        let (mut facts, reports) = (Facts::default(), BTreeMap::new());
        assert_eq!(resolvers(&config, &facts, &reports), "nameserver 9.9.9.9\nnameserver 1.1.1.1\n");
        facts.unhealthy.insert("wan".parse().unwrap());
        assert_eq!(resolvers(&config, &facts, &reports), "nameserver 1.1.1.1\nnameserver 9.9.9.9\n");
    }

    #[test]
    fn the_images_resolver_reads_them() {
        let link = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../rootfs/etc/resolv.conf");
        assert_eq!(link.read_link().unwrap(), Path::new("/run/edge-router/resolv.conf"));
    }
}
