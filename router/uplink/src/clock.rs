use nix::time::{ClockId, clock_gettime};
use std::{
    hash::{BuildHasher, Hasher, RandomState},
    time::Duration,
};

/// A clock that nobody sets: a board without a battery starts in the past, and no lease may end because it is set right.
pub fn since_boot() -> Duration {
    // Cannot fail on Linux since 2.6.39; zero would only make the clock stand.
    clock_gettime(ClockId::CLOCK_BOOTTIME).map(Duration::from).unwrap_or_default()
}

/// Not to be guessed by others on the link: a hash with a key that the system drew.
pub fn chance() -> u32 {
    RandomState::new().build_hasher().finish() as u32
}

/// Tells this boot from every other; the boot clock begins anew with each (random(4)).
pub fn boot_id() -> String {
    std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default().trim().to_owned()
}
