//! Where a source address may come from. Before connection tracking: what is forged changes no state of any flow.

use super::{RAW, base, loopback, names::source, verdicts};
use crate::{
    Facts,
    facts::addressing,
    leg::gateway_link,
    nft::{Chain, ChainKind, Field, Hook, NftVerdict, Rule, Set, build::*},
    policy::inputs::{DHCP_CLIENT, DHCP_SERVER},
};
use edge_config::{Config, Network};
use edge_net::Protocol;
use ipnet::Ipv4Net;
use std::{
    collections::{BTreeMap, BTreeSet},
    net::Ipv4Addr,
};

/// Where what comes from outside is looked at.
const OUTSIDE: &str = "source-outside";

pub fn chains(config: &Config, facts: &Facts) -> Vec<Chain> {
    let mut chains = vec![base("spoofing", ChainKind::Filter, Hook::Prerouting, RAW, false, spoofing_rules(config))];
    let plain = |name, rules| Chain { name, base: None, rules };
    chains.extend(config.networks.iter().map(|network| plain(source(&network.name), inside_rules(network))));
    let inside = Inside::of(config, facts);
    chains.extend(has_inside(config).then(|| plain(OUTSIDE.to_owned(), inside.rules())));
    chains
}

pub fn sets(config: &Config, facts: &Facts) -> Vec<Set> {
    let networks = config.networks.iter().map(|n| (vec![gateway_link(config, n)], NftVerdict::Goto(source(&n.name))));
    let own = has_inside(config).then(|| (vec![loopback()], NftVerdict::Accept));
    let mut sets = vec![verdicts("sources", vec![Field::IfName], networks.chain(own))];
    if has_inside(config) {
        sets.extend(Inside::of(config, facts).sets());
    }
    sets
}

/// What comes by a network's link is looked at as that network's, what comes by any other, an uplink or one that the file does not name,
/// as from outside.
fn spoofing_rules(config: &Config) -> Vec<Rule> {
    let mut rules = vec![rule([vmap(&[Source::Iifname], "sources")])];
    rules.extend(has_inside(config).then(|| rule([goto(OUTSIDE)])));
    rules
}

fn has_inside(config: &Config) -> bool {
    !config.networks.is_empty() || !config.uplinks.is_empty()
}

/// Drops what is for an address of a network or of an uplink.
pub fn to_inside(config: &Config, facts: &Facts) -> Vec<Rule> {
    let inside = Inside::of(config, facts);
    let to = |length: &u8| rule([in_prefixes(Source::IpDaddr, *length, &set(*length)), counter(), drop()]);
    inside
        .0
        .keys()
        .map(|length| to(length).commented("to an inside or own address from a device the file does not name"))
        .collect()
}

/// From a network comes what has an address of it, or none yet (DHCP).
fn inside_rules(network: &Network) -> Vec<Rule> {
    let unspecified = Ipv4Net::from(Ipv4Addr::UNSPECIFIED);
    vec![
        rule([ip_saddr(network.address.subnet()), ret()]),
        rule([ip_saddr(unspecified), l4proto(Protocol::Udp), sport(DHCP_CLIENT), dport(DHCP_SERVER), ret()]),
        rule([counter(), drop()]).commented("not an address of this network"),
    ]
}

/// The subnets of the networks and the router's own addresses: no uplink brings a packet from there, whatever the kernel's reverse path
/// filter, which others may loosen, thinks of it. By prefix length: one look into a hash for each there is, most often one or two, is
/// cheaper than one into a tree of intervals.
struct Inside(BTreeMap<u8, BTreeSet<Ipv4Addr>>);

impl Inside {
    fn of(config: &Config, facts: &Facts) -> Self {
        let subnets = config.inside().map(|(_, net)| net);
        let own = config.uplinks.iter().filter_map(|uplink| Some(Ipv4Net::from(addressing(uplink, facts)?.0.address())));
        let mut inside = Self(BTreeMap::new());
        for net in subnets.chain(own) {
            inside.0.entry(net.prefix_len()).or_default().insert(net.network());
        }
        inside
    }

    fn rules(&self) -> Vec<Rule> {
        let forged = |length: &u8| rule([in_prefixes(Source::IpSaddr, *length, &set(*length)), counter(), drop()]);
        self.0.keys().map(|length| forged(length).commented("an inside or own address from outside")).collect()
    }

    fn sets(&self) -> impl Iterator<Item = Set> {
        self.0.iter().map(|(length, networks)| Set {
            name: set(*length),
            fields: vec![Field::Ipv4],
            verdicts: false,
            elements: networks.iter().map(|network| (key(&[Value::Ipv4(*network)]), None)).collect(),
            dynamic: None,
        })
    }
}

fn set(length: u8) -> String {
    format!("inside-{length}")
}
