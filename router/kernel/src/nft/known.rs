use super::set;
use edge_plan::nft::{Edit, Key, Set, Table};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

/// A table as it was listed, with what the plan does not speak of. True for as long as the ruleset's generation is the same.
pub struct Known {
    pub generation: u32,
    pub table: Arc<Table>,
    /// Of the rules of each chain, in their order.
    pub handles: HashMap<String, Vec<u64>>,
    /// How many elements each set has room for.
    pub capacities: HashMap<String, usize>,
}

/// What a transaction has touched.
#[derive(Default)]
pub struct Touched<'a> {
    pub chains: BTreeSet<&'a str>,
    /// Each set's elements by their key.
    pub elements: BTreeMap<&'a str, BTreeSet<&'a Key>>,
}

impl Known {
    /// Rules are counted from 0. There is one for every rule of the table.
    pub fn handle(&self, chain: &str, at: usize) -> u64 {
        // A handle of 0 is no rule's, and the kernel refuses it.
        self.handles.get(chain).and_then(|handles| handles.get(at)).copied().unwrap_or(0)
    }

    pub fn is_outgrown(&self, set: &Set) -> bool {
        self.capacities.get(&set.name).is_some_and(|capacity| set.elements.len() > *capacity)
    }

    /// The table is `wanted` now; of chains that were touched the handles are `handles`.
    pub fn after_commit(
        mut self,
        generation: u32,
        wanted: &Arc<Table>,
        handles: HashMap<String, Vec<u64>>,
        edits: &[Edit],
    ) -> Self {
        self.handles.extend(handles);
        for edit in edits {
            match edit {
                Edit::DeleteChain(chain) => drop(self.handles.remove(&chain.name)),
                Edit::DeleteSet(set) => drop(self.capacities.remove(&set.name)),
                Edit::AddSet(set) => drop(self.capacities.insert(set.name.clone(), set::capacity(set))),
                _ => {}
            }
        }
        Self { generation, table: Arc::clone(wanted), ..self }
    }
}

impl<'a> Touched<'a> {
    pub fn by(edits: &[Edit<'a>]) -> Self {
        let mut touched = Self::default();
        for edit in edits {
            match edit {
                Edit::AddChain(chain) | Edit::SetPolicy(chain) => drop(touched.chains.insert(&chain.name)),
                Edit::DeleteRule { chain, .. } | Edit::AddRule { chain, .. } => drop(touched.chains.insert(chain)),
                Edit::DeleteElements { set, keys } => touched.elements.entry(&set.name).or_default().extend(keys),
                Edit::AddElements { set, elements } => {
                    touched.elements.entry(&set.name).or_default().extend(elements.iter().map(|(key, _)| *key));
                }
                Edit::Flush(_) | Edit::DeleteChain(_) | Edit::AddSet(_) | Edit::DeleteSet(_) => {}
            }
        }
        touched
    }

    pub fn count(&self) -> usize {
        self.chains.len() + self.elements.values().map(BTreeSet::len).sum::<usize>()
    }
}
