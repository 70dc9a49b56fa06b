//! Takes away, each thing before what it stands on: routes, addresses, ports out of their bridges, links.

use super::{Place, find, leads_pair, links};
use crate::{Link, LinkKind, Op, Owner, Space, State};
use edge_net::IfName;
use std::{cmp::Reverse, collections::BTreeSet};

pub(super) fn remove(desired: &State, observed: &State, doomed: &BTreeSet<Place>) -> Vec<Op> {
    let mut ops = addressing(desired, observed, doomed);
    for (space, name, link) in links(observed) {
        let stays = !doomed.contains(&(space, name));
        match find(desired, space, name).filter(|_| stays) {
            Some(wanted) => ops.extend(leave(space, name, link, wanted)),
            None if link.owner == Owner::Lent => ops.extend(give_back(space, name, link)),
            None => {}
        }
    }
    let mut going: Vec<_> = links(observed).filter(|(space, name, _)| doomed.contains(&(*space, *name))).collect();
    going.sort_by_key(|(_, _, link)| Reverse(link.kind.rank()));
    for (space, name, link) in going.into_iter().filter(|(space, name, link)| leads_pair(space, name, link)) {
        ops.push(Op::DeleteLink { space: space.clone(), name: *name, kind: link.kind.clone() });
    }
    ops
}

fn addressing(desired: &State, observed: &State, doomed: &BTreeSet<Place>) -> Vec<Op> {
    let mut ops = Vec::new();
    for (space, state) in &observed.spaces {
        let wanted = desired.spaces.get(space);
        let goes = |link: &IfName| doomed.contains(&(space, link));
        for route in &state.routes {
            if goes(&route.link) || !wanted.is_some_and(|wanted| wanted.routes.contains(route)) {
                ops.push(Op::DeleteRoute { space: space.clone(), route: route.clone() });
            }
        }
        for address in &state.addresses {
            if goes(&address.link) || !wanted.is_some_and(|wanted| wanted.addresses.contains(address)) {
                ops.push(Op::DeleteAddress { space: space.clone(), address: address.clone() });
            }
        }
    }
    ops
}

/// Out of a bridge that it shall not be in any longer, before the new policy speaks of it as a port of another.
fn leave(space: &Space, name: &IfName, link: &Link, wanted: &Link) -> Option<Op> {
    let ours = matches!(link.owner, Owner::Plan | Owner::Lent);
    let moves = ours && link.master.is_some() && wanted.master != link.master;
    let to = Link { master: None, ..link.clone() };
    moves.then(|| Op::ChangeLink { space: space.clone(), name: *name, from: link.clone(), to })
}

/// A device we had borrowed goes back to the host as it came. It keeps our mark until it is there: whatever comes in between, it is not
/// forgotten in a namespace that is about to end.
pub(super) fn give_back(space: &Space, name: &IfName, link: &Link) -> Vec<Op> {
    let change =
        |space: &Space, from: &Link, to: Link| Op::ChangeLink { space: space.clone(), name: *name, from: from.clone(), to };
    if *space == Space::Host {
        return vec![change(space, link, given_back(link))];
    }
    let ready = Link { up: false, master: None, conf: None, ..link.clone() };
    vec![
        change(space, link, ready.clone()),
        Op::MoveLink { name: *name, from: space.clone(), to: Space::Host },
        change(&Space::Host, &ready, given_back(&ready)),
    ]
}

pub(super) fn given_back(link: &Link) -> Link {
    Link { master: None, owner: Owner::Foreign, conf: None, ..link.clone() }
}

/// The device as [`remove`] leaves it, when it was in another space.
pub(super) fn moved(link: &Link) -> Link {
    // The kernel sets a link down that changes its namespace.
    Link { up: false, master: None, conf: None, kind: LinkKind::Device, ..link.clone() }
}
