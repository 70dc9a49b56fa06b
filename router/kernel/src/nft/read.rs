//! Reading a table, whole or what of it was touched.

use super::{
    ATTEMPTS, NFTA_TABLE, Nft, NftError, chain,
    known::{Known, Touched},
    message, rule, set, userdata,
};
use crate::nfnetlink::{self, Attributes, Malformed};
use edge_plan::nft::{Chain, Edit, Key, NftVerdict, Rule, Set, Table};
use std::{collections::HashMap, sync::Arc};

const NFTA_TABLE_FLAGS: u16 = 2;
const NFTA_TABLE_USERDATA: u16 = 6;
const NFTA_TABLE_OWNER: u16 = 7;
/// Of objects and flowtables alike.
const NFTA_OBJ_NAME: u16 = 2;
/// Where more than this was touched, the whole table is read again: with one request a kind instead of one for each.
const MAX_TOUCHED: usize = 500;

impl Nft {
    /// As the kernel has it at one moment; `None` when there is none. A reading holds until the ruleset's generation is another: then no
    /// transaction of anybody has come between.
    pub(super) fn known(&mut self, name: &str) -> Result<Option<Known>, NftError> {
        let known = self.known.take();
        for _ in 0..ATTEMPTS {
            let before = self.generation()?;
            if known.as_ref().is_some_and(|known| known.generation == before && known.table.name == name) {
                return Ok(known);
            }
            let read = self.read(name, before)?;
            if self.generation()? == before {
                return Ok(read);
            }
        }
        Err(NftError::Busy)
    }

    pub(super) fn is_there(&mut self, table: &str) -> Result<bool, nfnetlink::NfnetlinkError> {
        let found = self.socket.get(message::GETTABLE, self.family, |writer| writer.string(NFTA_TABLE, table), |_| Ok(()))?;
        Ok(found.is_some())
    }

    fn read(&mut self, name: &str, generation: u32) -> Result<Option<Known>, nfnetlink::NfnetlinkError> {
        let Some(mut table) = self.bare(name)? else { return Ok(None) };
        sort(self.list(message::GETCHAIN, name, chain::read)?, &mut table.chains, &mut table.foreign);
        let mut sets = Vec::new();
        sort(self.list(message::GETSET, name, set::read)?, &mut sets, &mut table.foreign);
        let capacities = sets.iter().map(|(set, capacity)| (set.name.clone(), *capacity)).collect();
        table.sets = sets.into_iter().map(|(set, _)| set).collect();
        for (kind, what) in [(message::GETOBJ, "object"), (message::GETFLOWTABLE, "flowtable")] {
            let decode = |a: Attributes| Ok(format!("{what} {}", a.string(NFTA_OBJ_NAME).unwrap_or_default()));
            table.foreign.extend(self.list(kind, name, decode)?);
        }
        let handles = self.read_rules(&mut table)?;
        for set in table.sets.iter_mut().filter(|set| set.dynamic.is_none()) {
            let body = |writer: &mut nfnetlink::Writer| set::name(writer, name, &set.name);
            let decode = |a: Attributes| set::read_elements(a, set).map(Some);
            for element in self.socket.dump(message::GETSETELEM, self.family, body, decode)?.into_iter().flatten() {
                match element {
                    Ok((key, verdict)) => drop(set.elements.insert(key, verdict)),
                    Err(foreign) => table.foreign.push(foreign),
                }
            }
        }
        Ok(Some(Known { generation, table: Arc::new(table), handles, capacities }))
    }

    /// The table without what is in it.
    fn bare(&mut self, name: &str) -> Result<Option<Table>, nfnetlink::NfnetlinkError> {
        let decode = |a: Attributes| {
            let mut foreign = Vec::new();
            if a.u32(NFTA_TABLE_FLAGS).unwrap_or(0) != 0 || a.get(NFTA_TABLE_OWNER).is_some() {
                foreign.push("the table's flags".to_owned());
            }
            let comment = a.get(NFTA_TABLE_USERDATA).and_then(userdata::comment);
            Ok(Table { name: name.to_owned(), comment, foreign, ..Table::default() })
        };
        self.socket.get(message::GETTABLE, self.family, |writer| writer.string(NFTA_TABLE, name), decode)
    }

