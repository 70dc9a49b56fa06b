//! Who claims an address that is another's, by ARP. It is seen on the bridge: what two nodes tell each other never comes to the router.
//!
//! A claim of the router's address is dropped, or the network would lose its gateway. One of a reserved address is told only: the
//! device may have got another network card.

use super::{RAW, TABLE, base};
use crate::{
    Facts, Owner,
    nft::{Chain, ChainKind, Dynamic, Field, Hook, Key, Rule, Set, Table, build::*},
};
use edge_config::{Config, DeviceId, Host};
use edge_net::Mac;
use std::{net::Ipv4Addr, time::Duration};

/// By bridge port, sender and address: who claimed another's address lately, and in how many frames.
pub const CLAIMANTS: &str = "claimants";
/// How many are remembered.
pub const CLAIMANTS_KNOWN: u32 = 1024;
/// How long after the last one.
const LATELY: Duration = super::LATELY;

const PORTS: &str = "ports";
const GUARDED: &str = "guarded";
const GATEWAYS: &str = "gateways";
const OWNED: &str = "owned";
const CLAIM: &str = "claim";

const OWNER: &[Source] = &[Source::ArpSaddrIp, Source::ArpSaddrEther];
const CLAIMANT: &[Source] = &[Source::Iifname, Source::EtherSaddr, Source::ArpSaddrIp];

/// The table of the space the bridges are in; `None`: there is no bridge.
pub fn bridge(config: &Config, facts: &Facts) -> Option<Table> {
    (!config.networks.is_empty()).then(|| Table {
        name: TABLE.to_owned(),
        comment: Some("made by edge-router; changes here are undone".to_owned()),
        chains: chains(),
        sets: sets(config, facts),
        foreign: Vec::new(),
    })
}

/// Others' bridges in the same space may have whatever addresses they like: only our ports are looked at.
fn chains() -> Vec<Chain> {
    let guarded = rule([arp(), in_set(&[Source::ArpSaddrIp], GUARDED), in_set(&[Source::Iifgroup], PORTS), goto(CLAIM)]);
    vec![
        base("claims", ChainKind::Filter, Hook::Prerouting, RAW, false, vec![guarded]),
        Chain { name: CLAIM.to_owned(), base: None, rules: judge() },
    ]
}

/// A set that is full ends its rule, not the frame's way.
fn judge() -> Vec<Rule> {
    vec![
        rule([arp(), in_set(OWNER, OWNED), ret()]),
        rule([arp(), count_by(CLAIMANT, CLAIMANTS)]),
        rule([arp(), in_set(&[Source::ArpSaddrIp], GATEWAYS), drop()]).commented("the router's address is the router's"),
    ]
}

fn sets(config: &Config, facts: &Facts) -> Vec<Set> {
    let owners = owners(config, facts);
    let addresses = |of: &mut dyn Iterator<Item = Ipv4Addr>| of.map(|address| key(&[Value::Ipv4(address)])).collect();
    let claimants = Dynamic { size: CLAIMANTS_KNOWN, timeout: Some(LATELY) };
    vec![
        plain(PORTS, &[Source::Iifgroup], Owner::GROUPS.iter().map(|group| key(&[Value::Group(*group)])).collect()),
        plain(GATEWAYS, &[Source::ArpSaddrIp], addresses(&mut config.networks.iter().map(|network| network.address.address()))),
        plain(GUARDED, &[Source::ArpSaddrIp], addresses(&mut owners.iter().map(|(address, _)| *address))),
        plain(OWNED, OWNER, owners.iter().map(|(address, mac)| key(&[Value::Ipv4(*address), Value::Mac(*mac)])).collect()),
        Set { dynamic: Some(claimants), ..plain(CLAIMANTS, CLAIMANT, Vec::new()) },
    ]
}

/// Who may claim what: the router its addresses, and a device its reserved one, where it is known by its MAC.
fn owners(config: &Config, facts: &Facts) -> Vec<(Ipv4Addr, Mac)> {
    let routers = config.networks.iter().map(|network| (network.address.address(), facts.gateway_mac(network)));
    routers.chain(config.hosts.iter().filter_map(reserved)).collect()
}

fn reserved(host: &Host) -> Option<(Ipv4Addr, Mac)> {
    match host.device {
        Some(DeviceId::Mac(mac)) => Some((host.address, mac)),
        _ => None,
    }
}

fn plain(name: &str, fields: &[Source], keys: Vec<Key>) -> Set {
    let fields: Vec<Field> = fields.iter().map(|source| source.field()).collect();
    let elements = keys.into_iter().map(|key| (key, None)).collect();
    Set { name: name.to_owned(), fields, verdicts: false, elements, dynamic: None }
}
