use super::{Changes, LinkBehaviour, LinkKind, Rank};
use crate::{Attribute, Difference, Effect};
use edge_net::{IfName, VlanId};

// The kernel changes neither while it lives (net/8021q/vlan_netlink.c, net/core/rtnetlink.c).
const ID: Attribute = Attribute::fixed("VLAN id");
const TRUNK: Attribute = Attribute::fixed("trunk");

/// The frames of one VLAN (IEEE 802.1Q) of a trunk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vlan {
    /// The trunk, in the host space.
    pub parent: IfName,
    /// The VLAN whose frames it has.
    pub id: VlanId,
}

impl LinkBehaviour for Vlan {
    fn word(&self) -> &'static str {
        "vlan"
    }

    fn rank(&self) -> Rank {
        Rank::Tagged
    }

    fn parent(&self) -> Option<&IfName> {
        Some(&self.parent)
    }

    fn made_of(&self) -> Option<String> {
        Some(format!("id {} on {}", self.id, self.parent))
    }

    fn differences(&self, wanted: &LinkKind) -> Vec<Difference> {
        let LinkKind::Vlan(wanted) = wanted else { return Vec::new() };
        let id = (self.id != wanted.id).then(|| Difference::new(ID, self.id, wanted.id));
        let trunk = (self.parent != wanted.parent).then(|| Difference::new(TRUNK, self.parent, wanted.parent));
        id.into_iter().chain(trunk).collect()
    }

    fn effect(&self, changes: Changes) -> Option<Effect> {
        (changes.goes || changes.left_bridge).then_some(Effect::DevicesCutOff)
    }
}
