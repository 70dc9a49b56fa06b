//! What others have on the machine beside us that gets into the way of what we do. Pure.

use crate::{Owner, Space, State, ruleset::named};
use edge_config::{Config, Network};
use edge_net::IfName;
use ipnet::Ipv4Net;
use std::fmt;

/// Of the space that the router is in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Surroundings {
    /// Addresses without our mark, with their subnets, and the links that they are on.
    pub addresses: Vec<(IfName, Ipv4Net)>,
    /// Chains of others that see what we forward, and drop it unless a rule of theirs accepts it.
    pub droppers: Vec<Dropper>,
    /// There are filter rules of the older iptables, which are no nftables: they cannot be looked into.
    pub old_iptables: bool,
}

/// A base chain on the hook `forward`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dropper {
    /// As in `nft list chain`.
    pub family: &'static str,
    /// Its table.
    pub table: String,
    /// Its name.
    pub chain: String,
    /// By its policy, or else by its last rule.
    pub by_policy: bool,
}

impl Surroundings {
    /// Devices that the file does not name and that are in a subnet of ours, with the network that has it.
    pub fn in_our_subnets<'a>(&self, config: &'a Config, observed: &State, space: &Space) -> Vec<(IfName, Ipv4Net, &'a Network)> {
        let (named, links) = (named(config), observed.spaces.get(space).map(|space| &space.links));
        let link = |name: &IfName| links.and_then(|links| links.get(name));
        // What is down has no route.
        let is_others = |name: &IfName| link(name).is_none_or(|link| link.owner == Owner::Foreign && link.up);
        let others = self.addresses.iter().filter(|(name, _)| is_others(name) && !named.contains(name));
        let clash = |(name, address): &(IfName, Ipv4Net)| {
            let has_in_common = |network: &&Network| {
                let subnet = network.address.subnet();
                subnet.contains(&address.addr()) || address.contains(&subnet)
            };
            config.networks.iter().find(has_in_common).map(|network| (*name, *address, network))
        };
        others.filter_map(clash).collect()
    }
}

/// `table ip filter, chain FORWARD`
impl fmt::Display for Dropper {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "table {} {}, chain {}", self.family, self.table, self.chain)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::{Facts, Link, LinkKind, desired};

    const FILE: &str = "[[network]]\nname = \"cabin\"\nports = [\"eth1\"]\naddress = \"10.0.1.1/24\"\n";

    fn clashes(address: &str, device: &str, change: impl FnOnce(&mut Link)) -> usize {
        let config = edge_config::parse("x", FILE).unwrap();
        let mut observed = desired(&config, &Facts::default());
        let mut link = Link { kind: LinkKind::Device, owner: Owner::Foreign, master: None, up: true, mac: None, conf: None };
        change(&mut link);
        let host = observed.spaces.entry(Space::Host).or_default();
        host.links.insert(device.parse().unwrap(), link);
        let addresses = vec![(device.parse().unwrap(), address.parse().unwrap())];
        let found = Surroundings { addresses, ..Surroundings::default() };
        found.in_our_subnets(&config, &observed, &Space::Host).len()
    }

    #[test]
    fn a_device_in_a_subnet_of_ours_is_found_whatever_the_length() {
        for address in ["10.0.1.99/24", "10.0.1.99/32", "10.0.1.99/16", "10.0.7.1/16", "10.9.9.9/8"] {
            assert_eq!(clashes(address, "docker0", |_| {}), 1, "{address}");
        }
        for address in ["10.0.2.1/24", "172.17.0.1/16", "10.0.2.1/32"] {
            assert_eq!(clashes(address, "docker0", |_| {}), 0, "{address}");
        }
    }

    #[test]
    fn what_is_down_or_named_or_ours_is_not_meant() {
        assert_eq!(clashes("10.0.1.99/24", "docker0", |link| link.up = false), 0);
        assert_eq!(clashes("10.0.1.99/24", "docker0", |link| link.owner = Owner::Attach), 0);
        assert_eq!(clashes("10.0.1.99/24", "eth1", |_| {}), 0);
    }
}
