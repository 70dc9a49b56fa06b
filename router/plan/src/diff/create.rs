//! Makes and changes, masters and parents first, then addresses, then routes.

use super::{Place, find, leads_pair, links, peer_of, remove};
use crate::{Link, LinkKind, Op, Owner, Space, State};
use edge_net::IfName;
use std::collections::BTreeSet;

pub(super) fn create(desired: &State, observed: &State, doomed: &BTreeSet<Place>) -> Vec<Op> {
    let mut ops = Vec::new();
    let mut wanted: Vec<_> = links(desired).collect();
    wanted.sort_by_key(|(_, _, link)| link.kind.rank());
    for (space, name, link) in wanted {
        let stays = !doomed.contains(&(space, name));
        match find(observed, space, name).filter(|_| stays) {
            Some(found) => ops.extend(change(space, name, found, link)),
            None if link.kind == LinkKind::Device => ops.extend(take(observed, space, name, link)),
            None if leads_pair(space, name, link) => {
                let peer = peer_of(desired, link);
                ops.push(Op::CreateLink { space: space.clone(), name: *name, link: link.clone(), peer });
            }
            None => {}
        }
    }
    ops.extend(addressing(desired, observed, doomed));
    ops
}

/// Brings a living link to what is wanted.
fn change(space: &Space, name: &IfName, found: &Link, wanted: &Link) -> Option<Op> {
    let (from, to) = if wanted.owner == Owner::Foreign {
        // Somebody else's device, of which we want only that it is up: given back where it was lent, for `remove` has left it here.
        let from = if found.owner == Owner::Lent { Link { master: None, ..found.clone() } } else { found.clone() };
        let to = if found.owner == Owner::Lent { remove::given_back(&from) } else { from.clone() };
        (from, Link { up: true, ..to })
    } else {
        // `remove` has already taken it out of another bridge.
        let master = found.master.filter(|_| found.owner == Owner::Foreign || found.master == wanted.master);
        (Link { master, ..found.clone() }, wanted.over(found))
    };
    (from != to).then(|| Op::ChangeLink { space: space.clone(), name: *name, from, to })
}

/// A device that lives in another space comes over, and is then set as wanted. It carries our mark before it leaves: whatever comes in
/// between, it is not forgotten in a namespace that may end.
fn take(observed: &State, space: &Space, name: &IfName, wanted: &Link) -> Vec<Op> {
    let Some((home, found)) = observed.spaces.iter().find_map(|(home, state)| Some((home, state.links.get(name)?))) else {
        return Vec::new();
    };
    // One that was lent is back in the host by now.
    let (home, here) = match found.owner {
        Owner::Lent if *home == Space::Host => (home, remove::given_back(found)),
        Owner::Lent => (&Space::Host, remove::given_back(&remove::moved(found))),
        _ => (home, found.clone()),
    };
    if home == space {
        return change(space, name, &here, wanted).into_iter().collect();
    }
    let marked = Link { owner: Owner::Lent, ..here.clone() };
    let mark = Op::ChangeLink { space: home.clone(), name: *name, from: here, to: marked.clone() };
    let come = Op::MoveLink { name: *name, from: home.clone(), to: space.clone() };
    [mark, come].into_iter().chain(change(space, name, &remove::moved(&marked), wanted)).collect()
}

fn addressing(desired: &State, observed: &State, doomed: &BTreeSet<Place>) -> Vec<Op> {
    let mut ops = Vec::new();
    for (space, state) in &desired.spaces {
        let found = observed.spaces.get(space);
        let stays = |link: &IfName| !doomed.contains(&(space, link));
        for address in &state.addresses {
            if !found.is_some_and(|found| found.addresses.contains(address) && stays(&address.link)) {
                ops.push(Op::AddAddress { space: space.clone(), address: address.clone() });
            }
        }
    }
    for (space, state) in &desired.spaces {
        let found = observed.spaces.get(space);
        let stays = |link: &IfName| !doomed.contains(&(space, link));
        for route in &state.routes {
            if !found.is_some_and(|found| found.routes.contains(route) && stays(&route.link)) {
                ops.push(Op::AddRoute { space: space.clone(), route: route.clone() });
            }
        }
    }
    ops
}
