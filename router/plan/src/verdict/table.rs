//! Two tables held against each other, part by part.

use super::Difference;
use crate::nft::{Chain, Field, Set, Table, Verdict};
use std::{collections::BTreeMap, fmt, net::Ipv4Addr};

pub(super) fn differences(from: &Table, to: &Table) -> Vec<Difference> {
    let mut differences = Vec::new();
    if from.comment != to.comment {
        differences.push(Difference { what: "comment".to_owned(), from: from.comment.clone(), to: to.comment.clone() });
    }
    differences.extend(from.foreign.iter().map(|what| Difference {
        what: what.clone(),
        from: Some("there".to_owned()),
        to: None,
    }));
    for (name, from, to) in pairs(&from.chains, &to.chains, |chain| &chain.name) {
        if from != to {
            let (from, to) = (from.map(rules), to.map(rules));
            let to = to.map(|to| if from.as_ref() == Some(&to) { "as many others".to_owned() } else { to });
            differences.push(Difference { what: format!("chain {name}"), from, to });
        }
    }
    for (name, from, to) in pairs(&from.sets, &to.sets, |set| &set.name) {
        set(name, from, to, &mut differences);
    }
    differences
}

fn set(name: &str, from: Option<&Set>, to: Option<&Set>, differences: &mut Vec<Difference>) {
    let shape = |set: &Set| (set.fields.clone(), set.verdicts);
    let (Some(from), Some(to)) = (from, to) else {
        let count = |set: &Set| format!("{} elements", set.elements.len());
        return differences.push(Difference { what: format!("set {name}"), from: from.map(count), to: to.map(count) });
    };
    if shape(from) != shape(to) {
        return differences.push(Difference::new(format!("set {name}"), "of another type", "as made by us"));
    }
    let keys: BTreeMap<_, _> = from.elements.keys().chain(to.elements.keys()).map(|key| (key, ())).collect();
    for key in keys.into_keys().filter(|key| from.elements.get(*key) != to.elements.get(*key)) {
        let value = |set: &Set| set.elements.get(key).map(|value| Value(value.as_ref()).to_string());
        let what = format!("{name} {{ {} }}", key_text(&from.fields, key));
        differences.push(Difference { what, from: value(from), to: value(to) });
    }
}

/// By name, in order: what is in one of the lists or in both.
fn pairs<'a, T>(from: &'a [T], to: &'a [T], name: fn(&T) -> &String) -> Vec<(&'a str, Option<&'a T>, Option<&'a T>)> {
    let mut pairs: BTreeMap<&str, (Option<&T>, Option<&T>)> = BTreeMap::new();
    for entry in from {
        pairs.entry(name(entry)).or_default().0 = Some(entry);
    }
    for entry in to {
        pairs.entry(name(entry)).or_default().1 = Some(entry);
    }
    pairs.into_iter().map(|(name, (from, to))| (name, from, to)).collect()
}

fn rules(chain: &Chain) -> String {
    match chain.rules.len() {
        1 => "1 rule".to_owned(),
        count => format!("{count} rules"),
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
            _ => "?".to_owned(),
        }
    });
    values.collect::<Vec<_>>().join(" . ")
}

/// Of an element; a plain set's has none.
struct Value<'a>(Option<&'a Verdict>);

impl fmt::Display for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self.0 {
            None => Ok(()),
            Some(Verdict::Accept) => f.write_str("accept"),
            Some(Verdict::Drop) => f.write_str("drop"),
            Some(Verdict::Return) => f.write_str("return"),
            Some(Verdict::Jump(chain)) => write!(f, "jump {chain}"),
            Some(Verdict::Goto(chain)) => write!(f, "goto {chain}"),
        }
    }
}
