//! What leads from one table to another, each thing by itself: what stays is not named, so that it keeps its place and its counts.

use super::{BaseChain, Chain, Key, NftVerdict, Rule, Set, Table};
use similar::{Algorithm, DiffOp, capture_diff_slices};
use std::collections::{BTreeMap, BTreeSet};

/// One change of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Edit<'a> {
    /// Without its rules.
    AddChain(&'a Chain),
    /// Of a base chain that stays.
    SetPolicy(&'a Chain),
    /// Removes all rules of a chain.
    Flush(&'a Chain),
    /// `at` counts, from 0, the rules of the chain as it was before the first edit.
    DeleteRule {
        /// The chain's name.
        chain: &'a str,
        /// Which of its rules.
        at: usize,
    },
    /// Of a set or map that stays.
    DeleteElements {
        /// As it will be.
        set: &'a Set,
        /// Keys as in [`Set::elements`].
        keys: Vec<&'a Key>,
    },
    /// With all its elements; no rule looks in it any more.
    DeleteSet(&'a Set),
    /// Without its elements.
    AddSet(&'a Set),
    /// To a set or map that stays or was just made.
    AddElements {
        /// As it will be.
        set: &'a Set,
        /// Keys and verdicts as in [`Set::elements`].
        elements: Vec<(&'a Key, &'a Option<NftVerdict>)>,
    },
    /// Before a rule that stays, counted as in `DeleteRule`; `None`: after all that are there. `number` counts, from 1, the rules of the
    /// chain as it will be.
    AddRule {
        /// The chain's name.
        chain: &'a str,
        /// The rule it goes in front of.
        before: Option<usize>,
        /// Its place, where all edits are made.
        number: usize,
        /// The rule.
        rule: &'a Rule,
    },
    /// Without rules by then, and nothing leads to it any more.
    DeleteChain(&'a Chain),
}

/// The edits in an order in which nothing is named before it is there or removed while it is named: rules name sets and chains, elements
/// name chains. `outgrown` tells a set that was made for fewer elements and must be made anew to hold these.
///
/// `None`: the table must be made anew. It holds what these types cannot say, or differs in what the kernel cannot change: the table's
/// comment, or where a chain hangs.
pub fn edits<'a>(from: &'a Table, to: &'a Table, outgrown: impl Fn(&Set) -> bool) -> Option<Vec<Edit<'a>>> {
    let Differences { edits, anew } = differences(from, to, outgrown);
    (!anew).then_some(edits)
}

pub(super) struct Differences<'a> {
    pub edits: Vec<Edit<'a>>,
    /// They cannot be made one by one.
    pub anew: bool,
}

pub(super) fn differences<'a>(from: &'a Table, to: &'a Table, outgrown: impl Fn(&Set) -> bool) -> Differences<'a> {
    let sets = pairs(&from.sets, &to.sets, |set| &set.name);
    let stays =
        |was: &Set, is: &Set| (&was.fields, was.verdicts, was.dynamic) == (&is.fields, is.verdicts, is.dynamic) && !outgrown(is);
    let remade = sets.iter().filter_map(|pair| match pair {
        (Some(was), Some(is)) if !stays(was, is) => Some(is.name.as_str()),
        _ => None,
    });
    let mut script = Script { remade: remade.collect(), ..Script::default() };
    for pair in pairs(&from.chains, &to.chains, |chain| &chain.name) {
        script.chain(pair);
    }
    for pair in sets {
        script.set(pair);
    }
    let anew = script.moved || !from.foreign.is_empty() || from.comment != to.comment;
    Differences { edits: script.in_order(), anew }
}

#[derive(Default)]
struct Script<'a> {
    /// Sets that are removed and made anew, and every rule that looks in one with them.
    remade: BTreeSet<&'a str>,
    /// A chain hangs elsewhere.
    moved: bool,
    chains: Vec<Edit<'a>>,
    unrules: Vec<Edit<'a>>,
    unelements: Vec<Edit<'a>>,
    unsets: Vec<Edit<'a>>,
    sets: Vec<Edit<'a>>,
    elements: Vec<Edit<'a>>,
    rules: Vec<Edit<'a>>,
    unchains: Vec<Edit<'a>>,
}

impl<'a> Script<'a> {
    fn in_order(self) -> Vec<Edit<'a>> {
        let Self { chains, unrules, unelements, unsets, sets, elements, rules, unchains, .. } = self;
        [chains, unrules, unelements, unsets, sets, elements, rules, unchains].concat()
    }

    fn chain(&mut self, pair: Pair<'a, Chain>) {
        match pair {
            (Some(was), Some(is)) => {
                self.hang(was, is);
                self.change_rules(was, is);
            }
            (Some(gone), None) => {
                self.unrules.extend((!gone.rules.is_empty()).then_some(Edit::Flush(gone)));
                self.unchains.push(Edit::DeleteChain(gone));
            }
            (None, Some(new)) => {
                self.chains.push(Edit::AddChain(new));
                let rules = (1..).zip(&new.rules);
                self.rules.extend(rules.map(|(number, rule)| Edit::AddRule { chain: &new.name, before: None, number, rule }));
            }
            (None, None) => {}
        }
    }

    fn hang(&mut self, was: &Chain, is: &'a Chain) {
        let place = |base: BaseChain| BaseChain { drop: false, ..base };
        if was.base.map(place) != is.base.map(place) {
            self.moved = true;
        } else if was.base != is.base {
            self.chains.push(Edit::SetPolicy(is));
        }
    }

    fn change_rules(&mut self, was: &'a Chain, is: &'a Chain) {
        let loses_its_set = |rule: &Rule| rule.sets().any(|set| self.remade.contains(set));
        if was.rules == is.rules && !is.rules.iter().any(loses_its_set) {
            return;
        }
        // A rule that must go with its set is equal to none.
        let old: Vec<_> = was.rules.iter().map(|rule| (loses_its_set(rule), false, rule)).collect();
        let new: Vec<_> = is.rules.iter().map(|rule| (false, loses_its_set(rule), rule)).collect();
        let mut before = None;
        let mut added = Vec::new();
        for op in capture_diff_slices(Algorithm::Myers, &old, &new).into_iter().rev() {
            if let DiffOp::Equal { old_index, .. } = op {
                before = Some(old_index);
                continue;
            }
            self.unrules.extend(op.old_range().map(|at| Edit::DeleteRule { chain: &was.name, at }));
            let add = |index: usize| Edit::AddRule { chain: &is.name, before, number: index + 1, rule: &is.rules[index] };
            added.extend(op.new_range().rev().map(add));
        }
        self.rules.extend(added.into_iter().rev());
    }

    fn set(&mut self, (was, is): Pair<'a, Set>) {
        if let (Some(was), Some(is)) = (was, is)
            && !self.remade.contains(is.name.as_str())
        {
            let keys: Vec<_> = missing(is, was).map(|(key, _)| key).collect();
            self.unelements.extend((!keys.is_empty()).then_some(Edit::DeleteElements { set: is, keys }));
            return self.fill(is, missing(was, is).collect());
        }
        self.unsets.extend(was.map(Edit::DeleteSet));
        if let Some(is) = is {
            self.sets.push(Edit::AddSet(is));
            self.fill(is, is.elements.iter().collect());
        }
    }

    fn fill(&mut self, set: &'a Set, elements: Vec<(&'a Key, &'a Option<NftVerdict>)>) {
        if !elements.is_empty() {
            self.elements.push(Edit::AddElements { set, elements });
        }
    }
}

/// Those elements of a set that another lacks, or has with another value. Both are in the order of their keys, and thousands.
fn missing<'a>(from: &'a Set, of: &'a Set) -> impl Iterator<Item = (&'a Key, &'a Option<NftVerdict>)> {
    let mut others = from.elements.iter().peekable();
    of.elements.iter().filter(move |element| {
        while others.next_if(|(key, _)| *key < element.0).is_some() {}
        others.peek() != Some(element)
    })
}

/// What has the same name in the old table and in the new.
type Pair<'a, T> = (Option<&'a T>, Option<&'a T>);

/// In the order of the names.
fn pairs<'a, T>(from: &'a [T], to: &'a [T], name: fn(&T) -> &str) -> Vec<Pair<'a, T>> {
    let mut pairs: BTreeMap<&str, Pair<T>> = BTreeMap::new();
    for entry in from {
        pairs.entry(name(entry)).or_default().0 = Some(entry);
    }
    for entry in to {
        pairs.entry(name(entry)).or_default().1 = Some(entry);
    }
    pairs.into_values().collect()
}
