//! The policy by itself: the article's table, services, forwards, and which flows stay when the policy changes.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test ends where it fails")]

use edge_config::Config;
use edge_net::{Interface, Protocol};
use edge_plan::{
    Facts, Link, Loosening, Policy, Space, Sysctl, UplinkLease, desired,
    nft::{Expr, Hook, NftVerdict, Rule},
    policy::{Flow, Packet, Party, Reach},
    reachability, router_space, settings,
};
use ipnet::Ipv4Net;
use std::net::Ipv4Addr;

const FIRE_TRUCK: &str = include_str!("../../lab/scenarios/fire-truck/edge-router.toml");
const TABLE: &str = include_str!("../../lab/scenarios/fire-truck/expect.csv");

fn parse(text: &str) -> Config {
    edge_config::parse("test.toml", text).unwrap_or_else(|errors| panic!("{}", errors.render(false)))
}

fn party<'a>(config: &'a Config, name: &str) -> Party<'a> {
    if name == "router" {
        return Party::Router(&config.networks[0]);
    }
    if let Some(host) = config.hosts.iter().find(|host| host.name.as_str() == name) {
        return Party::Node(config.network(&host.network).unwrap(), Some(host.address));
    }
    let address: Ipv4Addr = name.parse().unwrap();
    match config.network_of(address) {
        Some(network) => Party::Router(network),
        None => Party::Beyond(&config.uplinks[0]),
    }
}

#[test]
fn the_articles_table_is_what_the_policy_says() {
    let config = parse(FIRE_TRUCK);
    let rows: Vec<Vec<&str>> = TABLE.lines().skip(1).map(|line| line.split(',').collect()).collect();
    assert_eq!(rows.len(), 28);
    for row in rows {
        let reach = Policy::of(&config, &Facts::default()).reach(party(&config, row[0]), party(&config, row[1]));
        assert_eq!(reach.pings(), row[2] == "yes", "{row:?}: {reach}");
    }
}

#[test]
fn the_matrix_has_every_ordered_pair_once() {
    let config = parse(FIRE_TRUCK);
    let rows = reachability(&config, &Facts::default());
    // 2 networks, 4 hosts, 2 router addresses, 1 uplink
    assert_eq!(rows.len(), 9 * 8);
    let cell = |from: &str, to: &str| rows.iter().find(|row| row.from.to_string() == from && row.to.to_string() == to).unwrap();
    assert_eq!(cell("vehicle", "wan").reach, Reach::All);
    assert_eq!(cell("vehicle", "equipment").reach, Reach::Nothing);
    assert_eq!(cell("device1", "router in vehicle").reach.to_string(), "icmp, tcp 22, udp 67");
    assert_eq!(cell("device2", "router in equipment").reach.to_string(), "icmp, udp 67", "ssh-from names the vehicle only");
}

fn more(lines: &str) -> Config {
    parse(&format!("{FIRE_TRUCK}\n{lines}"))
}

fn reach(config: &Config, from: &str, to: &str) -> String {
    Policy::of(config, &Facts::default()).reach(party(config, from), party(config, to)).to_string()
}

#[test]
fn a_line_opens_what_it_says_in_its_direction() {
    let config = more("[[allow]]\nfrom = \"device1\"\nto = \"equipment\"\nprotocol = \"tcp\"\nports = [443, \"8000-8010\"]\n");
    assert_eq!(reach(&config, "device1", "device2"), "tcp 443, tcp 8000-8010");
    assert_eq!(reach(&config, "container1", "device2"), "no");
    assert_eq!(reach(&config, "device2", "device1"), "no");
    assert_eq!(reach(&config, "device1", "10.0.2.3"), "no", "never the router's address in another network");
}

#[test]
fn a_line_for_everything_makes_the_others_moot() {
    let config = more(
        "[[allow]]\nfrom = \"vehicle\"\nto = \"device2\"\nprotocol = \"udp\"\n[[allow]]\nfrom = \"vehicle\"\nto = \"equipment\"\n",
    );
    assert_eq!(reach(&config, "device1", "device2"), "yes");
}

#[test]
fn a_forward_opens_its_target_only() {
    let config = more("[[forward]]\nuplink = \"wan\"\nprotocol = \"tcp\"\nport = 8080\nto = \"container1:80\"\n");
    assert_eq!(reach(&config, "8.8.8.8", "container1"), "tcp 80");
    assert_eq!(reach(&config, "8.8.8.8", "device1"), "no");
}