    /// Puts the rules into the table's chains; their handles by chain.
    fn read_rules(&mut self, table: &mut Table) -> Result<HashMap<String, Vec<u64>>, nfnetlink::NfnetlinkError> {
        let mut rules: HashMap<String, (Vec<u64>, Vec<Rule>)> = HashMap::new();
        for rule::ListedRule { chain, handle, rule } in self.list(message::GETRULE, &table.name, rule::read)? {
            let (handles, rules) = rules.entry(chain).or_default();
            handles.push(handle);
            rules.push(rule);
        }
        let mut handles = HashMap::new();
        for chain in &mut table.chains {
            if let Some((numbers, rules)) = rules.remove(&chain.name) {
                chain.rules = rules;
                handles.insert(chain.name.clone(), numbers);
            }
        }
        Ok(handles)
    }

    /// The reading after these edits, when what they touched is as it is wanted and nobody else's change came after.
    pub(super) fn known_after(&mut self, known: Known, wanted: &Arc<Table>, edits: &[Edit]) -> Result<Option<Known>, NftError> {
        let touched = Touched::by(edits);
        let few = touched.count() <= MAX_TOUCHED;
        let Some(handles) = few.then(|| self.verify(&touched, wanted)).transpose()?.flatten() else { return Ok(None) };
        let generation = known.generation.wrapping_add(1);
        Ok((self.generation()? == generation).then(|| known.after_commit(generation, wanted, handles, edits)))
    }

    /// Looks at what was touched: the handles of the chains' rules when all of it is as in `wanted`.
    pub(super) fn verify(
        &mut self,
        touched: &Touched,
        wanted: &Table,
    ) -> Result<Option<HashMap<String, Vec<u64>>>, nfnetlink::NfnetlinkError> {
        let mut handles = HashMap::new();
        let chains = wanted.chains.iter().filter(|chain| touched.chains.contains(chain.name.as_str()));
        for chain in chains {
            let Some(found) = self.verify_chain(chain, &wanted.name)? else { return Ok(None) };
            handles.insert(chain.name.clone(), found);
        }
        for set in &wanted.sets {
            for key in touched.elements.get(set.name.as_str()).into_iter().flatten() {
                if self.element(&wanted.name, set, key)?.as_ref() != set.elements.get(*key) {
                    return Ok(None);
                }
            }
        }
        Ok(Some(handles))
    }

    fn verify_chain(&mut self, chain: &Chain, table: &str) -> Result<Option<Vec<u64>>, nfnetlink::NfnetlinkError> {
        let body = |writer: &mut nfnetlink::Writer| chain::name(writer, table, &chain.name);
        let hangs = match self.socket.get(message::GETCHAIN, self.family, body, chain::read)? {
            Some(Ok(found)) => found.base == chain.base,
            _ => false,
        };
        let of_chain = |writer: &mut nfnetlink::Writer| rule::name(writer, table, &chain.name, None);
        let found = self.socket.dump(message::GETRULE, self.family, of_chain, |a| {
            let rule = rule::read(a)?;
            Ok((rule.chain == chain.name && a.string(NFTA_TABLE) == Some(table)).then_some(rule))
        })?;
        let same = hangs && found.iter().map(|found| &found.rule).eq(&chain.rules);
        Ok(same.then(|| found.iter().map(|found| found.handle).collect()))
    }

    /// The element with that key as the kernel has it.
    fn element(&mut self, table: &str, set: &Set, key: &Key) -> Result<Option<Option<NftVerdict>>, nfnetlink::NfnetlinkError> {
        let body = |writer: &mut nfnetlink::Writer| {
            set::write_elements(writer, table, set, &mut [(key, &None)].into_iter(), usize::MAX / 2);
        };
        let found = self.socket.get(message::GETSETELEM, self.family, body, |a| set::read_elements(a, set))?;
        Ok(found.into_iter().flatten().find_map(|element| element.ok().filter(|(found, _)| found == key)).map(|(_, value)| value))
    }

    /// What of a kind is in the table. Some kernels filter by the table themselves, some do not.
    fn list<T>(
        &mut self,
        kind: u16,
        table: &str,
        decode: impl Fn(Attributes) -> Result<T, Malformed>,
    ) -> Result<Vec<T>, nfnetlink::NfnetlinkError> {
        self.socket.dump(
            kind,
            self.family,
            |writer| writer.string(NFTA_TABLE, table),
            |a| if a.string(NFTA_TABLE) == Some(table) { decode(a).map(Some) } else { Ok(None) },
        )
    }
}

fn sort<T>(listed: Vec<Result<T, String>>, known: &mut Vec<T>, foreign: &mut Vec<String>) {
    for entry in listed {
        match entry {
            Ok(entry) => known.push(entry),
            Err(entry) => foreign.push(entry),
        }
    }
}
