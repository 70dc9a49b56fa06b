//! What of a difference cannot wait for somebody to look at it, where drift is only reported.

use crate::{Diff, Link, LinkKind, Op, Owner, Space, State};
use edge_net::IfName;
use std::collections::BTreeSet;

/// The operations that plug in what has come, or put back what keeps the policy: the table, forwarding and the other settings, the
/// namespace, the reverse path filter, a port in the bridge of another network. In their order, which is safe at every step.
pub fn urgent(desired: &State, observed: &State, diff: &Diff) -> Vec<Op> {
    // A space that is made anew has nothing in it, and its links are half of every network.
    if diff.ops.iter().any(|op| matches!(op, Op::CreateNamespace(_))) {
        return diff.ops.clone();
    }
    let come = come(desired, observed);
    let vital = |op: &Op| match op {
        Op::SetTable { .. } | Op::SetSysctl { .. } | Op::CreateNamespace(_) | Op::DeleteNamespace(_) => true,
        Op::ChangeLink { space, name, from, to } => {
            come.contains(name) || from.conf != to.conf || is_elsewhere(desired, observed, space, name)
        }
        Op::CreateLink { name, .. } | Op::DeleteLink { name, .. } | Op::MoveLink { name, .. } => come.contains(name),
        Op::AddAddress { address, .. } | Op::DeleteAddress { address, .. } => come.contains(&address.link),
        Op::AddRoute { route, .. } | Op::DeleteRoute { route, .. } => come.contains(&route.link),
        Op::SetFastPath { to, .. } => to.iter().any(|link| come.contains(link)),
    };
    diff.ops.iter().filter(|op| vital(op)).cloned().collect()
}

/// Devices that have come, and what is made on them. A card that was pulled has taken all its children along, and one that comes
/// carries no mark: that is how it differs from a link that somebody deleted by hand.
fn come(desired: &State, observed: &State) -> BTreeSet<IfName> {
    let mut come = BTreeSet::new();
    let found = |name: &IfName| observed.spaces.values().find_map(|state| state.links.get(name));
    let wanted = || desired.spaces.values().flat_map(|state| &state.links);
    for (device, link) in wanted().filter(|(_, link)| link.kind == LinkKind::Device) {
        let Some(there) = found(device) else { continue };
        let children: Vec<&IfName> =
            wanted().filter(|(_, link)| link.kind.parent() == Some(device)).map(|(name, _)| name).collect();
        let is_new = (link.owner == Owner::Lent && there.owner == Owner::Foreign)
            || (!children.is_empty() && children.iter().all(|child| found(child).is_none()));
        if is_new {
            come.insert(*device);
            come.extend(children.into_iter().cloned());
        }
    }
    come
}

/// Frames of one network go into another.
fn is_elsewhere(desired: &State, observed: &State, space: &Space, name: &IfName) -> bool {
    let master = |state: &State| -> Option<IfName> {
        let link: &Link = state.spaces.get(space)?.links.get(name)?;
        link.master
    };
    master(observed).is_some_and(|bridge| master(desired) != Some(bridge))
}
