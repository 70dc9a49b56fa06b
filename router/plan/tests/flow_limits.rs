//! Whose flows are limited, and what that takes of the table.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test ends where it fails")]

use edge_plan::{
    Facts, desired,
    nft::{Chain, ChainKind, Expr, Hook, Rule, Stateful, Table, edits},
};
use std::fmt::Write;

const PLACES: &[Hook] = &[Hook::Postrouting, Hook::Input];

/// So many networks and an uplink.
fn table(networks: usize) -> Table {
    let mut text =
        "[[uplink]]\nname = \"wan\"\ndevice = \"u0\"\naddress = \"192.168.50.2/24\"\ngateway = \"192.168.50.1\"\n".to_owned();
    for n in 1..=networks {
        let subnet = format!("10.{}.{}", n / 256, n % 256);
        write!(text, "[[network]]\nname = \"n{n}\"\nvlan = {n}\ntrunk = \"t0\"\naddress = \"{subnet}.1/24\"\n").unwrap();
    }
    let config = edge_config::parse("limits.toml", &text).unwrap_or_else(|errors| panic!("{}", errors.render(false)));
    let spaces = desired(&config, &Facts::default()).spaces;
    Table::clone(spaces.into_values().find_map(|space| space.table).as_ref().unwrap())
}

fn chain<'a>(table: &'a Table, name: &str) -> &'a Chain {
    table.chains.iter().find(|chain| chain.name == name).unwrap()
}

fn limits(table: &Table) -> Vec<u32> {
    let of = |rule: &Rule| {
        rule.expressions.iter().find_map(|part| match part {
            Expr::Dynset { with: Some(Stateful::FlowsOver(flows)), .. } => Some(*flows),
            _ => None,
        })
    };
    chain(table, "count-flow").rules.iter().filter_map(of).collect()
}

/// The kernel calls a nat chain once a flow, before the address is translated; and never for what the router begins, which came in by
/// no interface.
#[test]
fn a_flow_is_counted_once_where_it_begins_and_came_in_from_somewhere() {
    let table = table(3);
    let counts = |chain: &&Chain| chain.rules.iter().any(|rule| rule.sets().any(|set| set == "limited-links"));
    let bases: Vec<_> = table.chains.iter().filter(counts).map(|chain| chain.base.unwrap()).collect();
    assert_eq!(bases.iter().map(|base| base.hook).collect::<Vec<_>>(), PLACES);
    assert!(bases.iter().all(|base| base.kind == ChainKind::Nat && base.priority < 100 && !base.drop), "{bases:?}");
    let links = table.sets.iter().find(|set| set.name == "limited-links").unwrap();
    let names: Vec<_> = links.elements.keys().map(|key| String::from_utf8_lossy(key).trim_end_matches('\0').to_owned()).collect();
    assert_eq!(names, ["br-n1", "br-n2", "br-n3", "u0"]);
}

#[test]
fn no_network_takes_a_rule_of_its_own() {
    let [few, many] = [table(9), table(1000)];
    assert_eq!((limits(&few).len(), &chain(&few, "count-flow").rules), (3, &chain(&many, "count-flow").rules));
    assert_eq!(limits(&table(1)).len(), 2, "their shares together are all there is");
}

#[test]
fn one_network_more_seldom_changes_the_shares_of_all() {
    let counted = |from, to| {
        let (from, to) = (table(from), table(to));
        let touches = |edit: &_| format!("{edit:?}").contains("flows-of");
        edits(&from, &to, |_| false).unwrap().iter().any(touches)
    };
    assert_eq!(
        [(100, 101), (600, 601), (4, 5), (2, 3), (3, 4)].map(|(from, to)| counted(from, to)),
        [false, false, false, false, true]
    );
}

/// An element keeps the limit that it was made with.
#[test]
fn another_limit_is_another_set() {
    let [few, many] = [table(1), table(9)];
    let sets = |table: &Table| -> Vec<String> {
        table.sets.iter().map(|set| set.name.clone()).filter(|name| name.starts_with("flows-")).collect()
    };
    for (limit, set) in limits(&few).iter().zip(sets(&few)).chain(limits(&many).iter().zip(sets(&many))) {
        assert!(set.ends_with(&format!("-{limit}")), "{set} {limit}");
    }
    assert_ne!(sets(&few), sets(&many));
}
