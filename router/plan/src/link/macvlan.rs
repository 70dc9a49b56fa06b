use super::{Changes, Kind, LinkKind, Rank};
use crate::{Attribute, Difference, Effect};
use edge_net::IfName;

/// A child with a MAC address of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Macvlan {
    /// A link of the host space, whichever space the child lives in.
    pub parent: IfName,
}

impl Kind for Macvlan {
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
        Some(format!("on {}", self.parent))
    }

    fn differences(&self, wanted: &LinkKind) -> Vec<Difference> {
        let LinkKind::Macvlan(wanted) = wanted else { return Vec::new() };
        let parent = (self != wanted).then(|| Difference::new(Attribute::Parent, &self.parent, &wanted.parent));
        parent.into_iter().collect()
    }

    fn effect(&self, changes: Changes) -> Option<Effect> {
        (changes.goes || changes.mac).then_some(Effect::FlowsBreak)
    }
}
