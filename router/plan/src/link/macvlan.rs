use super::{Changes, LinkBehaviour, LinkKind, Rank, child};
use crate::{Difference, Effect};
use edge_net::IfName;

/// A child with a MAC address of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Macvlan {
    /// A link of the host space, whichever space the child lives in.
    pub parent: IfName,
}

impl LinkBehaviour for Macvlan {
    fn word(&self) -> &'static str {
        "macvlan"
    }

    fn rank(&self) -> Rank {
        Rank::Child
    }

    fn parent(&self) -> Option<&IfName> {
        Some(&self.parent)
    }

    fn made_of(&self) -> Option<String> {
        child::made_of(&self.parent)
    }

    fn differences(&self, wanted: &LinkKind) -> Vec<Difference> {
        let LinkKind::Macvlan(wanted) = wanted else { return Vec::new() };
        child::differences(&self.parent, &wanted.parent)
    }

    fn effect(&self, changes: Changes) -> Option<Effect> {
        child::effect(changes)
    }
}
