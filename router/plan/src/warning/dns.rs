//! Name servers that answer nobody, and nodes that are told of none.

use crate::policy::{Match, Packet, Party, Places, Policy};
use edge_config::{Allow, Config, Dhcp, DhcpServer, Endpoint, Network, Spot, Uplink, UplinkAddress, Warning};
use edge_net::Name;
use std::{
    collections::{HashMap, HashSet},
    net::Ipv4Addr,
};

/// `dns` that names the router itself.
pub fn router_named(config: &Config) -> Vec<Warning> {
    let own: HashSet<Ipv4Addr> = own_addresses(config).collect();
    let networks = servers(config).flat_map(|(nth, _, server)| {
        let at = Spot::nth_of("network", nth).key("dhcp").key("dns");
        server.dns.iter().enumerate().map(move |(entry, dns)| (at.clone().nth(entry), *dns))
    });
    let uplinks = config.uplinks.iter().enumerate().flat_map(|(nth, uplink)| {
        let at = Spot::nth_of("uplink", nth).key("dns");
        uplink.dns.iter().enumerate().map(move |(entry, dns)| (at.clone().nth(entry), *dns))
    });
    networks.chain(uplinks).filter(|(_, dns)| own.contains(dns)).map(|(at, dns)| answers_nobody(at, dns)).collect()
}

fn answers_nobody(at: Spot, dns: Ipv4Addr) -> Warning {
    let message = format!("{dns} is the router itself, which answers no DNS: whoever asks there waits in vain");
    let help = "name a server that answers; without `dns` in a network its nodes are told those of the uplinks that they may ask";
    Warning::new(at, message, help)
}

/// Of the file; what DHCP will give an uplink is not known.
fn own_addresses(config: &Config) -> impl Iterator<Item = Ipv4Addr> {
    let uplinks = config.uplinks.iter().filter_map(|uplink| match uplink.address {
        UplinkAddress::Static(interface) => Some(interface.address()),
        UplinkAddress::Dhcp => None,
    });
    config.networks.iter().map(|network| network.address.address()).chain(uplinks)
}

/// Networks with a way to ask for names, whose devices are told of nobody to ask.
pub fn nobody_named(config: &Config, policy: &Policy) -> Vec<Warning> {
    let askers = askers(config);
    let untold = servers(config).filter(|(_, network, server)| server.dns.is_empty() && !is_told(config, policy, network));
    let warning = |(nth, network, _): (usize, &Network, &DhcpServer)| {
        let (line, uplink) = askers.get(&network.name)?;
        let message = format!("devices of `{}` may use `{uplink}`, but are told of no name server", network.name);
        let help =
            format!("write dns = \"…\" in its `dhcp`, or `dns` in [[uplink]] `{uplink}` where all of the network may ask it");
        let at = Spot::nth_of("network", nth).key("dhcp");
        Some(Warning::new(at, message, help).related(Spot::nth_of("allow", *line), "they may by this line"))
    };
    untold.filter_map(warning).collect()
}

fn servers(config: &Config) -> impl Iterator<Item = (usize, &Network, &DhcpServer)> {
    let networks = config.networks.iter().enumerate();
    networks.filter_map(|(nth, network)| Some((nth, network, network.dhcp.as_ref().and_then(Dhcp::server)?)))
}

/// Of each network the first line that lets its devices ask for names beyond an uplink, and which. A container is not told by DHCP.
fn askers(config: &Config) -> HashMap<&Name, (usize, &Name)> {
    let places = Places::of(config);
    let containers: HashSet<&Name> = config.hosts.iter().filter(|host| host.is_container()).map(|host| &host.name).collect();
    let is_container = |end: &Endpoint| matches!(end, Endpoint::Host(name) if containers.contains(name));
    let mut askers = HashMap::new();
    for (nth, allow) in config.allows.iter().enumerate().filter(|(_, allow)| lets_ask(allow) && !is_container(&allow.from)) {
        if let (Some(Party::Node(network, _)), Endpoint::Uplink(uplink)) = (places.party(&allow.from), &allow.to) {
            askers.entry(&network.name).or_insert((nth, uplink));
        }
    }
    askers
}

fn lets_ask(allow: &Allow) -> bool {
    let asks = |wanted: &Match| wanted.fits(&Packet::NAME_QUERY) || wanted.fits(&Packet::NAME_QUERY_BY_TCP);
    Match::of(allow).iter().any(asks)
}

/// Whether DHCP can tell a node of a name server. An uplink with a lease may bring one.
fn is_told(config: &Config, policy: &Policy, network: &Network) -> bool {
    let brings = |uplink: &Uplink| match uplink.dns.as_slice() {
        [] => {
            let beyond = policy.reach(Party::Node(network, None), Party::Beyond(uplink));
            uplink.address == UplinkAddress::Dhcp && beyond.admits(&Packet::NAME_QUERY)
        }
        servers => servers.iter().any(|server| policy.may_ask(network, uplink, *server)),
    };
    config.uplinks.iter().any(brings)
}
