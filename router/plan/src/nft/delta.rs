//! How two tables differ, named and counted: what people are shown of a change of the policy.

use super::{
    Edit, Table,
    edit::{Differences, differences},
};
use std::collections::BTreeMap;

/// All empty when the tables are equal. Every list is in the order of the names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TableDelta {
    /// The table is made, removed, or made anew: nothing of the old one stays in place, and counters begin at 0.
    pub whole: bool,
    /// Names of chains that come.
    pub chains_added: Vec<String>,
    /// Names of chains that go.
    pub chains_removed: Vec<String>,
    /// Chains that stay and are changed.
    pub chains_changed: Vec<ChainDelta>,
    /// Names of sets and maps that come.
    pub sets_added: Vec<String>,
    /// Names of sets and maps that go.
    pub sets_removed: Vec<String>,
    /// Of all sets and maps, those added and removed included.
    pub elements: Vec<ElementsDelta>,
    /// What somebody put into the table by hand that the configuration has no words for; it goes.
    pub foreign_removed: Vec<String>,
}

/// A chain that stays. A rule that differs counts as one removed and one added.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChainDelta {
    /// The chain's.
    pub name: String,
    /// How many come.
    pub rules_added: usize,
    /// How many go.
    pub rules_removed: usize,
    /// What becomes of a packet that no rule matches.
    pub policy_changed: bool,
}

/// An element whose verdict differs counts as one removed and one added.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ElementsDelta {
    /// The set's or map's name.
    pub set: String,
    /// How many come.
    pub added: usize,
    /// How many go.
    pub removed: usize,
}

impl TableDelta {
    /// `None`: there is no table.
    pub fn between(from: Option<&Table>, to: Option<&Table>) -> Self {
        let nothing = Table::default();
        let Differences { edits, anew } = differences(from.unwrap_or(&nothing), to.unwrap_or(&nothing), |_| false);
        let mut delta = Self { whole: from != to && (anew || from.is_none() || to.is_none()), ..Self::default() };
        let (mut chains, mut elements) = (BTreeMap::<&str, ChainDelta>::new(), BTreeMap::<&str, ElementsDelta>::new());
        for edit in &edits {
            match edit {
                Edit::AddChain(chain) => delta.chains_added.push(chain.name.clone()),
                Edit::DeleteChain(chain) => delta.chains_removed.push(chain.name.clone()),
                Edit::SetPolicy(chain) => chains.entry(&chain.name).or_default().policy_changed = true,
                Edit::DeleteRule { chain, .. } => chains.entry(chain).or_default().rules_removed += 1,
                Edit::AddRule { chain, .. } => chains.entry(chain).or_default().rules_added += 1,
                Edit::AddSet(set) => delta.sets_added.push(set.name.clone()),
                Edit::DeleteSet(set) => {
                    delta.sets_removed.push(set.name.clone());
                    elements.entry(&set.name).or_default().removed += set.elements.len();
                }
                Edit::AddElements { set, elements: new } => elements.entry(&set.name).or_default().added += new.len(),
                Edit::DeleteElements { set, keys } => elements.entry(&set.name).or_default().removed += keys.len(),
                // Said by the chain's removal.
                Edit::Flush(_) => {}
            }
        }
        let is_new = |name: &str| delta.chains_added.binary_search_by(|added| added.as_str().cmp(name)).is_ok();
        let changed = chains.into_iter().filter(|(name, _)| !is_new(name));
        delta.chains_changed = changed.map(|(name, chain)| ChainDelta { name: name.to_owned(), ..chain }).collect();
        let elements = elements.into_iter().filter(|(_, set)| set.added + set.removed > 0);
        delta.elements = elements.map(|(name, set)| ElementsDelta { set: name.to_owned(), ..set }).collect();
        delta.foreign_removed = from.map_or(Vec::new(), |table| table.foreign.clone());
        delta
    }

    /// Whether nothing differs.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}
