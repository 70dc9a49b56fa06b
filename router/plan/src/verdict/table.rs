//! Two tables held against each other, part by part.

use crate::{
    Attribute, Difference,
    nft::{Chain, Field, Key, NftVerdict, Set, Table, TableDelta},
};
use std::{
    collections::{BTreeSet, HashMap},
    fmt,
    net::Ipv4Addr,
};

pub(super) fn differences(from: &Table, to: &Table) -> Vec<Difference> {
    let delta = TableDelta::between(Some(from), Some(to));
    let added = |what| Difference::of(what, None, Some(""));
    let removed = |what| Difference::of(what, Some(""), None);
    let mut differences = Vec::new();
    if from.comment != to.comment {
        differences.push(Difference::of(Attribute::Comment, from.comment.as_ref(), to.comment.as_ref()));
    }
    differences.extend(delta.foreign_removed.into_iter().map(Attribute::Foreign).map(removed));
    let changed = delta.chains_changed.into_iter().map(|chain| chain.name);
    let (old, new) = (chains(from), chains(to));
    for name in changed.chain(delta.chains_added).chain(delta.chains_removed) {
        differences.push(chain(&name, old.get(&*name).copied(), new.get(&*name).copied()));
    }
    differences.extend(delta.sets_added.iter().cloned().map(Attribute::Set).map(added));
    differences.extend(delta.sets_removed.iter().cloned().map(Attribute::Set).map(removed));
    for elements in &delta.elements {
        let set = |table: &Table| table.sets.iter().find(|set| set.name == elements.set).cloned();
        set_elements(&elements.set, set(from), set(to), &mut differences);
    }
    if delta.whole && differences.is_empty() {
        differences.push(Difference::new(Attribute::Rest, "of another kind", "as made by us"));
    }
    differences
}

fn chains(table: &Table) -> HashMap<&str, &Chain> {
    table.chains.iter().map(|chain| (chain.name.as_str(), chain)).collect()
}

fn chain(name: &str, from: Option<&Chain>, to: Option<&Chain>) -> Difference {
    let (from, to) = (from.map(count), to.map(count));
    let to = to.map(|to| if from.as_ref() == Some(&to) { "as many others".to_owned() } else { to });
    Difference::of(Attribute::Chain(name.to_owned()), from, to)
}

fn count(chain: &Chain) -> String {
    match chain.rules.len() {
        1 => "1 rule".to_owned(),
        count => format!("{count} rules"),
    }
}

fn set_elements(name: &str, from: Option<Set>, to: Option<Set>, differences: &mut Vec<Difference>) {
    let elements = |set: &Option<Set>| set.as_ref().map(|set| set.elements.clone()).unwrap_or_default();
    let (old, new) = (elements(&from), elements(&to));
    let fields = to.or(from).map(|set| set.fields).unwrap_or_default();
    let keys: BTreeSet<&Key> = old.keys().chain(new.keys()).collect();
    for key in keys.into_iter().filter(|key| old.get(*key) != new.get(*key)) {
        let value = |verdict: &Option<NftVerdict>| Value(verdict.as_ref()).to_string();
        let what = Attribute::Element { set: name.to_owned(), key: key_text(&fields, key) };
        differences.push(Difference::of(what, old.get(key).map(value), new.get(key).map(value)));
    }
}

/// As `nft` writes a concatenation. What came from the kernel may be shorter than its fields.
fn key_text(fields: &[Field], key: &[u8]) -> String {
    let mut rest = key;
    let values = fields.iter().map(|field| {
        let (value, after) = rest.split_at(rest.len().min(usize::from(field.registers()) * 4));
        rest = after;
        match (field, value) {
            (Field::IfName, name) => String::from_utf8_lossy(name).trim_end_matches('\0').to_owned(),
            (Field::Ipv4, &[a, b, c, d]) => Ipv4Addr::new(a, b, c, d).to_string(),
            (Field::Protocol, &[6, ..]) => "tcp".to_owned(),
            (Field::Protocol, &[17, ..]) => "udp".to_owned(),
            (Field::Protocol, &[number, ..]) => number.to_string(),
            (Field::Port, &[high, low, ..]) => u16::from_be_bytes([high, low]).to_string(),
            (Field::Mark, &[a, b, c, d]) => u32::from_ne_bytes([a, b, c, d]).to_string(),
            _ => "?".to_owned(),
        }
    });
    values.collect::<Vec<_>>().join(" . ")
}

/// Of an element; a plain set's has none.
struct Value<'a>(Option<&'a NftVerdict>);

impl fmt::Display for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self.0 {
            None => Ok(()),
            Some(NftVerdict::Accept) => f.write_str("accept"),
            Some(NftVerdict::Drop) => f.write_str("drop"),
            Some(NftVerdict::Return) => f.write_str("return"),
            Some(NftVerdict::Jump(chain)) => write!(f, "jump {chain}"),
            Some(NftVerdict::Goto(chain)) => write!(f, "goto {chain}"),
        }
    }
}
