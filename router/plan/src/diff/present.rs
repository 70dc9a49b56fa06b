//! Takes out of the desired state what cannot be yet: devices that are not there, names that others have, and all that hangs on them.

use crate::{LinkKind, Owner, Space, State};
use edge_config::IfName;
use std::collections::BTreeMap;

/// A device that is not there. It is plugged in when it appears.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Waiting {
    pub device: IfName,
    /// Our links that cannot be made without it.
    pub for_links: Vec<IfName>,
}

/// A link we want to make has the name of one that is there and not ours.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Conflict {
    pub space: Space,
    pub name: IfName,
}

pub(super) fn reduce(desired: &State, observed: &State) -> (State, Vec<Waiting>, Vec<Conflict>) {
    let mut reduced = desired.clone();
    let waiting = drop_absent(&mut reduced, observed);
    let conflicts = drop_taken(&mut reduced, observed);
    drop_dangling(&mut reduced);
    (reduced, waiting, conflicts)
}

fn drop_absent(desired: &mut State, observed: &State) -> Vec<Waiting> {
    let is_there = |name: &IfName| observed.spaces.values().any(|state| state.links.contains_key(name));
    let mut waiting = BTreeMap::new();
    for state in desired.spaces.values_mut() {
        state.links.retain(|name, link| {
            let stays = link.kind != LinkKind::Device || is_there(name);
            if !stays {
                waiting.insert(name.clone(), Vec::new());
            }
            stays
        });
    }
    for (name, link) in desired.spaces.values().flat_map(|state| &state.links) {
        if let Some(children) = link.parent().and_then(|parent| waiting.get_mut(parent)) {
            children.push(name.clone());
        }
    }
    waiting.into_iter().map(|(device, for_links)| Waiting { device, for_links }).collect()
}

fn drop_taken(desired: &mut State, observed: &State) -> Vec<Conflict> {
    let mut conflicts = Vec::new();
    for (space, state) in &mut desired.spaces {
        let Some(found) = observed.spaces.get(space) else { continue };
        state.links.retain(|name, link| {
            let taken = link.kind != LinkKind::Device && found.links.get(name).is_some_and(|found| found.owner != Owner::Plan);
            if taken {
                conflicts.push(Conflict { space: space.clone(), name: name.clone() });
            }
            !taken
        });
    }
    conflicts
}

/// Repeats until nothing is left that stands on something taken out.
fn drop_dangling(desired: &mut State) {
    loop {
        let whole = desired.clone();
        let has = |space: &Space, name: &IfName| whole.spaces.get(space).is_some_and(|state| state.links.contains_key(name));
        for (space, state) in &mut desired.spaces {
            state.links.retain(|_, link| {
                let peer = !matches!(&link.kind, LinkKind::Veth { peer_space, peer } if !has(peer_space, peer));
                peer && link.parent().is_none_or(|parent| has(&Space::Host, parent))
            });
            for link in state.links.values_mut() {
                link.master = link.master.take().filter(|master| has(space, master));
            }
            state.addresses.retain(|address| has(space, &address.link));
            state.routes.retain(|route| has(space, &route.link));
        }
        if *desired == whole {
            return;
        }
    }
}
