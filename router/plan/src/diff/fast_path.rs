//! Which links the flowtable holds. The kernel lets go of one that goes, but would not take up another of its name: so links leave it
//! before anything else is done, and come into it when they are there.

use super::Place;
use crate::{Op, Space, State};
use edge_config::IfName;
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
    let (wanted, mut links) = (bound(desired, space), bound(observed, space));
    links.retain(|link| wanted.contains(link) && !doomed.contains(&(space, link)));
    links
}

fn bound(state: &State, space: &Space) -> BTreeSet<IfName> {
    state.spaces.get(space).and_then(|state| state.fast_path.clone()).unwrap_or_default()
}
