//! The policy as an nftables table.
//!
//! Every packet pays for one hash look-up in each chain, however many networks there are: verdict maps lead from the
//! interface, or from the pair of interfaces, to the rules that concern it.

mod names;

use crate::{
    Facts,
    desired::addressing,
    nft::{BaseChain, Chain, ChainKind, Expr, Field, Hook, Rule, Set, Table, Verdict, build::*},
    policy::{Input, Service, Zone, forwarded, inputs, services_of},
};
use edge_config::{Config, Endpoint, Forward, Host, Network, Uplink};
use edge_net::{IfName, Name, PortRange, Protocol};
use ipnet::Ipv4Net;
use names::{crossing, input, source};
use std::{
    collections::{BTreeMap, HashMap},
    net::Ipv4Addr,
};

pub const TABLE: &str = "edge-router";
/// Of the flowtable, beside the policy and after it.
pub const FAST_PATH: &str = "edge-router-fast";

/// The map that lets packets of established flows from one link to another.
pub(crate) const PASSAGES: &str = "passages";

/// Hook priorities (`enum nf_ip_hook_priorities`).
const RAW: i32 = -300;
const DSTNAT: i32 = -100;
const FILTER: i32 = 0;
const SRCNAT: i32 = 100;

/// The rules of the space the router's addresses live in.
pub fn router(config: &Config, facts: &Facts) -> Table {
    let crossings = Crossings::of(config);
    let mut chains = vec![
        base("spoofing", ChainKind::Filter, Hook::Prerouting, RAW, false, vec![rule([vmap(&[Source::Iifname], "sources")])]),
        base("input", ChainKind::Filter, Hook::Input, FILTER, true, closed(input_rules())),
        base("forward", ChainKind::Filter, Hook::Forward, FILTER, true, closed(forward_rules())),
        base("forwards", ChainKind::Nat, Hook::Prerouting, DSTNAT, false, forwards(config, facts)),
        base("masquerading", ChainKind::Nat, Hook::Postrouting, SRCNAT, false, vec![masquerade_rule()]),
    ];
    chains.extend(config.networks.iter().map(|n| Chain { name: source(&n.name), base: None, rules: source_rules(n) }));
    let inputs = Inputs::of(config, facts);
    let sets = vec![
        verdicts(
            "sources",
            vec![Field::IfName],
            config.networks.iter().map(|n| (vec![config.gateway_link(n)], Verdict::Jump(source(&n.name)))),
        ),
        verdicts("inputs", vec![Field::IfName], inputs.elements()),
        verdicts("crossings", vec![Field::IfName, Field::IfName], crossings.elements()),
        verdicts(PASSAGES, vec![Field::IfName, Field::IfName], crossings.passages()),
        Set {
            name: "masqueraded".to_owned(),
            fields: vec![Field::IfName],
            verdicts: false,
            elements: config
                .uplinks
                .iter()
                .filter(|u| u.masquerade)
                .map(|u| (key(&[Value::IfName(&u.ifname())]), None))
                .collect(),
        },
    ];
    chains.extend(inputs.chains());
    chains.extend(crossings.chains());
    Table {
        name: TABLE.to_owned(),
        comment: Some("made by edge-router; changes here are undone".to_owned()),
        chains,
        sets,
        foreign: Vec::new(),
    }
}

/// The rules of the host when the router lives elsewhere: it is nobody's gateway and answers nobody.
pub fn host(config: &Config) -> Table {
    let same_bridge = config.networks.iter().map(|n| (vec![n.bridge.clone(), n.bridge.clone()], Verdict::Accept));
    Table {
        name: TABLE.to_owned(),
        comment: Some("made by edge-router; changes here are undone".to_owned()),
        chains: vec![
            base("input", ChainKind::Filter, Hook::Input, FILTER, true, closed(input_rules()[..3].to_vec())),
            base("forward", ChainKind::Filter, Hook::Forward, FILTER, true, closed(forward_rules())),
        ],
        sets: vec![
            verdicts("crossings", vec![Field::IfName, Field::IfName], same_bridge.clone()),
            verdicts(PASSAGES, vec![Field::IfName, Field::IfName], same_bridge),
        ],
        foreign: Vec::new(),
    }
}

