use nix::time::{ClockId, clock_gettime};
use std::fs;

/// A moment that a wall clock which jumps, or is not set at all, cannot move.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moment {
    /// Which boot it is in: `/proc/sys/kernel/random/boot_id` (random(4)).
    pub boot: String,
    /// Milliseconds since that boot, sleep included: `CLOCK_BOOTTIME` (clock_gettime(2)).
    pub ms: u64,
}

impl Moment {
    /// Without a boot id every start counts as a new boot, which is the careful way to be wrong.
    pub fn now() -> Self {
        let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").map(|id| id.trim().to_owned());
        Self { boot: boot.unwrap_or_else(|_| format!("unknown, process {}", std::process::id())), ms: boot_ms() }
    }
}

pub fn boot_ms() -> u64 {
    let now = clock_gettime(ClockId::CLOCK_BOOTTIME).map_or((0, 0), |now| (now.tv_sec(), now.tv_nsec()));
    u64::try_from(now.0).unwrap_or(0) * 1000 + u64::try_from(now.1).unwrap_or(0) / 1_000_000
}
