//! From any table to any other by single edits: a table in memory that is as strict as the kernel's takes them all, what stays is not
//! named, and what people are told of them counts the same.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test ends where it fails")]

use edge_lab::generate;
use edge_plan::{
    Facts, TABLE, desired,
    nft::{BaseChain, Chain, ChainKind, Edit, Expr, Field, Hook, Key, NftVerdict, Rule, Set, Table, TableDelta, edits},
};
use proptest::{collection, option, prelude::*, sample::select};
use std::collections::{BTreeMap, BTreeSet};

const CHAINS: [&str; 4] = ["a", "b", "c", "d"];
const SETS: [&str; 3] = ["s", "t", "m"];

/// A chain as the kernel has it: its rules by handle.
struct Live {
    base: Option<BaseChain>,
    rules: Vec<(usize, Rule)>,
}

/// The kernel in memory, refusing what it refuses: names of what is not there, and removing what is still named.
struct Kernel {
    table: Table,
    chains: BTreeMap<String, Live>,
    /// The rules of each chain as they were, by handle.
    handles: BTreeMap<String, Vec<usize>>,
    next: usize,
}

impl Kernel {
    fn with(table: &Table) -> Self {
        let mut next = 0;
        let mut numbered = |rule: &Rule| {
            next += 1;
            (next, rule.clone())
        };
        let live = |chain: &Chain| Live { base: chain.base, rules: chain.rules.iter().map(&mut numbered).collect() };
        let chains: BTreeMap<String, Live> =
            table.chains.iter().map(|chain| chain.name.clone()).zip(table.chains.iter().map(live)).collect();
        let handles = chains.iter().map(|(name, chain)| (name.clone(), chain.rules.iter().map(|(handle, _)| *handle).collect()));
        Self { table: Table { chains: Vec::new(), ..table.clone() }, handles: handles.collect(), chains, next }
    }

    fn table(&self) -> Table {
        let chain = |(name, live): (&String, &Live)| {
            let rules = live.rules.iter().map(|(_, rule)| rule.clone()).collect();
            Chain { name: name.clone(), base: live.base, rules }
        };
        Table { chains: self.chains.iter().map(chain).collect(), ..self.table.clone() }
    }

    fn make(&mut self, edit: &Edit) {
        match edit {
            Edit::AddChain(chain) => {
                let live = Live { base: chain.base, rules: Vec::new() };
                assert!(self.chains.insert(chain.name.clone(), live).is_none(), "{edit:?}: is there already");
            }
            Edit::SetPolicy(chain) => self.chain(&chain.name).base = chain.base,
            Edit::Flush(chain) => self.chain(&chain.name).rules.clear(),
            Edit::DeleteRule { chain, at } => {
                let handle = self.handles[*chain][*at];
                let rules = &mut self.chain(chain).rules;
                let place = rules.iter().position(|(found, _)| *found == handle).expect("no such rule");
                rules.remove(place);
            }
            Edit::AddRule { chain, before, number: _, rule } => {
                self.next += 1;
                let added = (self.next, (*rule).clone());
                assert!(rule.sets().all(|name| self.table.sets.iter().any(|set| set.name == name)), "{edit:?}: no such set");
                assert!(targets(rule).all(|target| self.chains.contains_key(target)), "{edit:?}: no such chain");
                let handle = before.map(|at| self.handles[*chain][at]);
                let rules = &mut self.chain(chain).rules;
                let end = rules.len();
                let place =
                    handle.map_or(end, |handle| rules.iter().position(|(found, _)| *found == handle).expect("no such rule"));
                rules.insert(place, added);
            }
            Edit::AddSet(set) => {
                assert!(self.table.sets.iter().all(|found| found.name != set.name), "{edit:?}: is there already");
                self.table.sets.push(Set { elements: BTreeMap::new(), ..(*set).clone() });
            }
            Edit::DeleteSet(set) => {
                assert!(self.rules().all(|rule| rule.sets().all(|name| name != set.name)), "{edit:?}: a rule looks in it");
                self.table.sets.retain(|found| found.name != set.name);
            }
            Edit::AddElements { set, elements } => {
                for (key, value) in elements {
                    let target = value.as_ref().and_then(target);
                    assert!(target.is_none_or(|target| self.chains.contains_key(target)), "{edit:?}: no such chain");
                    assert!(
                        self.set(set).elements.insert((*key).clone(), (*value).clone()).is_none(),
                        "{edit:?}: is there already"
                    );
                }
            }
            Edit::DeleteElements { set, keys } => {
                keys.iter().for_each(|key| drop(self.set(set).elements.remove(*key).expect("no such element")));
            }
            Edit::DeleteChain(chain) => {
                assert!(self.rules().flat_map(targets).all(|target| target != chain.name), "{edit:?}: a rule leads there");
                let mut values = self.table.sets.iter().flat_map(|set| set.elements.values().flatten());
                assert!(values.all(|verdict| target(verdict) != Some(&chain.name)), "{edit:?}: an element leads there");
                assert_eq!(self.chains.remove(&chain.name).expect("no such chain").rules, []);
            }
        }
    }

