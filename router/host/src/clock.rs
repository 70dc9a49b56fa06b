//! The boot clock, which nobody sets.

use nix::time::{ClockId, clock_gettime};
use std::time::Duration;

/// Time since this boot, sleep included: `CLOCK_BOOTTIME` (clock_gettime(2)). A board without a battery starts in the past, and nothing
/// that was promised may end because its wall clock is set right.
///
/// It begins anew with each boot: on disk it means something beside a [`crate::BootId`] only.
pub fn since_boot() -> Duration {
    // Cannot fail on Linux since 2.6.39; zero would only make the clock stand.
    clock_gettime(ClockId::CLOCK_BOOTTIME).map(Duration::from).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test ends where it fails")]
    use super::*;
    use std::fs;

    /// `/proc/uptime` (proc_uptime(5)): seconds, of the same clock.
    #[test]
    fn it_is_the_kernels_uptime() {
        let before = since_boot();
        let uptime = fs::read_to_string("/proc/uptime").unwrap();
        let after = since_boot();
        let uptime: f64 = uptime.split(' ').next().unwrap().parse().unwrap();
        let hundredth = 0.01;
        assert!(before.as_secs_f64() - hundredth <= uptime && uptime <= after.as_secs_f64(), "{before:?} {uptime} {after:?}");
    }
}
