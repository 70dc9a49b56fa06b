//! What of the leases may be used: what a server out there says must not break a network in here. Pure.

use crate::dhcp::ClientLease;
use edge_config::{Config, UplinkAddress};
use edge_net::{Interface, Name};
use edge_plan::UplinkLease;
use ipnet::Ipv4Net;
use std::collections::BTreeMap;

/// What each lease comes to: what to do, or why it is not used.
pub fn usable(config: &Config, leases: &BTreeMap<Name, ClientLease>) -> BTreeMap<Name, Result<UplinkLease, String>> {
    let mut taken: Vec<(String, Ipv4Net)> = Vec::new();
    for network in &config.networks {
        taken.push((format!("network {}", network.name), network.address.subnet()));
    }
    for uplink in &config.uplinks {
        if let UplinkAddress::Static(interface) = uplink.address {
            taken.push((format!("uplink {}", uplink.name), interface.subnet()));
        }
    }
    let mut usable = BTreeMap::new();
    for uplink in config.uplinks.iter().filter(|uplink| uplink.address == UplinkAddress::Dhcp) {
        let Some(lease) = leases.get(&uplink.name) else { continue };
        let verdict = match clash(lease.interface, &taken) {
            Some(why) => Err(why),
            None => {
                let networks = config.networks.iter().map(|network| network.address.subnet());
                let known = use_of(lease, &networks.collect::<Vec<_>>());
                taken.push((format!("uplink {}", uplink.name), lease.interface.subnet()));
                Ok(known)
            }
        };
        usable.insert(uplink.name.clone(), verdict);
    }
    usable
}

fn clash(interface: Interface, taken: &[(String, Ipv4Net)]) -> Option<String> {
    let subnet = interface.subnet();
    let (owner, other) = taken.iter().find(|(_, other)| other.contains(&subnet) || subnet.contains(other))?;
    Some(format!("the server gives {interface}, which overlaps {owner} ({other}): renumber one of the two"))
}

/// A route into one of our own networks would take a part of it away.
fn use_of(lease: &ClientLease, networks: &[Ipv4Net]) -> UplinkLease {
    let is_inside = |destination: &Ipv4Net| networks.iter().any(|network| network.contains(destination));
    let routes =
        lease.routes.iter().filter(|(destination, _)| !is_inside(destination) && *destination != lease.interface.subnet());
    UplinkLease { interface: lease.interface, gateway: lease.gateway, dns: lease.dns.clone(), routes: routes.copied().collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dhcp::tests::lease;

    const CONFIG: &str = r#"
[[uplink]]
name = "wan"
device = "eth0"
address = "dhcp"
[[uplink]]
name = "lte"
device = "eth1"
address = "dhcp"
[[uplink]]
name = "fibre"
device = "eth2"
address = "203.0.113.2/24"
[[network]]
name = "lan"
address = "192.168.0.1/24"
"#;

    fn verdicts(wan: ClientLease, lte: Option<ClientLease>) -> Vec<Result<UplinkLease, String>> {
        let config = edge_config::parse("x", CONFIG).unwrap();
        let leases = [("wan", Some(wan)), ("lte", lte)];
        let leases = leases.into_iter().filter_map(|(name, lease)| Some((name.parse().unwrap(), lease?)));
        let mut verdicts = usable(&config, &leases.collect());
        ["wan", "lte"].iter().filter_map(|name| verdicts.remove(*name)).collect()
    }

    #[test]
    fn a_site_with_the_subnet_of_a_local_network_is_refused() {
        for address in ["192.168.0.77/24", "192.168.0.77/16", "192.168.0.77/30"] {
            let why = verdicts(lease(address, 60), None).remove(0).unwrap_err();
            assert_eq!(
                why,
                format!("the server gives {address}, which overlaps network lan (192.168.0.0/24): renumber one of the two")
            );
        }
        assert!(verdicts(lease("203.0.113.9/25", 60), None)[0].is_err());
        assert!(verdicts(lease("192.168.1.77/24", 60), None)[0].is_ok());
    }

    #[test]
    fn of_two_leases_in_one_subnet_the_first_counts() {
        let found = verdicts(lease("192.0.2.7/24", 60), Some(lease("192.0.2.8/24", 60)));
        assert!(found[0].is_ok());
        assert!(found[1].as_ref().unwrap_err().contains("uplink wan"));
    }

    #[test]
    fn no_route_leads_a_part_of_a_local_network_away() {
        let mut given = lease("192.0.2.7/24", 60);
        let net = |text: &str| text.parse::<Ipv4Net>().unwrap();
        given.routes = ["192.168.0.128/25", "192.168.0.0/24", "192.168.0.0/16", "10.0.0.0/8"].map(|to| (net(to), None)).to_vec();
        let routes = verdicts(given, None).remove(0).unwrap().routes;
        assert_eq!(routes, [(net("192.168.0.0/16"), None), (net("10.0.0.0/8"), None)]);
    }
}
