//! From any configuration to any other: the operations lead there, there is nothing left to do then, and the
//! old configuration leads back.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test ends where it fails")]

mod model;

use edge_config::Config;
use edge_lab::generate;
use edge_net::{IfName, derived};
use edge_plan::{Diff, Facts, Fate, Link, LinkKind, Object, Op, Owner, Section, Space, State, desired, diff, grouped, verdicts};
use proptest::prelude::*;
use std::collections::BTreeSet;

const DEVICES: [&str; 3] = [generate::TRUNK, generate::UPLINK_DEVICE, "eth9"];

fn config(seed: u64) -> Config {
    let text = generate::config(seed);
    edge_config::parse("generated.toml", &text).unwrap_or_else(|errors| panic!("{}\n{text}", errors.render(false)))
}

fn facts() -> Facts {
    Facts { machine: [7; 16], ..Facts::default() }
}

/// Carries the difference out and returns what was done.
fn bring(state: &mut State, config: &Config) -> Vec<Op> {
    let Diff { ops, .. } = diff(&desired(config, &facts()), state);
    model::apply(state, &ops);
    ops
}

/// All but what no configuration says: whether a device is up that is not used any longer, and a setting that is not wanted there.
fn but_for_leftovers(mut state: State, wanted: &State) -> State {
    for (space, state) in &mut state.spaces {
        let wanted = wanted.spaces.get(space);
        state.sysctls.retain(|sysctl, _| wanted.is_some_and(|wanted| wanted.sysctls.contains_key(sysctl)));
        state.links.values_mut().filter(|link| link.owner == Owner::Foreign).for_each(|link| link.up = true);
    }
    state
}

/// The configuration with something else in network `number`, or without it.
fn altered(seed: u64, number: u64, what: u64) -> String {
    let text = generate::config(seed);
    let header = format!("[[network]]\nname = \"n{number}\"\nvlan = {number}\n");
    match what {
        0 => text.replace(&header, &header.replace(&format!("vlan = {number}"), &format!("vlan = {}", 100 + number))),
        1 => text.replace(&header, &format!("{header}bridge = \"x{number}\"\n")),
        2 => text.replace(&format!("10.0.{number}.1/24"), &format!("10.0.{number}.9/24")),
        3 => text.replace(&header, &format!("[[network]]\nname = \"n{number}\"\nports = [\"eth9\"]\n")).replacen(
            &format!("ports = [\"eth9\"]\ntrunk = \"{}\"\n", generate::TRUNK),
            "ports = [\"eth9\"]\n",
            1,
        ),
        _ => text + "[[network]]\nname = \"n9\"\nports = [\"eth9\"]\naddress = \"10.0.99.1/24\"\n",
    }
}

fn links_of(config: &Config, name: &str) -> BTreeSet<IfName> {
    let Some(network) = config.networks.iter().find(|network| network.name.as_str() == name) else { return BTreeSet::new() };
    let tagged = network.tagged.iter().map(|tagged| derived::vlan(&tagged.trunk, tagged.vlan));
    let own = [network.bridge, derived::leg(&network.name), derived::leg_port(&network.name)];
    own.into_iter().chain(tagged).chain(network.ports.clone()).collect()
}