/// The policy of a base chain comes into force a moment after its rules when a table is made anew; a rule closes that gap.
fn closed(mut rules: Vec<Rule>) -> Vec<Rule> {
    rules.push(rule([counter(), drop()]).commented("no line allows it"));
    rules
}

fn input_rules() -> Vec<Rule> {
    vec![
        rule([ct_state(&[CtState::Established, CtState::Related]), accept()]),
        rule([ct_state(&[CtState::Invalid]), drop()]),
        rule([iifname(&loopback()), accept()]),
        rule([vmap(&[Source::Iifname], "inputs")]),
    ]
}

/// What belongs to a flow passes between interfaces that something may cross, and back. Between others there is no flow of ours: who
/// sends a forged answer or error from there wants to reach into one.
fn forward_rules() -> Vec<Rule> {
    let pair = [Source::Iifname, Source::Oifname];
    vec![
        rule([ct_state(&[CtState::Established, CtState::Related]), vmap(&pair, PASSAGES)]),
        rule([ct_state(&[CtState::New]), vmap(&pair, "crossings")]),
    ]
}

/// Anti-spoofing: from a network comes what has an address of it, or none yet (DHCP).
fn source_rules(network: &Network) -> Vec<Rule> {
    let unspecified = Ipv4Net::from(Ipv4Addr::UNSPECIFIED);
    vec![
        rule([ip_saddr(network.address.subnet()), ret()]),
        rule([ip_saddr(unspecified), l4proto(Protocol::Udp), sport(68), dport(port(67)), ret()]),
        rule([counter(), drop()]).commented("not an address of this network"),
    ]
}

/// What may be opened towards the router itself, by the interface it comes in by.
struct Inputs(BTreeMap<IfName, Chain>);

impl Inputs {
    fn of(config: &Config, facts: &Facts) -> Self {
        let networks: HashMap<&Name, &Network> = config.networks.iter().map(|network| (&network.name, network)).collect();
        let mut inputs = Self(BTreeMap::new());
        for input in inputs::own(config).iter().chain(&facts.inputs) {
            match &input.on {
                Zone::Network(name) => {
                    let Some(network) = networks.get(name) else { continue };
                    let to = input.group.unwrap_or(network.address.address());
                    inputs.open(config.gateway_link(network), name, input, ip_daddr(Ipv4Net::from(to)));
                }
                Zone::Uplink(name) => {
                    let Some(uplink) = config.uplink(name) else { continue };
                    let to = input.group.map_or(Vec::new(), |group| ip_daddr(Ipv4Net::from(group)));
                    inputs.open(uplink.ifname(), name, input, to);
                }
            }
        }
        inputs
    }

    fn open(&mut self, link: IfName, from: &Name, wanted: &Input, to: Vec<Expr>) {
        let chain = self.0.entry(link).or_insert_with(|| Chain { name: input(from), base: None, rules: Vec::new() });
        let source = wanted.from.map_or(Vec::new(), |from| ip_saddr(Ipv4Net::from(from)));
        chain.rules.push(rule([wanted.matches.connection(), source, to, wanted.matches.transport(), accept()]));
    }

    fn elements(&self) -> impl Iterator<Item = (Vec<IfName>, Verdict)> {
        self.0.iter().map(|(link, chain)| (vec![link.clone()], Verdict::Jump(chain.name.clone())))
    }

    fn chains(self) -> impl Iterator<Item = Chain> {
        self.0.into_values()
    }
}

fn masquerade_rule() -> Rule {
    rule([in_set(&[Source::Oifname], "masqueraded"), masquerade()])
}

