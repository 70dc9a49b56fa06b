use edge_config::{Config, Endpoint, Host, Network, UplinkAddress};
use edge_dhcp::Service;
use edge_host::netns;
use edge_plan::Facts;
use std::{net::Ipv4Addr, path::PathBuf};

/// What the DHCP server is to do.
pub fn of(config: &Config, facts: &Facts) -> Vec<Service> {
    let netns = config.namespace.as_ref().map(netns::path);
    config.networks.iter().map(|network| service(config, facts, network, netns.clone())).collect()
}

fn service(config: &Config, facts: &Facts, network: &Network, netns: Option<PathBuf>) -> Service {
    let reservations: Vec<Host> = config.hosts.iter().filter(|host| host.network == network.name).cloned().collect();
    Service {
        network: network.name.clone(),
        link: config.gateway_link(network),
        netns,
        address: network.address,
        pool: network.dhcp.clone(),
        relay: network.dhcp_relay.clone(),
        dns: uplink_dns(config, facts, network),
        own_name: config.system.hostname.clone(),
        reservations,
    }
}

/// The servers of the uplinks this network may reach: a name server it may not ask is of no use to it.
fn uplink_dns(config: &Config, facts: &Facts, network: &Network) -> Vec<Ipv4Addr> {
    let may_use = |name: edge_net::Name| {
        let is_it = |allow: &edge_config::Allow| {
            allow.from == Endpoint::Network(network.name.clone()) && allow.to == Endpoint::Uplink(name.clone())
        };
        config.allows.iter().any(is_it)
    };
    let mut dns: Vec<Ipv4Addr> = Vec::new();
    for uplink in config.uplinks.iter().filter(|uplink| may_use(uplink.name.clone())) {
        let learned = facts.uplink_leases.get(&uplink.name).filter(|_| uplink.address == UplinkAddress::Dhcp);
        // What the file says wins over what was learned.
        match learned.filter(|_| uplink.dns.is_empty()) {
            Some(lease) => dns.extend(&lease.dns),
            None => dns.extend(&uplink.dns),
        }
    }
    dns.dedup();
    dns
}
