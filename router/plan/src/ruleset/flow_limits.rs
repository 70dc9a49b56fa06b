//! How many flows who may have, so that no network takes the table of them for itself alone.
//!
//! These are chains of the kind `nat`, for which the kernel calls them once a flow: at its first packet, when the policy has let it
//! through and before it is entered in the table. What is established, and what the router itself begins, sees none of it.
//!
//! Where a limit is reached nobody counts for a second: to count is to look for ended flows among all that were counted, which is dear in
//! a flood, and what is not let in need not be counted.

use super::{SRCNAT, base};
use crate::{
    Facts, FlowTable,
    flow_table::Lanes,
    leg::gateway_link,
    nft::{Chain, ChainKind, Dynamic, Field, Hook, Rule, Set, build::*},
};
use edge_config::{Config, Uplink};
use edge_net::IfName;
use std::time::Duration;

/// By interface: new flows that were dropped lately, because a share was used up.
pub const LIMITED: &str = "limited";
/// By interface and source address.
pub const LIMITED_SOURCES: &str = "limited-sources";
/// How long after the last one that is known.
pub const LATELY: Duration = Duration::from_secs(600);
/// How long nothing is counted.
const HOLD: Duration = Duration::from_secs(1);

const LINKS: &str = "limited-links";
const HELD: &str = "held";
const HELD_SOURCES: &str = "held-sources";
const COUNT: &str = "count-flow";
const REFUSE: &str = "refuse-flow";
/// Before the address is translated, which ends the chain.
const BEFORE_SRCNAT: i32 = SRCNAT - 1;
/// How many sources of a network's share are remembered.
const SOURCES_OF: u32 = 4;

const LINK: &[Source] = &[Source::Iifname];
const SOURCE: &[Source] = &[Source::Iifname, Source::IpSaddr];

/// A limit and the set that keeps it.
struct Limit {
    fields: Vec<Source>,
    set: String,
    size: u32,
    flows: u32,
    held: (&'static [Source], &'static str),
}

pub fn chains(config: &Config, facts: &Facts) -> Vec<Chain> {
    if links(config).is_empty() {
        return Vec::new();
    }
    let counted = || vec![rule([in_set(LINK, LINKS), jump(COUNT)])];
    let plain = |name: &str, rules| Chain { name: name.to_owned(), base: None, rules };
    vec![
        base("flows-through", ChainKind::Nat, Hook::Postrouting, BEFORE_SRCNAT, false, counted()),
        base("flows-to-router", ChainKind::Nat, Hook::Input, BEFORE_SRCNAT, false, counted()),
        plain(COUNT, count(&limits(config, facts))),
        plain(REFUSE, refuse()),
    ]
}

pub fn sets(config: &Config, facts: &Facts) -> Vec<Set> {
    let links = links(config);
    if links.is_empty() {
        return Vec::new();
    }
    let (limits, networks) = (limits(config, facts), room_for(links.len(), 1));
    let sources = limits.first().map_or(networks, |limit| limit.size);
    let mut sets = vec![
        Set {
            elements: links.iter().map(|link| (key(&[Value::IfName(link)]), None)).collect(),
            dynamic: None,
            ..dynamic(LINKS, LINK, 0, None)
        },
        dynamic(HELD, LINK, networks, Some(HOLD)),
        dynamic(HELD_SOURCES, SOURCE, sources, Some(HOLD)),
        dynamic(LIMITED, LINK, networks, Some(LATELY)),
        dynamic(LIMITED_SOURCES, SOURCE, sources, Some(LATELY)),
    ];
    sets.extend(limits.iter().map(|limit| dynamic(&limit.set, &limit.fields, limit.size, None)));
    sets
}

/// The narrowest first: who is held back there takes none of the wider ones.
fn limits(config: &Config, facts: &Facts) -> Vec<Limit> {
    let parties = links(config).len();
    let shares = facts.flows.shares(parties);
    let lanes = |name: &str, fields: &[Source], Lanes { count, each }: Lanes, parties: usize| Limit {
        fields: [fields, &[Source::Random(count)]].concat(),
        set: named(name, each),
        size: room_for(parties, count),
        flows: each,
        held: (LINK, HELD),
    };
    let source = Limit {
        fields: SOURCE.to_vec(),
        set: named("flows-of-source", shares.source),
        size: sources(facts.flows),
        flows: shares.source,
        held: (SOURCE, HELD_SOURCES),
    };
    let network = lanes("flows-of-network", LINK, shares.network, parties);
    let together = shares.together.map(|together| lanes("flows-together", &[], together, 1));
    [source, network].into_iter().chain(together).collect()
}

/// What was counted under one limit is still held to that: another limit is another set.
fn named(set: &str, flows: u32) -> String {
    format!("{set}-{flows}")
}

fn count(limits: &[Limit]) -> Vec<Rule> {
    let held = [(LINK, HELD), (SOURCE, HELD_SOURCES)].map(|(fields, set)| rule([in_set(fields, set), goto(REFUSE)]));
    let over = |limit: &Limit| {
        let (fields, set) = limit.held;
        rule([flows_over(&limit.fields, &limit.set, limit.flows), add(fields, set), goto(REFUSE)])
    };
    held.into_iter().chain(limits.iter().map(over)).collect()
}

/// A set that is full ends its rule, not the packet's way.
fn refuse() -> Vec<Rule> {
    vec![
        rule([count_by(LINK, LIMITED)]),
        rule([count_by(SOURCE, LIMITED_SOURCES)]),
        rule([drop()]).commented("its share of flows is used up"),
    ]
}

/// Where flows of others come from.
fn links(config: &Config) -> Vec<IfName> {
    let networks = config.networks.iter().map(|network| gateway_link(config, network));
    networks.chain(config.uplinks.iter().map(Uplink::ifname)).collect()
}

/// Of sources that are forged the first are remembered; all of them are held to their network's share.
fn sources(flows: FlowTable) -> u32 {
    (flows.max() / SOURCES_OF).max(1)
}

/// So that one network more seldom makes the set anew.
fn room_for(parties: usize, each: u32) -> u32 {
    let parties = u32::try_from(parties).unwrap_or(u32::MAX).checked_next_power_of_two().unwrap_or(u32::MAX);
    parties.saturating_mul(each)
}

fn dynamic(name: &str, fields: &[Source], size: u32, timeout: Option<Duration>) -> Set {
    let fields: Vec<Field> = fields.iter().map(|source| source.field()).collect();
    Set { name: name.to_owned(), fields, verdicts: false, elements: Default::default(), dynamic: Some(Dynamic { size, timeout }) }
}