/// The destination NAT of every `[[forward]]`. One rule does for equal ranges; the kernel cannot shift a range, so a
/// shifted one takes a rule for each port.
fn forwards(config: &Config, facts: &Facts) -> Vec<Rule> {
    let pairs = config.forwards.iter().filter_map(|forward| Some((forward, config.uplink(&forward.uplink)?)));
    pairs.flat_map(|(forward, uplink)| forward_nat(forward, uplink, facts)).collect()
}

fn forward_nat(forward: &Forward, uplink: &Uplink, facts: &Facts) -> Vec<Rule> {
    let own = addressing(uplink, facts).map_or(Vec::new(), |(interface, _)| ip_daddr(Ipv4Net::from(interface.address())));
    let nat = |from: PortRange, to: PortRange| {
        let [ours, ports] = [own.clone(), dport(from)];
        rule([iifname(&uplink.ifname()), ours, ipv4(), l4proto(forward.protocol), ports, dnat(forward.to, to)])
    };
    if forward.port == forward.to_port || forward.port.count() == 1 {
        return vec![nat(forward.port, forward.to_port)];
    }
    let ports = (forward.port.first()..=forward.port.last()).zip(forward.to_port.first()..=forward.to_port.last());
    ports.map(|(from, to)| nat(port(from), port(to))).collect()
}

/// What may pass from one interface to another: by pair of interfaces, either everything or what the rules say.
struct Crossings(BTreeMap<(IfName, IfName), Crossing>);

struct Crossing {
    chain: String,
    /// `None`: everything.
    rules: Option<Vec<Rule>>,
}

impl Crossings {
    fn of(config: &Config) -> Self {
        let mut crossings = Self(BTreeMap::new());
        let ends = Ends::of(config);
        for network in &config.networks {
            // Nodes of one network reach each other, even by way of the router.
            let link = config.gateway_link(network);
            let chain = crossing(&network.name, &network.name);
            crossings.0.insert((link.clone(), link), Crossing { chain, rules: None });
        }
        for allow in &config.allows {
            let (Some(from), Some(to)) = (ends.end(&allow.from), ends.end(&allow.to)) else { continue };
            let addresses = [from.address.map_or(Vec::new(), ip_saddr), to.address.map_or(Vec::new(), ip_daddr)];
            let whole = from.address.is_none() && to.address.is_none();
            let crossing = crossings.between(&from, &to);
            match services_of(allow) {
                None if whole => crossing.rules = None,
                None => crossing.add([rule([addresses[0].clone(), addresses[1].clone(), accept()])]),
                Some(services) => crossing.add(services.iter().map(|service| service_rule(&addresses, service))),
            }
        }
        for forward in &config.forwards {
            let (Some(from), Some(to)) = (ends.uplink(&forward.uplink), ends.network_of(forward.to)) else { continue };
            let target = [ct_status_dnat(), ip_daddr(Ipv4Net::from(forward.to))];
            crossings.between(&from, &to).add([service_rule(&target, &forwarded(forward))]);
        }
        crossings
    }

    fn between(&mut self, from: &End, to: &End) -> &mut Crossing {
        let chain = crossing(&from.name, &to.name);
        self.0.entry((from.link.clone(), to.link.clone())).or_insert_with(|| Crossing { chain, rules: Some(Vec::new()) })
    }

    fn elements(&self) -> impl Iterator<Item = (Vec<IfName>, Verdict)> {
        self.0.iter().map(|((from, to), crossing)| {
            let verdict = crossing.rules.as_ref().map_or(Verdict::Accept, |_| Verdict::Goto(crossing.chain.clone()));
            (vec![from.clone(), to.clone()], verdict)
        })
    }

    /// Every pair and its reverse.
    fn passages(&self) -> BTreeMap<Vec<IfName>, Verdict> {
        let both = self.0.keys().flat_map(|(from, to)| [vec![from.clone(), to.clone()], vec![to.clone(), from.clone()]]);
        both.map(|pair| (pair, Verdict::Accept)).collect()
    }

