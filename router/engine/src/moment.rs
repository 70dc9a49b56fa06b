/// A moment that a wall clock which jumps, or is not set at all, cannot move.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moment {
    /// Which boot it is in: `/proc/sys/kernel/random/boot_id` (random(4)).
    pub boot: String,
    /// Milliseconds since that boot, sleep included: `CLOCK_BOOTTIME` (clock_gettime(2)).
    pub ms: u64,
}

/// The time of an event, by both clocks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Now {
    /// What is decided by.
    pub moment: Moment,
    /// Unix seconds, to be shown; nothing is decided by it.
    pub unix: u64,
}