/// The links an operation writes to; none for the policy.
fn touched(op: &Op) -> Vec<IfName> {
    match op {
        Op::CreateLink { name, link: Link { kind, .. }, .. } | Op::DeleteLink { name, kind, .. } => {
            [name].into_iter().chain(kind.peer().map(|(_, peer)| peer)).cloned().collect()
        }
        Op::ChangeLink { name, .. } | Op::MoveLink { name, .. } => vec![*name],
        Op::AddAddress { address, .. } | Op::DeleteAddress { address, .. } => vec![address.link],
        Op::AddRoute { route, .. } | Op::DeleteRoute { route, .. } => vec![route.link],
        Op::SetTable { .. } | Op::SetFastPath { .. } => Vec::new(),
        other => panic!("no network has this to itself: {other:?}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_way_leads_there_and_back(from: u64, to: u64) {
        let mut state = model::machine(&DEVICES);
        bring(&mut state, &config(from));
        prop_assert_eq!(bring(&mut state, &config(from)), Vec::new(), "applied twice");
        let before = state.clone();

        bring(&mut state, &config(to));
        prop_assert_eq!(diff(&desired(&config(to), &facts()), &state), Diff::default());

        bring(&mut state, &config(from));
        let wanted = desired(&config(from), &facts());
        prop_assert_eq!(but_for_leftovers(state, &wanted), but_for_leftovers(before, &wanted), "not as before");
    }

    /// Other networks' links, addresses and routes are not written to, and the verdicts say so.
    #[test]
    fn a_change_in_one_network_touches_no_other(seed: u64, number in 1u64..6, what in 0u64..5) {
        let before = config(seed);
        let text = altered(seed, number, what);
        let after = edge_config::parse("altered.toml", &text).unwrap_or_else(|errors| panic!("{}\n{text}", errors.render(false)));
        let name = if what == 4 { "n9".to_owned() } else { format!("n{number}") };
        let mut state = model::machine(&DEVICES);
        bring(&mut state, &before);
        let wanted = desired(&after, &facts());
        let found = diff(&wanted, &state);
        let mine: BTreeSet<IfName> = links_of(&before, &name).union(&links_of(&after, &name)).cloned().collect();
        for op in &found.ops {
            prop_assert!(touched(op).iter().all(|link| mine.contains(link)), "{name} has nothing to do with {op:?}");
        }
        for group in grouped(verdicts(&wanted, &state, &found), &after, &before) {
            let may_change = match &group.section {
                Section::Part(one) => (one.word, &*one.name) == ("network", &*name),
                section => *section == Section::Policy,
            };
            let stays = group.verdicts.iter().all(|verdict| verdict.fate == Fate::Unchanged);
            prop_assert!(may_change || (stays && group.effects.is_empty()), "{group:#?}");
        }
    }

    /// What the operations touch has a verdict that says so, and nothing else has.
    #[test]
    fn the_verdicts_say_what_the_operations_do(from: u64, to: u64, without in 0..DEVICES.len() + 1) {
        let there: Vec<&str> = DEVICES.iter().copied().enumerate().filter(|(at, _)| *at != without).map(|(_, name)| name).collect();
        let mut state = model::machine(&there);
        bring(&mut state, &config(from));
        let wanted = desired(&config(to), &facts());
        let found = diff(&wanted, &state);
        let judged = verdicts(&wanted, &state, &found);
        let changed: BTreeSet<(&Space, &Object)> = judged
            .iter()
            .filter(|verdict| !matches!(verdict.fate, Fate::Unchanged | Fate::Waiting | Fate::Conflict))
            .map(|verdict| (&verdict.space, &verdict.object))
            .collect();
        let links: BTreeSet<IfName> = found.ops.iter().filter(|op| !matches!(op, Op::SetTable { .. } | Op::SetFastPath { .. } | Op::SetSysctl { .. } | Op::CreateNamespace(_) | Op::DeleteNamespace(_))).flat_map(touched).collect();
        let judged_links: BTreeSet<IfName> = changed.iter().filter_map(|(_, object)| match object {
            Object::Link(name) => Some(*name),
            Object::Address(address) => Some(address.link),
            Object::Route(route) => Some(route.link),
            _ => None,
        }).collect();
        prop_assert_eq!(links, judged_links);
        let tables = found.ops.iter().filter(|op| matches!(op, Op::SetTable { .. })).count();
        prop_assert_eq!(tables, changed.iter().filter(|(_, object)| matches!(object, Object::Table(_))).count());

        model::apply(&mut state, &found.ops);
        let left = diff(&wanted, &state);
        for verdict in verdicts(&wanted, &state, &left) {
            prop_assert!(matches!(verdict.fate, Fate::Unchanged | Fate::Waiting), "{verdict:?}");
            prop_assert_eq!(verdict.fate == Fate::Waiting, !verdict.reasons.is_empty());
        }
    }

    #[test]
    fn a_device_that_comes_late_makes_no_difference(seed: u64, which in 0..DEVICES.len()) {
        let config = config(seed);
        let mut whole = model::machine(&DEVICES);
        bring(&mut whole, &config);

        let absent: Vec<&str> = DEVICES.iter().copied().filter(|device| *device != DEVICES[which]).collect();
        let mut late = model::machine(&absent);
        bring(&mut late, &config);
        let host = late.spaces.get_mut(&Space::Host).unwrap();
        host.links.insert(DEVICES[which].parse().unwrap(), model::device());
        bring(&mut late, &config);
        prop_assert!(late == whole, "not the same");
    }

    #[test]
    fn nothing_of_ours_stays_behind(seed: u64) {
        let before = model::machine(&DEVICES);
        let mut state = before.clone();
        bring(&mut state, &config(seed));
        let ops = diff(&State::default(), &state).ops;
        model::apply(&mut state, &ops);
        let ours = state.spaces[&Space::Host].links.values().filter(|link| link.owner != Owner::Foreign).count();
        prop_assert_eq!(ours, 0);
        prop_assert_eq!(state.spaces.len(), 1);
        prop_assert!(state.spaces[&Space::Host].table.is_none());
        prop_assert_eq!(state.spaces[&Space::Host].links.len(), before.spaces[&Space::Host].links.len());
    }
}

/// A port that becomes a trunk is not a port any more in any way: its mark and its settings go, its frames stay.
#[test]
fn a_port_that_becomes_a_trunk_is_given_back() {
    let network = |device: &str| format!("[[network]]\nname = \"a\"\naddress = \"10.0.1.1/24\"\n{device}\n");
    let parse =
        |text: String| edge_config::parse("ports.toml", &text).unwrap_or_else(|errors| panic!("{}", errors.render(false)));
    let mut state = model::machine(&DEVICES);
    bring(&mut state, &parse(network("ports = [\"eth9\"]")));
    bring(&mut state, &parse(network("trunk = \"eth9\"\nvlan = 7")));
    assert_eq!(state.spaces[&Space::Host].links["eth9"], edge_plan::Link { up: true, ..model::device() });
}

/// `allow` in the middle of a life: one table, no link touched.
#[test]
fn a_new_allow_is_one_operation() {
    let text = include_str!("../../lab/scenarios/fire-truck/edge-router.toml");
    let parse =
        |text: &str| edge_config::parse("fire-truck.toml", text).unwrap_or_else(|errors| panic!("{}", errors.render(false)));
    let mut state = model::machine(&DEVICES);
    bring(&mut state, &parse(text));
    let more = format!("{text}\n[[allow]]\nfrom = \"vehicle\"\nto = \"equipment\"\n");
    let ops = bring(&mut state, &parse(&more));
    assert!(matches!(ops.as_slice(), [Op::SetTable { space: Space::Named(_), .. }]), "{ops:#?}");
}

/// Somebody else's link with the name of ours is left alone, and the rest is set up.
#[test]
fn a_foreign_link_of_the_same_name_is_a_conflict() {
    let text = include_str!("../../lab/scenarios/fire-truck/edge-router.toml");
    let config = edge_config::parse("fire-truck.toml", text).unwrap_or_else(|errors| panic!("{}", errors.render(false)));
    let mut state = model::machine(&DEVICES);
    let theirs = edge_plan::Link { kind: LinkKind::Bridge, ..model::device() };
    state.spaces.get_mut(&Space::Host).unwrap().links.insert("br0".parse().unwrap(), theirs.clone());
    let found = diff(&desired(&config, &facts()), &state);
    assert_eq!(found.conflicts.len(), 1);
    model::apply(&mut state, &found.ops);
    let host = &state.spaces[&Space::Host];
    assert_eq!(host.links["br0"], theirs);
    assert!(host.links.contains_key("br1"));
    assert_eq!(diff(&desired(&config, &facts()), &state).ops, Vec::new(), "and then there is nothing to do");
}

/// An untagged port that changes networks is out of the one before it is in the other, with the new policy in between.
#[test]
fn a_port_moves_by_way_of_no_bridge() {
    let with_port_in = |first: &str, second: &str| {
        let text = format!(
            "[[network]]\nname = \"a\"\naddress = \"10.0.1.1/24\"\nports = [{first}]\n[[network]]\nname = \"b\"\naddress = \"10.0.2.1/24\"\nports = [{second}]\n"
        );
        edge_config::parse("ports.toml", &text).unwrap_or_else(|errors| panic!("{}", errors.render(false)))
    };
    let mut state = model::machine(&DEVICES);
    bring(&mut state, &with_port_in("\"eth9\"", ""));
    let ops = bring(&mut state, &with_port_in("", "\"eth9\""));
    let masters: Vec<_> = ops
        .iter()
        .filter_map(|op| match op {
            Op::ChangeLink { to, .. } => Some(to.master.as_ref().map(|master| master.as_str())),
            _ => None,
        })
        .collect();
    assert_eq!(masters, [None, Some("br-b")], "{ops:#?}");
    bring(&mut state, &Config::default());
    assert_eq!(state.spaces[&Space::Host].links["eth9"].owner, Owner::Foreign);
}
