//! What the router answers: its own ports, and those that services add.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test ends where it fails")]

use edge_config::Config;
use edge_net::{Name, PortRange};
use edge_plan::{
    Facts, Input, Match, Space, Zone, desired,
    nft::{Rule, build::*},
};

const FIRE_TRUCK: &str = include_str!("../../lab/scenarios/fire-truck/edge-router.toml");

fn config() -> Config {
    edge_config::parse("test.toml", FIRE_TRUCK).unwrap_or_else(|errors| panic!("{}", errors.render(false)))
}

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

fn port(number: u16) -> PortRange {
    PortRange::new(number, number).unwrap()
}

/// The rules of a chain of the router's table; none: no such chain.
fn rules(facts: &Facts, chain: &str) -> Option<Vec<Rule>> {
    let state = desired(&config(), facts);
    let table = state.spaces[&Space::Named(name("router"))].table.clone().unwrap();
    table.chains.iter().find(|found| found.name == chain).map(|found| found.rules.clone())
}

#[test]
fn what_a_service_listens_to_is_opened_where_it_says() {
    let before = rules(&Facts::default(), "input-vehicle").unwrap();
    let dns = Input::new(Zone::Network(name("vehicle")), Match::udp(port(53)), "DNS");
    let mesh = Input::new(Zone::Uplink(name("wan")), Match::udp(port(51820)), "mesh");
    let nobody = Input::new(Zone::Network(name("gone")), Match::ALL, "DNS");
    let facts = Facts { inputs: vec![dns, mesh, nobody], ..Facts::default() };

    let udp = l4proto(edge_net::Protocol::Udp);
    let own = ip_daddr("10.0.1.3/32".parse().unwrap());
    let asked = rule([own, udp.clone(), dport(port(53)), accept()]);
    assert_eq!(rules(&facts, "input-vehicle").unwrap(), [before, vec![asked]].concat());
    assert_eq!(rules(&facts, "input-wan").unwrap(), [rule([udp, dport(port(51820)), accept()])]);
    assert_eq!(rules(&facts, "input-equipment"), rules(&Facts::default(), "input-equipment"));
    assert_eq!(rules(&Facts::default(), "input-wan"), None, "nothing is open to an uplink by itself");
    assert_eq!(rules(&facts, "input-gone"), None, "what the file does not have opens nothing");
}

/// A group is sent to instead of the router's own address.
#[test]
fn a_service_may_listen_to_a_group_and_to_one_node_only() {
    let mdns = Input {
        from: Some([10, 0, 1, 5].into()),
        group: Some([224, 0, 0, 251].into()),
        ..Input::new(Zone::Network(name("vehicle")), Match::udp(port(5353)), "mDNS")
    };
    let facts = Facts { inputs: vec![mdns], ..Facts::default() };
    let net = |text: &str| text.parse().unwrap();
    let wanted = [ip_saddr(net("10.0.1.5/32")), ip_daddr(net("224.0.0.251/32")), l4proto(edge_net::Protocol::Udp)];
    let [from, to, udp] = wanted;
    assert_eq!(rules(&facts, "input-vehicle").unwrap().last(), Some(&rule([from, to, udp, dport(port(5353)), accept()])));
}
