use super::{Changes, LinkBehaviour, LinkKind, Rank, child};
use crate::{Difference, Effect};
use edge_net::IfName;

/// A child with its parent's MAC address, told from it by its IP address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IpvlanL2 {
    /// A link of the host space, whichever space the child lives in.
    pub parent: IfName,
}

impl LinkBehaviour for IpvlanL2 {
    fn word(&self) -> &'static str {
        "ipvlan"
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
        let LinkKind::IpvlanL2(wanted) = wanted else { return Vec::new() };
        child::differences(&self.parent, &wanted.parent)
    }

    fn effect(&self, changes: Changes) -> Option<Effect> {
        child::effect(changes)
    }
}