fn packet(protocol: Protocol, destination_port: u16) -> Packet {
    let icmp_type = (protocol == Protocol::Icmp).then_some(8);
    Packet { source_port: 40000, destination_port, icmp_type, ..Packet::of(protocol.number()) }
}

/// `reply_source` differs from `destination` for a forwarded flow.
fn flow(source: &str, destination: &str, protocol: Protocol, port: u16) -> Flow {
    let (source, destination) = (source.parse().unwrap(), destination.parse().unwrap());
    Flow { source, destination, packet: packet(protocol, port), reply_source: destination, reply_destination: source }
}

#[test]
fn flows_stay_while_the_policy_allows_them() {
    let config = more("[[forward]]\nuplink = \"wan\"\nprotocol = \"tcp\"\nport = 8080\nto = \"container1:80\"\n");
    let facts = Facts::default();
    let policy = Policy::of(&config, &facts);
    let keeps = |source, destination, protocol, port| policy.keeps(&flow(source, destination, protocol, port));
    assert!(keeps("10.0.1.5", "8.8.8.8", Protocol::Icmp, 0));
    assert!(keeps("10.0.1.5", "10.0.1.4", Protocol::Tcp, 80), "same network");
    assert!(!keeps("10.0.1.5", "10.0.2.5", Protocol::Tcp, 80));
    assert!(keeps("10.0.1.3", "10.0.2.5", Protocol::Tcp, 80), "the router's own");
    assert!(keeps("10.0.1.5", "10.0.1.3", Protocol::Tcp, 22), "ssh-from");
    assert!(!keeps("10.0.2.5", "10.0.2.3", Protocol::Tcp, 22), "not in ssh-from");
    assert!(!keeps("203.0.113.9", "10.0.1.5", Protocol::Tcp, 80), "nothing comes in unasked");
    assert!(!keeps("203.0.113.9", "192.168.50.2", Protocol::Tcp, 22), "ssh from the uplink is not in ssh-from");
    assert!(keeps("192.168.50.2", "203.0.113.9", Protocol::Tcp, 443), "the router's own");
    assert!(keeps("172.17.0.2", "172.17.0.3", Protocol::Tcp, 80), "none of our networks, not ours to judge");

    let forwarded = Flow {
        reply_source: "10.0.1.4".parse().unwrap(),
        packet: Packet { translated: true, ..packet(Protocol::Tcp, 80) },
        ..flow("203.0.113.9", "192.168.50.2", Protocol::Tcp, 8080)
    };
    assert!(policy.keeps(&forwarded));
    let without = parse(FIRE_TRUCK);
    assert!(!Policy::of(&without, &facts).keeps(&forwarded), "the forward is gone, and what it let in goes too");
}

/// The table tells the router's addresses from a node's, and what a forward let in from what came straight.
#[test]
fn the_sweep_tells_apart_what_the_table_tells_apart() {
    let config = parse(&format!(
        "{}\n[[forward]]\nuplink = \"wan\"\nprotocol = \"tcp\"\nport = 8080\nto = \"container1:80\"\n",
        FIRE_TRUCK.replace("ssh-from = [\"vehicle\"]", "ssh-from = [\"vehicle\", \"wan\"]")
    ));
    let facts = Facts::default();
    let policy = Policy::of(&config, &facts);
    let keeps = |source, destination, port| policy.keeps(&flow(source, destination, Protocol::Tcp, port));
    assert!(keeps("203.0.113.9", "10.0.1.3", 22), "ssh-from an uplink is for every address of the router");
    assert!(!keeps("203.0.113.9", "10.0.1.3", 80));
    assert!(!keeps("10.0.1.5", "192.168.50.2", 443), "an uplink's own address is not beyond it");
    assert!(!keeps("203.0.113.9", "10.0.1.4", 80), "by the forward only");
}

