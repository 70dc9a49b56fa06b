//! A table in which everything that the plan can say is said once.

use edge_kernel::nft::{Nft, Sent};
use edge_net::{IfName, PortRange, Protocol};
use edge_plan::nft::{
    BaseChain, Chain, ChainKind, Dynamic, Field, Hook, Key, NftVerdict, Rule, Set, Table,
    build::{
        CtState, Source, Value, accept, add, count_by, counter, ct_state, ct_status_dnat, dnat, dport, drop, flows_over, goto,
        icmp_type_echo_request, iifname, in_set, ip_daddr, ip_saddr, ipv4, jump, key, l4proto, masquerade, oifname, ret, rule,
        sport, vmap,
    },
};
use ipnet::Ipv4Net;
use std::{sync::Arc, time::Duration};

/// Brings the table there as an apply does, and looks what came of it: with the same handle, which knows what it changed, and with one
/// that knows nothing.
pub fn update(kernel: &mut Nft, wanted: &Table) -> Sent {
    let sent = kernel.update(NAME, Some(&Arc::new(wanted.clone()))).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(read().as_ref(), Some(wanted));
    assert_eq!(kernel.table(NAME).unwrap().as_deref(), Some(wanted));
    sent
}

/// The table as the kernel lists it.
pub fn read() -> Option<Table> {
    Nft::open().unwrap().table(NAME).unwrap().map(Arc::unwrap_or_clone)
}

pub const NAME: &str = "edge-test";
pub const GOLDEN: &str = include_str!("sample.nft");

pub fn table() -> Table {
    Table {
        name: NAME.to_owned(),
        comment: Some("made by a test".to_owned()),
        chains: vec![
            base("forward", ChainKind::Filter, Hook::Forward, 0, true, forward()),
            input(),
            side(),
            prerouting(),
            postrouting(),
            limits(),
        ],
        sets: sets(),
        foreign: Vec::new(),
    }
}

pub fn base(name: &str, kind: ChainKind, hook: Hook, priority: i32, drop: bool, rules: Vec<Rule>) -> Chain {
    Chain { name: name.to_owned(), base: Some(BaseChain { kind, hook, priority, drop }), rules }
}

fn forward() -> Vec<Rule> {
    let (lan, wan) = (link("lan0"), link("wan0"));
    vec![
        rule([ct_state(&[CtState::Established, CtState::Related]), accept()]),
        rule([ct_state(&[CtState::Invalid]), counter(), drop()]).commented("strays"),
        rule([vmap(&[Source::Iifname, Source::Oifname], "pairs")]),
        rule([vmap(&[Source::Iifname], "sources")]),
        rule([iifname(&lan), ip_saddr(net("10.0.1.0/24")), drop()]),
        rule([iifname(&lan), oifname(&wan), ip_saddr(net("10.0.1.5/32")), ip_daddr(net("10.128.0.0/9")), jump("side")]),
        rule([ip_daddr(net("10.128.0.0/9")), goto("side")]),
        rule([ipv4(), ct_status_dnat(), accept()]),
        rule([in_set(&[Source::IpSaddr, Source::L4proto, Source::Dport], "services"), accept()]),
        rule([in_set(&[Source::IpDaddr], "addresses"), counter(), accept()]).commented("with a count"),
    ]
}

fn input() -> Chain {
    let rules = vec![
        rule([iifname(&link("lan0")), icmp_type_echo_request(), accept()]),
        rule([l4proto(Protocol::Udp), sport(68), dport(ports(67, 67)), accept()]),
        rule([l4proto(Protocol::Tcp), dport(ports(8000, 8010)), accept()]),
        rule([l4proto(Protocol::Icmp), accept()]),
        rule([l4proto(Protocol::Tcp), in_set(&[Source::Dport], "numbers"), accept()]),
        rule([vmap(&[Source::L4proto], "protocols")]),
    ];
    base("input", ChainKind::Filter, Hook::Input, -10, false, rules)
}

fn side() -> Chain {
    Chain {
        name: "side".to_owned(),
        base: None,
        rules: vec![rule([l4proto(Protocol::Tcp), dport(ports(22, 22)), ret()]), rule([drop()])],
    }
}

