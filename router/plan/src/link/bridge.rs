use super::{Changes, LinkBehaviour, LinkKind, Rank};
use crate::{Difference, Effect};

pub(super) struct Bridge;

impl LinkBehaviour for Bridge {
    fn word(&self) -> &'static str {
        "bridge"
    }

    fn rank(&self) -> Rank {
        Rank::Master
    }

    fn differences(&self, _wanted: &LinkKind) -> Vec<Difference> {
        Vec::new()
    }

    /// Its MAC is the gateway's, where it has no leg.
    fn effect(&self, changes: Changes) -> Option<Effect> {
        match changes {
            Changes { goes: true, .. } => Some(Effect::ContainersLoseLink),
            Changes { mac: true, .. } => Some(Effect::GatewayLost),
            _ => None,
        }
    }
}
