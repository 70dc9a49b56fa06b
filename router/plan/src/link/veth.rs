use super::{Changes, LinkBehaviour, LinkKind, Rank};
use crate::{Attribute, Difference, Effect, Space};
use edge_net::IfName;

/// One end of a pair; the other end stands in its own space. The pair is made and removed as one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Veth {
    /// Where the other end stands.
    pub peer_space: Space,
    /// What the other end is called there.
    pub peer: IfName,
}

impl LinkBehaviour for Veth {
    fn word(&self) -> &'static str {
        "veth"
    }

    fn rank(&self) -> Rank {
        Rank::Pair
    }

    fn peer(&self) -> Option<(&Space, &IfName)> {
        Some((&self.peer_space, &self.peer))
    }

    fn made_of(&self) -> Option<String> {
        Some(format!("to {} in {}", self.peer, self.peer_space))
    }

    fn differences(&self, wanted: &LinkKind) -> Vec<Difference> {
        let LinkKind::Veth(wanted) = wanted else { return Vec::new() };
        let end = |veth: &Veth| format!("{} in {}", veth.peer, veth.peer_space);
        let other = (self != wanted).then(|| Difference::new(Attribute::fixed("other end"), end(self), end(wanted)));
        other.into_iter().collect()
    }

    /// It is the router's leg in a network, or the bridge port behind it.
    fn effect(&self, changes: Changes) -> Option<Effect> {
        (changes.goes || changes.mac || changes.master).then_some(Effect::GatewayLost)
    }
}
