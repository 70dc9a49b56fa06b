use edge_host::{BootId, clock::since_boot};

/// A moment that a wall clock which jumps, or is not set at all, cannot move.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moment {
    /// Which boot it is in: a [`BootId`].
    pub boot: String,
    /// Milliseconds since that boot, sleep included.
    pub ms: u64,
}

impl Moment {
    pub fn now() -> Self {
        Self { boot: BootId::current().to_string(), ms: boot_ms() }
    }
}

pub fn boot_ms() -> u64 {
    u64::try_from(since_boot().as_millis()).unwrap_or(u64::MAX)
}
