use super::{Changes, LinkBehaviour, LinkKind, Rank};
use crate::{Difference, Effect};

/// Not made by us.
pub(super) struct Device;

impl LinkBehaviour for Device {
    fn word(&self) -> &'static str {
        "device"
    }

    fn rank(&self) -> Rank {
        Rank::Device
    }

    /// It may be of any kind.
    fn over(&self, found: &LinkKind) -> Option<LinkKind> {
        Some(found.clone())
    }

    fn differences(&self, _wanted: &LinkKind) -> Vec<Difference> {
        Vec::new()
    }

    fn effect(&self, _changes: Changes) -> Option<Effect> {
        None
    }
}
