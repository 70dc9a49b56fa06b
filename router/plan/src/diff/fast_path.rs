//! Which links the flowtable holds. The kernel lets go of one that goes, but would not take up another of its name: so links leave it
//! before anything else is done, and come into it when they are there.
//!
//! It forgets all its flows where the policy takes a way back: such a flow would pass the rules by for as long as it lasts. One that is
//! still allowed finds its way in again with its next packet.

use super::Place;
use crate::{Op, Space, State, ruleset::PASSAGES};
use edge_net::IfName;
use std::collections::BTreeSet;

pub(super) fn leave(desired: &State, observed: &State, doomed: &BTreeSet<Place>) -> Vec<Op> {
    let spaces = observed.spaces.keys();
    spaces.filter_map(|space| change(space, bound(observed, space), staying(desired, observed, doomed, space))).collect()
}

pub(super) fn join(desired: &State, observed: &State, doomed: &BTreeSet<Place>) -> Vec<Op> {
    let spaces = desired.spaces.keys();
    spaces.filter_map(|space| change(space, staying(desired, observed, doomed, space), bound(desired, space))).collect()
}

fn change(space: &Space, from: BTreeSet<IfName>, to: BTreeSet<IfName>) -> Option<Op> {
    (from != to).then(|| Op::SetFastPath { space: space.clone(), from, to })
}

fn staying(desired: &State, observed: &State, doomed: &BTreeSet<Place>, space: &Space) -> BTreeSet<IfName> {
    if narrows(desired, observed, space) {
        return BTreeSet::new();
    }
    let (wanted, mut links) = (bound(desired, space), bound(observed, space));
    links.retain(|link| wanted.contains(link) && !doomed.contains(&(space, link)));
    links
}

/// Whether packets of established flows lose a way from one link to another.
fn narrows(desired: &State, observed: &State, space: &Space) -> bool {
    let table = |state: &'_ State| state.spaces.get(space).and_then(|state| state.table.clone());
    let (Some(before), Some(after)) = (table(observed), table(desired)) else { return false };
    let after: Vec<_> = after.sets.iter().filter(|set| set.name == PASSAGES).collect();
    let mut ways = before.sets.iter().filter(|set| set.name == PASSAGES).flat_map(|set| set.elements.keys());
    ways.any(|way| !after.iter().any(|set| set.elements.contains_key(way)))
}

fn bound(state: &State, space: &Space) -> BTreeSet<IfName> {
    state.spaces.get(space).and_then(|state| state.fast_path.clone()).unwrap_or_default()
}
