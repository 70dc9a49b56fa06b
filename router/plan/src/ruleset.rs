//! The policy as an nftables table.
//!
//! Every packet pays for one hash look-up in each chain, however many networks there are: verdict maps lead from the
//! interface, or from the pair of interfaces, to the rules that concern it.

mod claims;
mod crossings;
mod end;
mod flow_limits;
mod forwards;
mod inputs;
mod names;
mod spoofing;
mod unnamed;

use crate::{
    Facts, Space,
    nft::{BaseChain, Chain, ChainKind, Field, Hook, NftVerdict, Rule, Set, Table, build::*},
    policy::grants,
    router_space,
};
pub use claims::{CLAIMANTS, CLAIMANTS_KNOWN, bridge};
use crossings::Crossings;
use edge_config::Config;
use edge_net::IfName;
pub use flow_limits::{LATELY, LIMITED, LIMITED_SOURCES};
use forwards::forwards;
use inputs::Inputs;
use unnamed::Unnamed;
pub(crate) use unnamed::named;

/// The name of our tables, in the families `inet` and `bridge`.
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
    let grants = grants(config, facts);
    let (inputs, crossings) = (Inputs::of(config, &grants), Crossings::of(config, &grants));
    let unnamed = Unnamed::of(config, facts, &router_space(config));
    let mut chains = vec![
        base(
            "input",
            ChainKind::Filter,
            Hook::Input,
            FILTER,
            true,
            unnamed.input(input_rules(&unnamed), spoofing::to_inside(config, facts)),
        ),
        base("forward", ChainKind::Filter, Hook::Forward, FILTER, true, unnamed.forward(forward_rules())),
        base("forwards", ChainKind::Nat, Hook::Prerouting, DSTNAT, false, forwards(&grants, facts)),
        base("masquerading", ChainKind::Nat, Hook::Postrouting, SRCNAT, false, vec![masquerade_rule()]),
    ];
    chains.extend(spoofing::chains(config, facts));
    chains.extend(flow_limits::chains(config, facts));
    let mut sets = vec![
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
            dynamic: None,
        },
    ];
    sets.extend(spoofing::sets(config, facts));
    sets.extend(unnamed.set());
    sets.extend(flow_limits::sets(config, facts));
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
pub fn host(config: &Config, facts: &Facts) -> Table {
    let unnamed = Unnamed::of(config, facts, &Space::Host);
    let same_bridge = config.networks.iter().map(|n| (vec![n.bridge, n.bridge], NftVerdict::Accept));
    let mut sets = vec![
        verdicts("crossings", vec![Field::IfName, Field::IfName], same_bridge.clone()),
        verdicts(PASSAGES, vec![Field::IfName, Field::IfName], same_bridge),
    ];
    sets.extend(unnamed.set());
    Table {
        name: TABLE.to_owned(),
        comment: Some("made by edge-router; changes here are undone".to_owned()),
        chains: vec![
            base(
                "input",
                ChainKind::Filter,
                Hook::Input,
                FILTER,
                true,
                unnamed.input(input_rules(&unnamed)[..3].to_vec(), Vec::new()),
            ),
            base("forward", ChainKind::Filter, Hook::Forward, FILTER, true, unnamed.forward(forward_rules())),
        ],
        sets,
        foreign: Vec::new(),
    }
}

fn input_rules(unnamed: &Unnamed) -> Vec<Rule> {
    vec![
        rule([ct_state(&[CtState::Established, CtState::Related]), accept()]),
        rule([unnamed.came_by_named(), ct_state(&[CtState::Invalid]), drop()]),
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

fn masquerade_rule() -> Rule {
    rule([in_set(&[Source::Oifname], "masqueraded"), masquerade()])
}

fn base(name: &str, kind: ChainKind, hook: Hook, priority: i32, drop: bool, rules: Vec<Rule>) -> Chain {
    Chain { name: name.to_owned(), base: Some(BaseChain { kind, hook, priority, drop }), rules }
}

fn verdicts(name: &str, fields: Vec<Field>, elements: impl IntoIterator<Item = (Vec<IfName>, NftVerdict)>) -> Set {
    let elements = elements.into_iter().map(|(links, verdict)| {
        let values: Vec<Value> = links.iter().map(Value::IfName).collect();
        (key(&values), Some(verdict))
    });
    Set { name: name.to_owned(), fields, verdicts: true, elements: elements.collect(), dynamic: None }
}

#[expect(clippy::expect_used, reason = "a constant of two letters")]
fn loopback() -> IfName {
    "lo".parse().expect("lo is a valid name")
}
