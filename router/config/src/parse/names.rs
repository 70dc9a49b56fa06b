use crate::{
    Endpoint,
    mistake::Mistakes,
    span::{At, Span},
    suggest::{list, nearest},
};
use edge_net::Name;
use std::collections::{BTreeMap, btree_map::Entry};

/// What a name means; networks and hosts with their place in the file's list.
#[derive(Clone, Copy)]
pub enum NameKind {
    Network(usize),
    Uplink,
    Host(usize),
}

/// The one name space of networks, uplinks and hosts.
#[derive(Default)]
pub struct Names<'a> {
    known: BTreeMap<&'a Name, (NameKind, Span)>,
}

impl<'a> Names<'a> {
    /// In this order: who comes second is the one that is wrong.
    pub fn collect(named: &[(&'a At<Name>, NameKind)], mistakes: &mut Mistakes) -> Self {
        let mut names = Self::default();
        for &(name, kind) in named {
            names.add(name, kind, mistakes);
        }
        names
    }

    fn add(&mut self, name: &'a At<Name>, kind: NameKind, mistakes: &mut Mistakes) {
        match self.known.entry(&name.value) {
            Entry::Vacant(free) => {
                free.insert((kind, name.span));
            }
            Entry::Occupied(taken) => {
                let (other, span) = taken.get();
                mistakes
                    .add(name.span, format!("`{}` names {} already", name.value, other.what()))
                    .related(*span, "used here first")
                    .help("rename one: networks, uplinks and hosts share their names, because `allow` names any of them");
            }
        }
    }

    /// What `name` means, if it is `wanted` by the test; else the mistake is noted.
    pub fn find(
        &self,
        name: &At<Name>,
        wanted: &str,
        fits: impl Fn(NameKind) -> bool,
        mistakes: &mut Mistakes,
    ) -> Option<NameKind> {
        let found = self.known.get(&name.value);
        if let Some((kind, _)) = found.filter(|(kind, _)| fits(*kind)) {
            return Some(*kind);
        }
        let help = if mistakes.is_full() { String::new() } else { self.remedy(name, wanted, fits) };
        match found {
            Some((kind, span)) => {
                let message = format!("`{}` is {}, wanted {wanted}", name.value, kind.what());
                mistakes.add(name.span, message).related(*span, "named here").help(help);
            }
            None => {
                mistakes.add(name.span, format!("there is no `{}`, wanted {wanted}", name.value)).help(help).absence();
            }
        }
        None
    }

    fn remedy(&self, name: &Name, wanted: &str, fits: impl Fn(NameKind) -> bool) -> String {
        let fitting = || self.known.iter().filter(|(_, (kind, _))| fits(*kind)).map(|(name, _)| name.as_str());
        match nearest(name.as_str(), fitting()) {
            Some(near) => format!("did you mean `{near}`?"),
            None if fitting().next().is_none() => format!("the file has nothing of the kind: add {wanted}"),
            None => format!("name {}", list(fitting(), |name| format!("`{name}`"))),
        }
    }

    pub fn endpoint(&self, name: &At<Name>, mistakes: &mut Mistakes) -> Option<(NameKind, Endpoint)> {
        let kind = self.find(name, "a network, an uplink or a host", |_| true, mistakes)?;
        let name = name.value.clone();
        let endpoint = match kind {
            NameKind::Network(_) => Endpoint::Network(name),
            NameKind::Uplink => Endpoint::Uplink(name),
            NameKind::Host(_) => Endpoint::Host(name),
        };
        Some((kind, endpoint))
    }
}

impl NameKind {
    fn what(self) -> &'static str {
        match self {
            NameKind::Network(_) => "a network",
            NameKind::Uplink => "an uplink",
            NameKind::Host(_) => "a host",
        }
    }
}