    fn chains(self) -> impl Iterator<Item = Chain> {
        self.0.into_values().filter_map(|crossing| Some(Chain { name: crossing.chain, base: None, rules: crossing.rules? }))
    }
}

impl Crossing {
    /// Where everything passes already, a rule for something adds nothing.
    fn add(&mut self, rules: impl IntoIterator<Item = Rule>) {
        if let Some(list) = &mut self.rules {
            list.extend(rules);
        }
    }
}

/// One end of a policy line: the interface, and a host's address.
struct End {
    link: IfName,
    name: String,
    address: Option<Ipv4Net>,
}

/// Whatever a line may name, found without a walk through all of it: there may be as many lines as networks.
struct Ends<'a> {
    config: &'a Config,
    networks: HashMap<&'a Name, &'a Network>,
    hosts: HashMap<&'a Name, &'a Host>,
    /// By the subnet's own address; no two networks share one.
    subnets: BTreeMap<Ipv4Addr, &'a Network>,
}

impl<'a> Ends<'a> {
    fn of(config: &'a Config) -> Self {
        Self {
            config,
            networks: config.networks.iter().map(|network| (&network.name, network)).collect(),
            hosts: config.hosts.iter().map(|host| (&host.name, host)).collect(),
            subnets: config.networks.iter().map(|network| (network.address.subnet().network(), network)).collect(),
        }
    }

    /// The names exist: `config` has seen to it.
    fn end(&self, endpoint: &Endpoint) -> Option<End> {
        match endpoint {
            Endpoint::Network(name) => Some(self.network(self.networks.get(name)?, None)),
            Endpoint::Host(name) => {
                let host = self.hosts.get(name)?;
                Some(self.network(self.networks.get(&host.network)?, Some(Ipv4Net::from(host.address))))
            }
            Endpoint::Uplink(name) => self.uplink(name),
        }
    }

    fn network(&self, network: &Network, address: Option<Ipv4Net>) -> End {
        End { link: self.config.gateway_link(network), name: network.name.to_string(), address }
    }

    fn uplink(&self, name: &Name) -> Option<End> {
        let uplink = self.config.uplink(name)?;
        Some(End { link: uplink.ifname(), name: uplink.name.to_string(), address: None })
    }

    fn network_of(&self, address: Ipv4Addr) -> Option<End> {
        let (_, network) = self.subnets.range(..=address).next_back()?;
        network.address.subnet().contains(&address).then(|| self.network(network, None))
    }
}

fn service_rule(matches: &[Vec<Expr>; 2], service: &Service) -> Rule {
    let [first, second] = matches.clone();
    rule([first, second, ipv4(), l4proto(service.protocol), service.ports.map_or(Vec::new(), dport), accept()])
}

fn base(name: &str, kind: ChainKind, hook: Hook, priority: i32, drop: bool, rules: Vec<Rule>) -> Chain {
    Chain { name: name.to_owned(), base: Some(BaseChain { kind, hook, priority, drop }), rules }
}

fn verdicts(name: &str, fields: Vec<Field>, elements: impl IntoIterator<Item = (Vec<IfName>, Verdict)>) -> Set {
    let elements = elements.into_iter().map(|(links, verdict)| {
        let values: Vec<Value> = links.iter().map(Value::IfName).collect();
        (key(&values), Some(verdict))
    });
    Set { name: name.to_owned(), fields, verdicts: true, elements: elements.collect() }
}

#[expect(clippy::expect_used, reason = "both are constants or come out of a PortRange, which holds no zero")]
fn port(number: u16) -> PortRange {
    PortRange::new(number, number).expect("a port is not zero")
}

#[expect(clippy::expect_used, reason = "a constant of two letters")]
fn loopback() -> IfName {
    "lo".parse().expect("lo is a valid name")
}
