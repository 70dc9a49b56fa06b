//! Which of our addresses the neighbours must be told of after a change.

use crate::{Address, Op, Space, State};
use edge_net::IfName;
use std::collections::BTreeSet;

/// Those whose link was made or changed, or a port or parent of it: a switch may have learned the gateway at another port, and a
/// neighbour may know another machine by the address.
pub fn announced(wanted: &State, ops: &[Op]) -> Vec<(Space, Address)> {
    let mut touched: BTreeSet<(&Space, &IfName)> = ops.iter().filter_map(touched).collect();
    for (space, state) in &wanted.spaces {
        let has = |touched: &BTreeSet<_>, at, name| touched.contains(&(at, name));
        let is_touched = |name, parent: Option<_>| {
            has(&touched, space, name) || parent.is_some_and(|parent| has(&touched, &Space::Host, parent))
        };
        let ports = state.links.iter().filter(|(name, link)| is_touched(*name, link.kind.parent()));
        let bridges: Vec<_> = ports.filter_map(|(_, link)| link.master.as_ref()).map(|bridge| (space, bridge)).collect();
        touched.extend(bridges);
    }
    let hears = |space: &Space, name: &IfName| {
        let Some(link) = wanted.spaces.get(space).and_then(|state| state.links.get(name)) else { return false };
        // The leg of a router in its own namespace: its other end is a port of the bridge.
        let bridge_of = |space, peer| wanted.spaces.get(space).and_then(|state| state.links.get(peer)?.master.as_ref());
        let bridge = match link.kind.peer() {
            Some((space, peer)) => bridge_of(space, peer).map(|bridge| (space, bridge)),
            None => link.kind.parent().map(|parent| (&Space::Host, parent)),
        };
        touched.contains(&(space, name)) || bridge.is_some_and(|bridge| touched.contains(&bridge))
    };
    let addresses = wanted.spaces.iter().flat_map(|(space, state)| state.addresses.iter().map(move |address| (space, address)));
    let heard = addresses.filter(|(space, address)| hears(space, &address.link));
    heard.map(|(space, address)| (space.clone(), address.clone())).collect()
}

fn touched(op: &Op) -> Option<(&Space, &IfName)> {
    match op {
        Op::CreateLink { space, name, .. } | Op::ChangeLink { space, name, .. } => Some((space, name)),
        Op::MoveLink { name, to, .. } => Some((to, name)),
        Op::AddAddress { space, address } => Some((space, &address.link)),
        _ => None,
    }
}
