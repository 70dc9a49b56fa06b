use crate::lease::Secs;
use nix::{
    libc,
    time::{ClockId, clock_gettime},
};
use std::time::{Duration, SystemTime};

/// The lease clock. It starts at the wall clock and then counts with the boot clock, so it never jumps: a board without a
/// battery starts in the past and is set right by NTP in the middle of a run, and no lease may end by that.
///
/// Where the wall clock is not synchronised at the start it goes on from the last time the log knows. It then lags behind
/// by the time the power was off, and leases last the longer: harmless, unlike the opposite.
pub struct Clock {
    base: Secs,
    start: Duration,
}

impl Clock {
    pub fn start(last_logged: Secs) -> Self {
        let wall = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
        let base = match last_logged {
            0 => wall,
            last if !is_synchronised() => last,
            last => last.max(wall),
        };
        Self { base, start: since_boot() }
    }

    pub fn now(&self) -> Secs {
        self.base + since_boot().saturating_sub(self.start).as_secs()
    }

    /// A time on this clock as the wall clock would show it.
    pub fn wall(&self, at: Secs) -> SystemTime {
        let (wall, now) = (SystemTime::now(), self.now());
        let shown = match at.checked_sub(now) {
            Some(ahead) => wall.checked_add(Duration::from_secs(ahead)),
            None => wall.checked_sub(Duration::from_secs(now - at)),
        };
        shown.unwrap_or(wall)
    }
}

fn since_boot() -> Duration {
    // Cannot fail on Linux since 2.6.39; zero would only make the clock stand.
    clock_gettime(ClockId::CLOCK_BOOTTIME).map(Duration::from).unwrap_or_default()
}

/// Whether the kernel says that somebody keeps its clock right (adjtimex(2)).
fn is_synchronised() -> bool {
    // SAFETY: `timex` is plain data for which zeros are valid, and `modes` zero means that it is only filled in.
    let state = unsafe {
        let mut timex: libc::timex = std::mem::zeroed();
        libc::adjtimex(&mut timex)
    };
    (0..libc::TIME_ERROR).contains(&state)
}
