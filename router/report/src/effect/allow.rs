//! `[[allow]]` by who may reach whom: several lines about the same two say together what they say.

use super::{teller::Teller, value::cut};
use edge_api::Action;
use edge_config::{Allow, Endpoint};
use edge_net::{PortRange, Protocol};
use std::collections::{BTreeMap, BTreeSet};

type Ways<'a> = BTreeMap<(&'a Endpoint, &'a Endpoint), Services>;

/// What one may open to the other.
#[derive(Default, PartialEq, Eq)]
struct Services {
    everything: bool,
    /// Sorted, none touching the next; empty: every port.
    ports: BTreeMap<Protocol, Vec<PortRange>>,
}

pub fn tell(old: &[Allow], new: &[Allow], teller: &mut Teller) {
    let (old, new) = (ways(old), ways(new));
    let both: BTreeSet<_> = old.keys().chain(new.keys()).copied().collect();
    for (from, to) in both {
        let (from_name, to_name) = (name(from), name(to));
        match (old.get(&(from, to)), new.get(&(from, to))) {
            (None, Some(new)) => {
                let text = format!("{from_name} may now reach {to_name}: {}", new.in_words());
                teller.whole("allow", None, Action::Add, text);
            }
            (Some(old), None) => {
                let text = format!("{from_name} may no longer reach {to_name}: {}", old.in_words());
                teller.whole("allow", None, Action::Remove, text);
            }
            (Some(old), Some(new)) if old != new => {
                let text = format!("{from_name} may reach {to_name}: {} -> {}", old.in_words(), new.in_words());
                teller.whole("allow", None, Action::Change, text);
            }
            _ => {}
        }
    }
}

fn ways(allows: &[Allow]) -> Ways<'_> {
    let mut ways = Ways::new();
    for Allow { from, to, protocol, ports } in allows {
        ways.entry((from, to)).or_default().add(*protocol, ports);
    }
    ways.values_mut().for_each(Services::simplify);
    ways
}

fn name(endpoint: &Endpoint) -> &str {
    match endpoint {
        Endpoint::Network(name) | Endpoint::Uplink(name) | Endpoint::Host(name) => name.as_str(),
    }
}

impl Services {
    fn add(&mut self, protocol: Option<Protocol>, ports: &[PortRange]) {
        match protocol {
            None => self.everything = true,
            Some(protocol) => {
                let every = PortRange::new(1, u16::MAX);
                let those = if ports.is_empty() { every.into_iter().collect() } else { ports.to_vec() };
                self.ports.entry(protocol).or_default().extend(those);
            }
        }
    }

    fn simplify(&mut self) {
        if self.everything {
            self.ports.clear();
        }
        for ports in self.ports.values_mut() {
            ports.sort();
            *ports = merged(ports);
        }
    }

    fn in_words(&self) -> String {
        if self.everything {
            return "everything".to_owned();
        }
        let each = self.ports.iter().map(|(protocol, ports)| match ports.as_slice() {
            [all] if all.count() == u32::from(u16::MAX) => protocol.to_string(),
            _ => format!("{protocol} {}", ports.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")),
        });
        cut(&each.collect::<Vec<_>>().join("; "))
    }
}

/// Of ranges by their beginnings: those that overlap or touch as one.
fn merged(ranges: &[PortRange]) -> Vec<PortRange> {
    let mut merged: Vec<PortRange> = Vec::new();
    for range in ranges {
        let joined = merged.last().filter(|last| u32::from(range.first()) <= u32::from(last.last()) + 1);
        match joined.and_then(|last| PortRange::new(last.first(), last.last().max(range.last()))) {
            Some(joined) => {
                merged.pop();
                merged.push(joined);
            }
            None => merged.push(*range),
        }
    }
    merged
}