    fn chain(&mut self, name: &str) -> &mut Live {
        self.chains.get_mut(name).expect("no such chain")
    }

    fn set(&mut self, set: &Set) -> &mut Set {
        self.table.sets.iter_mut().find(|found| found.name == set.name).expect("no such set")
    }

    fn rules(&self) -> impl Iterator<Item = &Rule> {
        self.chains.values().flat_map(|chain| chain.rules.iter().map(|(_, rule)| rule))
    }
}

fn target(verdict: &NftVerdict) -> Option<&str> {
    match verdict {
        NftVerdict::Jump(to) | NftVerdict::Goto(to) => Some(to),
        NftVerdict::Accept | NftVerdict::Drop | NftVerdict::Return => None,
    }
}

fn targets(rule: &Rule) -> impl Iterator<Item = &str> {
    rule.expressions.iter().filter_map(|part| if let Expr::Verdict(verdict) = part { target(verdict) } else { None })
}

/// Makes the edits and looks what came of it.
fn follow(from: &Table, to: &Table, outgrown: &dyn Fn(&Set) -> bool) -> Option<Vec<String>> {
    let edits = edits(from, to, outgrown)?;
    let mut kernel = Kernel::with(from);
    edits.iter().for_each(|edit| kernel.make(edit));
    assert_eq!(&kernel.table(), to);
    Some(edits.iter().map(|edit| format!("{edit:?}")).collect())
}

/// Whose names are all there: what leads nowhere is left out.
fn whole(mut table: Table) -> Table {
    let chains: BTreeSet<String> = table.chains.iter().map(|chain| chain.name.clone()).collect();
    let sets: BTreeSet<String> = table.sets.iter().map(|set| set.name.clone()).collect();
    for chain in &mut table.chains {
        chain.rules.retain(|rule| rule.sets().all(|set| sets.contains(set)) && targets(rule).all(|chain| chains.contains(chain)));
    }
    for set in &mut table.sets {
        set.elements.retain(|_, value| value.as_ref().and_then(target).is_none_or(|chain| chains.contains(chain)));
    }
    table
}

fn table() -> impl Strategy<Value = Table> {
    let verdict = || {
        let chain = || select(CHAINS.to_vec()).prop_map(str::to_owned);
        prop_oneof![
            Just(NftVerdict::Accept),
            Just(NftVerdict::Return),
            chain().prop_map(NftVerdict::Jump),
            chain().prop_map(NftVerdict::Goto)
        ]
    };
    let part = prop_oneof![
        3 => (0..3u8).prop_map(|data| Expr::Cmp { register: 0, equal: true, data: [data][..].into() }),
        1 => select(SETS.to_vec()).prop_map(|set| Expr::Lookup { register: 0, set: set.to_owned(), verdict: false }),
        2 => verdict().prop_map(Expr::Verdict),
    ];
    let rule = collection::vec(part, 1..3).prop_map(|expressions| Rule { expressions, comment: None });
    let base = (select(vec![Hook::Input, Hook::Forward]), any::<bool>());
    let base = base.prop_map(|(hook, drop)| BaseChain { kind: ChainKind::Filter, hook, priority: 0, drop });
    let chain = (prop_oneof![4 => Just(None), 1 => base.prop_map(Some)], collection::vec(rule, 0..6));
    let elements = collection::btree_map((0..6u8).prop_map(|byte| Key::from_elem(byte, 4)), option::of(verdict()), 0..5);
    let set = (select(vec![Field::Ipv4, Field::Ipv4, Field::Ipv4, Field::Port]), elements);
    let chains = collection::btree_map(select(CHAINS.to_vec()), chain, 0..4);
    (chains, collection::btree_map(select(SETS.to_vec()), set, 0..3)).prop_map(|(chains, sets)| {
        let chain = |(name, (base, rules)): (&str, _)| Chain { name: name.to_owned(), base, rules };
        let set = |(name, (field, elements)): (&str, _)| Set {
            name: name.to_owned(),
            fields: vec![field],
            verdicts: true,
            elements,
            dynamic: None,
        };
        whole(Table {
            name: TABLE.to_owned(),
            chains: chains.into_iter().map(chain).collect(),
            sets: sets.into_iter().map(set).collect(),
            ..Table::default()
        })
    })
}

