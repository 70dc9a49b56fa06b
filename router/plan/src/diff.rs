//! What leads from the observed state to the desired one, in an order that is safe at every step.
//!
//! First everything that must go, then the new policy, then everything new. So the links that are there at any moment
//! are a part of the old ones under the old policy or a part of the new ones under the new policy, and nothing passes
//! that neither of the two allows.

mod create;
mod fast_path;
mod present;
mod remove;

use crate::{Link, Op, Owner, Settings, Space, State, Sysctl, nft::Family};
use edge_net::IfName;
use std::collections::{BTreeMap, BTreeSet};

pub use present::{Conflict, Waiting};

/// The outcome of a comparison.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diff {
    /// In the order in which they are carried out.
    pub ops: Vec<Op>,
    /// Devices that are not there; what hangs on them is left out of `ops`.
    pub waiting: Vec<Waiting>,
    /// Names taken by links that are not ours; they and what hangs on them are left out too.
    pub conflicts: Vec<Conflict>,
}

/// What leads from `observed` to `desired`. Carried out whole, and compared again, there is nothing left to do.
pub fn diff(desired: &State, observed: &State) -> Diff {
    let (desired, waiting, conflicts) = present::reduce(desired, observed);
    let doomed = doomed(&desired, observed);
    let mut ops = fast_path::leave(&desired, observed, &doomed);
    ops.extend(remove::remove(&desired, observed, &doomed));
    ops.extend(police(&desired, observed));
    ops.extend(create::create(&desired, observed, &doomed));
    ops.extend(fast_path::join(&desired, observed, &doomed));
    ops.extend(retire(&desired, observed));
    Diff { ops, waiting, conflicts }
}

type Place<'a> = (&'a Space, &'a IfName);

/// Our links that must go: not wanted any more, or wanted as something they cannot become while they live.
fn doomed<'a>(desired: &State, observed: &'a State) -> BTreeSet<Place<'a>> {
    let mut doomed = BTreeSet::new();
    for (space, name, link) in links(observed).filter(|(_, _, link)| link.owner == Owner::Plan) {
        if find(desired, space, name).is_none_or(|wanted| !link.kind.can_become(&wanted.kind)) {
            doomed.insert((space, name));
            // The two ends of a pair go together.
            doomed.extend(link.kind.peer());
        }
    }
    // The kernel takes children with their parent.
    let has_lost_parent = |link: &Link| link.kind.parent().is_some_and(|parent| doomed.contains(&(&Space::Host, parent)));
    let orphans = links(observed).filter(|(_, _, link)| link.owner == Owner::Plan && has_lost_parent(link));
    let orphans: Vec<Place> = orphans.map(|(space, name, _)| (space, name)).collect();
    doomed.extend(orphans);
    doomed
}

/// Namespaces, then the policy, before anything in them can carry a packet; forwarding after that.
fn police(desired: &State, observed: &State) -> Vec<Op> {
    let mut ops = Vec::new();
    for space in desired.spaces.keys().filter(|space| !observed.spaces.contains_key(space)) {
        if let Space::Named(name) = space {
            ops.push(Op::CreateNamespace(name.clone()));
        }
    }
    for (space, wanted) in &desired.spaces {
        let found = observed.spaces.get(space);
        for family in Family::ALL {
            let (to, from) = (wanted.table_of(family), found.and_then(|state| state.table_of(family).as_ref()));
            if to.is_some() && to.as_ref() != from {
                ops.push(Op::SetTable { space: space.clone(), family, from: from.cloned(), to: to.clone() });
            }
        }
        ops.extend(set(space, &wanted.sysctls, found.map(|state| &state.sysctls)));
    }
    ops
}

/// `found`: `None` of a space that is about to be made, which starts with the kernel's defaults.
fn set(space: &Space, wanted: &Settings, found: Option<&Settings>) -> Vec<Op> {
    let from = |sysctl: &Sysctl| found.map_or(Some(sysctl.is_on_at_first()), |found| found.get(sysctl).copied());
    let differs = |(sysctl, to): (&Sysctl, &bool)| {
        let from = from(sysctl).filter(|from| from != to)?;
        Some(Op::SetSysctl { space: space.clone(), sysctl: *sysctl, from, to: *to })
    };
    wanted.iter().filter_map(differs).collect()
}

/// What sets the settings that are otherwise, of the spaces that are there.
pub fn loosened(wanted: &BTreeMap<Space, Settings>, found: &BTreeMap<Space, Settings>) -> Vec<Op> {
    wanted.iter().filter_map(|(space, wanted)| Some(set(space, wanted, Some(found.get(space)?)))).flatten().collect()
}

/// The tables of spaces that are no longer ours, and the namespaces themselves.
fn retire(desired: &State, observed: &State) -> Vec<Op> {
    let mut ops = Vec::new();
    for (space, found) in &observed.spaces {
        let wanted = desired.spaces.get(space);
        for family in Family::ALL {
            if wanted.is_none_or(|state| state.table_of(family).is_none())
                && let Some(table) = found.table_of(family)
            {
                ops.push(Op::SetTable { space: space.clone(), family, from: Some(table.clone()), to: None });
            }
        }
        if let (Space::Named(name), None) = (space, wanted) {
            ops.push(Op::DeleteNamespace(name.clone()));
        }
    }
    ops
}

fn links(state: &State) -> impl Iterator<Item = (&Space, &IfName, &Link)> {
    state.spaces.iter().flat_map(|(space, state)| state.links.iter().map(move |(name, link)| (space, name, link)))
}

fn find<'a>(state: &'a State, space: &Space, name: &IfName) -> Option<&'a Link> {
    state.spaces.get(space)?.links.get(name)
}

fn peer_of(state: &State, link: &Link) -> Option<Link> {
    let (space, peer) = link.kind.peer()?;
    find(state, space, peer).cloned()
}

/// Of the two ends of a pair the lesser one stands for both.
fn leads_pair(space: &Space, name: &IfName, link: &Link) -> bool {
    link.kind.peer().is_none_or(|peer| (space, name) < peer)
}