fn prerouting() -> Chain {
    let to = [10, 0, 1, 5].into();
    let rules = vec![
        rule([iifname(&link("wan0")), l4proto(Protocol::Tcp), dport(ports(80, 90)), dnat(to, ports(1080, 1090))]),
        rule([iifname(&link("wan0")), l4proto(Protocol::Udp), dport(ports(53, 53)), counter(), dnat(to, ports(5353, 5353))]),
    ];
    base("prerouting", ChainKind::Nat, Hook::Prerouting, -100, false, rules)
}

fn postrouting() -> Chain {
    let rules = vec![rule([oifname(&link("wan0")), masquerade()]).commented("out")];
    base("postrouting", ChainKind::Nat, Hook::Postrouting, 100, false, rules)
}

fn limits() -> Chain {
    let source = [Source::Iifname, Source::IpSaddr];
    let lane = [Source::Iifname, Source::Random(16)];
    let rules = vec![
        rule([in_set(&source, "held"), drop()]),
        rule([flows_over(&source, "of-source", 1000), add(&source, "held"), drop()]),
        rule([flows_over(&lane, "of-lane", 100), drop()]),
        rule([flows_over(&lane[1..], "of-all", 100), drop()]),
        rule([count_by(&source, "held-count")]),
    ];
    base("limits", ChainKind::Nat, Hook::Input, 99, false, rules)
}

fn sets() -> Vec<Set> {
    let (lan, wan) = (link("lan0"), link("wan0"));
    let (tcp, udp) = (Value::Protocol(Protocol::Tcp), Value::Protocol(Protocol::Udp));
    let address = |last| Value::Ipv4([10, 0, 1, last].into());
    let map = |name, fields, elements| set(name, fields, true, elements);
    vec![
        map(
            "pairs",
            &[Field::IfName, Field::IfName],
            vec![
                (key(&[Value::IfName(&lan), Value::IfName(&wan)]), Some(NftVerdict::Accept)),
                (key(&[Value::IfName(&wan), Value::IfName(&lan)]), Some(NftVerdict::Goto("side".to_owned()))),
            ],
        ),
        map("sources", &[Field::IfName], vec![(key(&[Value::IfName(&lan)]), Some(NftVerdict::Jump("side".to_owned())))]),
        map(
            "protocols",
            &[Field::Protocol],
            vec![(key(&[udp]), Some(NftVerdict::Return)), (key(&[tcp]), Some(NftVerdict::Drop))],
        ),
        set(
            "services",
            &[Field::Ipv4, Field::Protocol, Field::Port],
            false,
            vec![(key(&[address(5), tcp, Value::Port(443)]), None), (key(&[address(6), udp, Value::Port(53)]), None)],
        ),
        set("addresses", &[Field::Ipv4], false, vec![(key(&[address(7)]), None)]),
        set("numbers", &[Field::Port], false, vec![(key(&[Value::Port(22)]), None)]),
        set("empty", &[Field::Ipv4], false, vec![]),
        dynamic("held", &[Field::IfName, Field::Ipv4], 64, Some(1000)),
        dynamic("held-count", &[Field::IfName, Field::Ipv4], 64, Some(600_000)),
        dynamic("of-source", &[Field::IfName, Field::Ipv4], 65_536, None),
        dynamic("of-lane", &[Field::IfName, Field::Mark], 32, None),
        dynamic("of-all", &[Field::Mark], 16, None),
    ]
}

fn set(name: &str, fields: &[Field], verdicts: bool, elements: Vec<(Key, Option<NftVerdict>)>) -> Set {
    Set { name: name.to_owned(), fields: fields.to_vec(), verdicts, elements: elements.into_iter().collect(), dynamic: None }
}

fn dynamic(name: &str, fields: &[Field], size: u32, milliseconds: Option<u64>) -> Set {
    let dynamic = Some(Dynamic { size, timeout: milliseconds.map(Duration::from_millis) });
    Set { dynamic, ..set(name, fields, false, vec![]) }
}

pub fn link(name: &str) -> IfName {
    name.parse().unwrap()
}

pub fn net(text: &str) -> Ipv4Net {
    text.parse().unwrap()
}

pub fn ports(first: u16, last: u16) -> PortRange {
    PortRange::new(first, last).unwrap()
}