/// Both by DHCP: only what they were given says by which of them a flow goes.
#[test]
fn flows_by_one_uplink_are_not_kept_for_what_the_other_may() {
    let uplinks = ["wan", "lte"].map(|name| format!("[[uplink]]\nname = \"{name}\"\ndevice = \"{name}0\"\naddress = \"dhcp\"\n"));
    let config = parse(&format!(
        "[system]\nssh-from = [\"lte\"]\n{}[[network]]\nname = \"lan\"\naddress = \"10.0.1.1/24\"\n\
         [[host]]\nname = \"web\"\nnetwork = \"lan\"\naddress = \"10.0.1.4\"\n\
         [[allow]]\nfrom = \"lan\"\nto = \"lte\"\n\
         [[forward]]\nuplink = \"lte\"\nprotocol = \"tcp\"\nport = 80\nto = \"web:80\"\n",
        uplinks.concat()
    ));
    let mut facts = Facts::default();
    for (name, address) in [("wan", "192.0.2.7/24"), ("lte", "198.51.100.7/24")] {
        let interface = Interface::new(address.parse().unwrap()).unwrap();
        let lease = UplinkLease { interface, gateway: None, dns: Vec::new(), routes: Vec::new() };
        facts.uplink_leases.insert(name.parse().unwrap(), lease);
    }
    for (worn, kept) in [("192.0.2.7", false), ("198.51.100.7", true)] {
        let worn: Ipv4Addr = worn.parse().unwrap();
        let keeps = |flow: &Flow| Policy::of(&config, &facts).keeps(flow);
        let out = Flow { reply_destination: worn, ..flow("10.0.1.5", "8.8.8.8", Protocol::Tcp, 443) };
        assert_eq!(keeps(&out), kept, "masqueraded to {worn}");
        let ssh = Flow { destination: worn, reply_source: worn, ..flow("203.0.113.9", "192.0.2.7", Protocol::Tcp, 22) };
        assert_eq!(keeps(&ssh), kept, "ssh to {worn}");
        let web = Packet { translated: true, ..packet(Protocol::Tcp, 80) };
        let web = Flow { destination: worn, packet: web, ..flow("203.0.113.9", "10.0.1.4", Protocol::Tcp, 80) };
        assert_eq!(keeps(&web), kept, "forwarded by {worn}");
        assert!(keeps(&flow(&worn.to_string(), "203.0.113.9", Protocol::Tcp, 443)), "the router's own");
    }
    let gone = Flow { reply_destination: "192.0.2.99".parse().unwrap(), ..flow("10.0.1.5", "8.8.8.8", Protocol::Tcp, 443) };
    assert!(Policy::of(&config, &facts).keeps(&gone), "by an address that nobody has it may be either");
}

#[test]
fn no_two_pairs_share_a_chain() {
    let names = ["a", "b-to-c", "a-to-b", "c"];
    let networks: String = names
        .iter()
        .zip(1..)
        .map(|(name, number)| format!("[[network]]\nname = \"{name}\"\naddress = \"10.0.{number}.1/24\"\n"))
        .collect();
    let config = parse(&format!(
        "{networks}[[allow]]\nfrom = \"a\"\nto = \"b-to-c\"\nprotocol = \"tcp\"\n\
         [[allow]]\nfrom = \"a-to-b\"\nto = \"c\"\nprotocol = \"udp\"\n"
    ));
    let state = edge_plan::desired(&config, &edge_plan::Facts::default());
    let chains = &state.spaces[&edge_plan::Space::Host].table.as_ref().unwrap().chains;
    let distinct: std::collections::BTreeSet<_> = chains.iter().map(|chain| &chain.name).collect();
    assert_eq!(distinct.len(), chains.len());
}

/// The address is looked for in the sets that what comes by an uplink is dropped by.
fn is_forged(config: &Config, facts: &Facts, address: Ipv4Addr) -> bool {
    let state = desired(config, facts);
    let table = state.spaces[&router_space(config)].table.clone().unwrap();
    table.sets.iter().filter_map(|set| Some((set.name.strip_prefix("inside-")?.parse::<u8>().unwrap(), set))).any(
        |(length, set)| {
            let network = Ipv4Net::new(address, length).unwrap().network();
            set.elements.contains_key(network.octets().as_slice())
        },
    )
}

