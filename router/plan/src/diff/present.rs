//! Takes out of the desired state what cannot be yet: devices that are not there, names that others have, and all that hangs on them.

use super::{find, links};
use crate::{Link, LinkKind, Owner, Space, SpaceState, State};
use edge_net::IfName;
use std::collections::BTreeMap;

/// A device that is not there. It is plugged in when it appears.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Waiting {
    /// Its name.
    pub device: IfName,
    /// Our links that cannot be made without it.
    pub for_links: Vec<IfName>,
}

/// A link we want to make has the name of one that is there and not ours.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Conflict {
    /// Where it was to be made.
    pub space: Space,
    /// The name they both have.
    pub name: IfName,
}

pub(super) fn reduce(desired: &State, observed: &State) -> (State, Vec<Waiting>, Vec<Conflict>) {
    let mut reduced = desired.clone();
    let waiting = drop_absent(&mut reduced, observed);
    let conflicts = drop_taken(&mut reduced, observed);
    drop_dangling(&mut reduced);
    drop_unbound(&mut reduced, observed);
    (reduced, waiting, conflicts)
}

fn drop_absent(desired: &mut State, observed: &State) -> Vec<Waiting> {
    let is_there = |name: &IfName| observed.spaces.values().any(|state| state.links.contains_key(name));
    let mut waiting = BTreeMap::new();
    for state in desired.spaces.values_mut() {
        state.links.retain(|name, link| {
            let stays = link.kind != LinkKind::Device || is_there(name);
            if !stays {
                waiting.insert(*name, Vec::new());
            }
            stays
        });
    }
    for (name, link) in desired.spaces.values().flat_map(|state| &state.links) {
        if let Some(children) = link.kind.parent().and_then(|parent| waiting.get_mut(parent)) {
            children.push(*name);
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
                conflicts.push(Conflict { space: space.clone(), name: *name });
            }
            !taken
        });
    }
    conflicts
}

/// The flowtable holds links that are there, and none where the kernel has no flowtables.
fn drop_unbound(desired: &mut State, observed: &State) {
    let can = observed.spaces.values().any(|state| state.fast_path.is_some());
    for state in desired.spaces.values_mut() {
        state.fast_path = state.fast_path.take().filter(|_| can);
        if let Some(bound) = &mut state.fast_path {
            bound.retain(|name| state.links.contains_key(name));
        }
    }
}

/// Repeats until nothing is left that stands on something taken out.
fn drop_dangling(desired: &mut State) {
    loop {
        let stands = |link: &Link| {
            let peer = link.kind.peer().is_none_or(|(space, peer)| find(desired, space, peer).is_some());
            peer && link.kind.parent().is_none_or(|parent| find(desired, &Space::Host, parent).is_some())
        };
        let falling = links(desired).filter(|(_, _, link)| !stands(link)).map(|(space, name, _)| (space.clone(), *name));
        let falling: Vec<_> = falling.collect();
        if falling.is_empty() {
            break;
        }
        for (space, name) in falling {
            desired.spaces.get_mut(&space).and_then(|state| state.links.remove(&name));
        }
    }
    for SpaceState { links, addresses, routes, .. } in desired.spaces.values_mut() {
        let masterless = links.iter().filter(|(_, link)| link.master.as_ref().is_some_and(|master| !links.contains_key(master)));
        let masterless: Vec<_> = masterless.map(|(name, _)| *name).collect();
        for name in masterless {
            links.entry(name).and_modify(|link| link.master = None);
        }
        addresses.retain(|address| links.contains_key(&address.link));
        routes.retain(|route| links.contains_key(&route.link));
    }
}