/// What the rules of a configuration are.
fn policy(seed: u64) -> Table {
    let text = generate::config(seed);
    let config = edge_config::parse("generated.toml", &text).unwrap_or_else(|errors| panic!("{}\n{text}", errors.render(false)));
    let spaces = desired(&config, &Facts::default()).spaces;
    let tables = spaces.into_values().filter_map(|space| space.table);
    Table::clone(&tables.max_by_key(|table| table.chains.len()).unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn edits_lead_from_any_table_to_any_other(from in table(), to in table(), outgrown: [bool; 3]) {
        let outgrown = |set: &Set| outgrown[SETS.iter().position(|name| *name == set.name).unwrap()];
        let hang = |table: &Table| table.chains.iter().map(|chain| (chain.name.clone(), chain.base.map(|base| base.hook))).collect::<BTreeMap<_, _>>();
        let (before, after) = (hang(&from), hang(&to));
        let moved = before.iter().any(|(name, hook)| after.get(name).is_some_and(|now| now != hook));
        prop_assert_eq!(follow(&from, &to, &outgrown).is_none(), moved);
        prop_assert_eq!(edits(&to, &to, |_| false), Some(Vec::new()));
    }

    #[test]
    fn one_policy_leads_to_any_other(from: u64, to: u64) {
        let (from, to) = (policy(from), policy(to));
        prop_assert!(follow(&from, &to, &|_| false).is_some());
        prop_assert!(follow(&from, &to, &|_| true).is_some());
    }

    #[test]
    fn what_is_told_counts_the_edits(from in table(), to in table()) {
        let delta = TableDelta::between(Some(&from), Some(&to));
        prop_assert_eq!(delta.is_empty(), from == to);
        let count = |table: &Table| table.sets.iter().map(|set| set.elements.len()).sum::<usize>();
        let (added, removed) = delta.elements.iter().fold((0, 0), |sum, set| (sum.0 + set.added, sum.1 + set.removed));
        prop_assert_eq!(count(&from) + added, count(&to) + removed);
        prop_assert_eq!(from.chains.len() + delta.chains_added.len(), to.chains.len() + delta.chains_removed.len());
        prop_assert!(TableDelta::between(None, Some(&to)).whole && TableDelta::between(Some(&to), None).whole);
    }
}

#[test]
fn only_what_differs_is_named() {
    let rule = |byte| Rule { expressions: vec![Expr::Cmp { register: 0, equal: true, data: [byte][..].into() }], comment: None };
    let chain =
        |name: &str, rules: &[u8]| Chain { name: name.to_owned(), base: None, rules: rules.iter().copied().map(rule).collect() };
    let set = |keys: &[u8]| {
        let elements = keys.iter().map(|key| (Key::from_elem(*key, 4), Some(NftVerdict::Accept))).collect();
        Set { name: "s".to_owned(), fields: vec![Field::Ipv4], verdicts: true, elements, dynamic: None }
    };
    let from =
        Table { chains: vec![chain("a", &[1, 2, 3, 4]), chain("b", &[1])], sets: vec![set(&[1, 2, 3])], ..Table::default() };
    let to =
        Table { chains: vec![chain("a", &[1, 5, 3, 4, 6]), chain("c", &[])], sets: vec![set(&[2, 3, 4])], ..Table::default() };
    let (gone, come) = (Key::from_elem(1, 4), Key::from_elem(4, 4));
    let verdict = Some(NftVerdict::Accept);
    let wanted = vec![
        Edit::AddChain(&to.chains[1]),
        Edit::DeleteRule { chain: "a", at: 1 },
        Edit::Flush(&from.chains[1]),
        Edit::DeleteElements { set: &to.sets[0], keys: vec![&gone] },
        Edit::AddElements { set: &to.sets[0], elements: vec![(&come, &verdict)] },
        Edit::AddRule { chain: "a", before: Some(2), number: 2, rule: &to.chains[0].rules[1] },
        Edit::AddRule { chain: "a", before: None, number: 5, rule: &to.chains[0].rules[4] },
        Edit::DeleteChain(&from.chains[1]),
    ];
    assert_eq!(edits(&from, &to, |_| false), Some(wanted));
}

#[test]
fn what_the_kernel_cannot_change_is_made_anew() {
    let table = Table { name: TABLE.to_owned(), ..Table::default() };
    let commented = Table { comment: Some("older".to_owned()), ..table.clone() };
    let edited = Table { foreign: vec!["flowtable more".to_owned()], ..table.clone() };
    for from in [commented, edited] {
        assert_eq!(edits(&from, &table, |_| false), None);
        let delta = TableDelta::between(Some(&from), Some(&table));
        assert!(delta.whole);
        assert_eq!(delta.foreign_removed, from.foreign);
    }
}
