//! Which name servers a network is told of: those it may ask.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test ends where it fails")]

use edge_net::Interface;
use edge_plan::{Facts, Input, Match, Policy, UplinkLease, Zone};
use std::net::Ipv4Addr;

/// Two uplinks that share a server, and a server in a network that the second names.
const UPLINKS: &str = "
[[uplink]]
name = \"wan\"
device = \"eth0\"
address = \"192.0.2.2/24\"
dns = [\"192.0.2.53\", \"9.9.9.9\"]
[[uplink]]
name = \"lte\"
device = \"eth1\"
address = \"198.51.100.2/24\"
dns = [\"198.51.100.53\", \"9.9.9.9\", \"10.0.2.53\"]
[[network]]
name = \"lan\"
address = \"10.0.1.1/24\"
[[network]]
name = \"servers\"
address = \"10.0.2.1/24\"
[[host]]
name = \"pc\"
network = \"lan\"
address = \"10.0.1.5\"
";

/// What `lan` is told of with these lines, each `TO` or `TO PROTOCOL PORTS`.
fn told(allows: &[&str]) -> Vec<String> {
    told_with(allows, &Facts::default(), UPLINKS)
}

fn told_with(allows: &[&str], facts: &Facts, file: &str) -> Vec<String> {
    let allow = |line: &&str| {
        let mut words = line.split(' ');
        let mut text = format!("[[allow]]\nfrom = \"lan\"\nto = \"{}\"\n", words.next().unwrap());
        text += &words.next().map_or(String::new(), |protocol| format!("protocol = \"{protocol}\"\n"));
        text + &words.next().map_or(String::new(), |ports| format!("ports = [{ports}]\n"))
    };
    let text = file.to_owned() + &allows.iter().map(allow).collect::<String>();
    let config = edge_config::parse("test.toml", &text).unwrap_or_else(|errors| panic!("{}", errors.render(false)));
    let policy = Policy::of(&config, facts);
    policy.name_servers(&config.networks[0]).iter().map(Ipv4Addr::to_string).collect()
}

#[test]
fn a_network_is_told_of_the_servers_it_may_ask() {
    assert_eq!(told(&[]), [""; 0], "it reaches no uplink");
    assert_eq!(told(&["wan"]), ["192.0.2.53", "9.9.9.9"]);
    assert_eq!(told(&["wan udp"]), ["192.0.2.53", "9.9.9.9"]);
    assert_eq!(told(&["wan tcp 443", "wan udp 53"]), ["192.0.2.53", "9.9.9.9"]);
    assert_eq!(told(&["wan tcp 443"]), [""; 0], "a line for the web only lets nobody ask for names");
    assert_eq!(told(&["wan icmp"]), [""; 0]);
    assert_eq!(told(&["wan tcp 53"]), [""; 0], "a question goes by UDP first");
}

/// They stand apart in the list, which is in the order of the uplinks.
#[test]
fn a_server_of_two_uplinks_is_told_once() {
    assert_eq!(told(&["wan", "lte"]), ["192.0.2.53", "9.9.9.9", "198.51.100.53"]);
    assert_eq!(told(&["lte"]), ["198.51.100.53", "9.9.9.9"]);
}

/// By way of the network it lies in, whatever the uplink that names it may be used for.
#[test]
fn a_server_in_another_network_is_asked_there() {
    assert_eq!(told(&["lte tcp 443", "servers udp 53"]), ["10.0.2.53"]);
    assert_eq!(told(&["servers tcp"]), [""; 0]);
    let in_the_same = UPLINKS.replace("10.0.2.53", "10.0.1.53");
    assert_eq!(told_with(&[], &Facts::default(), &in_the_same), ["10.0.1.53"]);
}

/// A line for one host is not for the network, and DHCP tells a network.
#[test]
fn what_one_host_may_ask_the_network_is_not_told() {
    let for_one = format!("{UPLINKS}[[allow]]\nfrom = \"pc\"\nto = \"wan\"\n");
    assert_eq!(told_with(&[], &Facts::default(), &for_one), [""; 0]);
}

#[test]
fn the_router_itself_is_told_where_it_answers() {
    let router = UPLINKS.replace("10.0.2.53", "10.0.1.1");
    assert_eq!(told_with(&[], &Facts::default(), &router), [""; 0]);
    let dns = Match::udp(edge_net::PortRange::new(53, 53).unwrap());
    let facts = Facts { inputs: vec![Input::new(Zone::Network("lan".parse().unwrap()), dns, "DNS")], ..Facts::default() };
    assert_eq!(told_with(&[], &facts, &router), ["10.0.1.1"]);
}

#[test]
fn what_the_file_says_wins_over_what_an_uplink_was_told() {
    let leased = |dns: &str| UPLINKS.replacen("address = \"192.0.2.2/24\"\ndns = [\"192.0.2.53\", \"9.9.9.9\"]", dns, 1);
    let lease = UplinkLease {
        interface: Interface::new("192.0.2.50/24".parse().unwrap()).unwrap(),
        gateway: None,
        dns: vec![[192, 0, 2, 99].into()],
        routes: Vec::new(),
    };
    let facts = Facts { uplink_leases: [("wan".parse().unwrap(), lease)].into(), ..Facts::default() };
    assert_eq!(told_with(&["wan"], &facts, &leased("address = \"dhcp\"")), ["192.0.2.99"]);
    assert_eq!(told_with(&["wan"], &facts, &leased("address = \"dhcp\"\ndns = [\"192.0.2.1\"]")), ["192.0.2.1"]);
    assert_eq!(told_with(&["wan"], &facts, UPLINKS), ["192.0.2.53", "9.9.9.9"], "a lease of before it was static");
}
