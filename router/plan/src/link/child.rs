//! What the children of a device have in common, whatever they share with it.

use super::Changes;
use crate::{Attribute, Difference, Effect};
use edge_net::IfName;

pub(super) fn made_of(parent: &IfName) -> Option<String> {
    Some(format!("on {parent}"))
}

pub(super) fn differences(parent: &IfName, wanted: &IfName) -> Vec<Difference> {
    (parent != wanted).then(|| Difference::new(Attribute::fixed("parent"), parent, wanted)).into_iter().collect()
}

pub(super) fn effect(changes: Changes) -> Option<Effect> {
    (changes.goes || changes.mac).then_some(Effect::FlowsBreak)
}
