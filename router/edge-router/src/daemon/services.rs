use edge_config::{Config, Host, Network};
use edge_dhcp::Service;
use edge_host::netns;
use edge_plan::{Facts, Policy, gateway_link};
use std::path::PathBuf;

/// What the DHCP server is to do.
pub fn of(config: &Config, facts: &Facts) -> Vec<Service> {
    let (netns, policy) = (config.namespace.as_ref().map(netns::path), Policy::of(config, facts));
    config.networks.iter().map(|network| service(config, &policy, network, netns.clone())).collect()
}

fn service(config: &Config, policy: &Policy, network: &Network, netns: Option<PathBuf>) -> Service {
    let reservations: Vec<Host> = config.hosts.iter().filter(|host| host.network == network.name).cloned().collect();
    Service {
        network: network.name.clone(),
        link: gateway_link(config, network),
        netns,
        address: network.address,
        pool: network.dhcp.clone(),
        relay: network.dhcp_relay.clone(),
        dns: policy.name_servers(network),
        own_name: config.system.hostname.clone(),
        reservations,
    }
}