#[test]
fn no_uplink_brings_an_inside_or_own_address_and_every_other_passes() {
    let network = |(name, address): (&str, &str)| format!("[[network]]\nname = \"{name}\"\naddress = \"{address}\"\n");
    let wide = [("sixteen", "10.7.0.1/16"), ("thirty", "10.8.0.1/30"), ("fire", "10.9.8.129/25")].map(network).concat();
    let lte = "[[uplink]]\nname = \"lte\"\ndevice = \"wwan0\"\naddress = \"dhcp\"\n";
    let config = more(&format!("{wide}{lte}"));
    let interface = Interface::new("198.51.100.9/24".parse().unwrap()).unwrap();
    let lease = UplinkLease { interface, gateway: None, dns: Vec::new(), routes: Vec::new() };
    let facts = Facts { uplink_leases: [("lte".parse().unwrap(), lease)].into(), ..Facts::default() };
    let own = ["192.168.50.2", "198.51.100.9"].map(|own| own.parse::<Ipv4Addr>().unwrap());
    for network in &config.networks {
        let subnet = network.address.subnet();
        let around = |edge: Ipv4Addr| [u32::from(edge) - 1, u32::from(edge), u32::from(edge) + 1].map(Ipv4Addr::from);
        for address in [around(subnet.network()), around(subnet.broadcast())].concat() {
            let is_inside = config.networks.iter().any(|network| network.address.subnet().contains(&address));
            assert_eq!(is_forged(&config, &facts, address), is_inside, "{address}");
        }
    }
    own.into_iter().for_each(|own| assert!(is_forged(&config, &facts, own), "{own}"));
    for other in ["192.168.50.1", "192.168.50.3", "198.51.100.8", "8.8.8.8", "0.0.0.0"] {
        assert!(!is_forged(&config, &facts, other.parse().unwrap()), "{other}");
    }
}

#[test]
fn what_an_uplink_brings_is_looked_at_before_it_can_belong_to_a_flow() {
    let config = more("");
    let table = desired(&config, &Facts::default()).spaces[&router_space(&config)].table.clone().unwrap();
    let chain = |name: &str| table.chains.iter().find(|chain| chain.name == name).unwrap();
    let base = chain("spoofing").base.unwrap();
    assert!(base.hook == Hook::Prerouting && base.priority < -200, "before connection tracking: {base:?}");
    let sources = table.sets.iter().find(|set| set.name == "sources").unwrap();
    let is_listed = |name: &str| {
        let mut key = name.as_bytes().to_vec();
        key.resize(16, 0);
        sources.elements.contains_key(key.as_slice())
    };
    assert!(is_listed("lo") && is_listed("gw-vehicle"));
    assert!(config.uplinks.iter().all(|uplink| !is_listed(uplink.ifname().as_str())), "no network's");
    let last = chain("spoofing").rules.last().unwrap();
    assert_eq!(last.expressions, [Expr::Verdict(NftVerdict::Goto("source-outside".to_owned()))], "nor what nobody named");
    let rules = &chain("source-outside").rules;
    assert_eq!(rules.len(), 2, "one look for each prefix length");
    let drops = |rule: &Rule| rule.expressions.last() == Some(&Expr::Verdict(NftVerdict::Drop));
    assert!(rules.iter().all(|rule| rule.sets().count() == 1 && drops(rule)), "{rules:?}");
}

/// Only where the router lives: what is loose elsewhere on the machine is its own affair.
#[test]
fn what_loosens_all_links_is_ours_where_the_router_is() {
    let loose = |space: &Space, config: &Config| {
        let wanted = settings(config).remove(space).unwrap_or_default();
        wanted.keys().filter(|sysctl| matches!(sysctl, Sysctl::All(_))).count()
    };
    let (inside, on_the_host) = (parse(FIRE_TRUCK), parse(&FIRE_TRUCK.replace("namespace = \"router\"", "")));
    let router = router_space(&inside);
    assert_eq!((loose(&Space::Host, &inside), loose(&router, &inside)), (0, Loosening::EACH.len()));
    assert_eq!(loose(&Space::Host, &on_the_host), Loosening::EACH.len());
    for config in [&inside, &on_the_host] {
        let state = desired(config, &Facts::default());
        let links = state.spaces.iter().flat_map(|(space, state)| state.links.values().map(move |link| (space, link)));
        let forwards =
            |(space, link): (&Space, &Link)| link.conf.is_none_or(|conf| conf.forwarding == (*space == router_space(config)));
        assert!(links.into_iter().all(forwards), "the host of a router in a namespace is nobody's gateway");
    }
}
