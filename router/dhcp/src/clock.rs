use crate::lease::Secs;
use nix::{
    libc,
    time::{ClockId, clock_gettime},
};
use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, SystemTime},
};

/// The lease clock. It starts at the wall clock and then counts with the boot clock, so it never jumps by itself: a board
/// without a battery starts in the past and is set right by NTP in the middle of a run, and no lease may end by that.
///
/// Where the wall clock is not synchronised at the start it goes on from the last time the log knows. It then lags behind
/// by the time the power was off, and leases last the longer, until [`Clock::lag`] is made up for by [`Clock::step`].
pub struct Clock {
    base: AtomicU64,
    start: Duration,
}

impl Clock {
    pub fn start(last_logged: Secs) -> Self {
        let base = match (last_logged, synchronised()) {
            (0, _) => wall(),
            (last, None) => last,
            (last, Some(wall)) => last.max(wall),
        };
        Self { base: base.into(), start: since_boot() }
    }

    pub fn now(&self) -> Secs {
        self.base.load(Ordering::Relaxed) + since_boot().saturating_sub(self.start).as_secs()
    }

    /// How far this clock is behind `wall`, the true time if it is known. Being ahead is no harm, and seconds are not worth it.
    pub fn lag(&self, wall: Option<Secs>) -> Option<Secs> {
        const WORTH_IT: Secs = 60;
        wall?.checked_sub(self.now()).filter(|lag| *lag >= WORTH_IT)
    }

    /// Sets it forward. Every promise made by it so far must be moved as far.
    pub fn step(&self, by: Secs) {
        self.base.fetch_add(by, Ordering::Relaxed);
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

fn wall() -> Secs {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs()
}

/// The wall clock, where the kernel says that somebody keeps it right (adjtimex(2)).
pub fn synchronised() -> Option<Secs> {
    // SAFETY: `timex` is plain data for which zeros are valid, and `modes` zero means that it is only filled in.
    let state = unsafe {
        let mut timex: libc::timex = std::mem::zeroed();
        libc::adjtimex(&mut timex)
    };
    (0..libc::TIME_ERROR).contains(&state).then(wall)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_lags_until_the_time_is_known_and_is_then_set_forward_once() {
        let clock = Clock { base: 1_000.into(), start: since_boot() };
        assert_eq!(clock.lag(None), None, "nobody knows the time");
        assert_eq!(clock.lag(Some(900)), None, "set back: it goes on");
        assert_eq!(clock.lag(Some(1_030)), None);
        let lag = clock.lag(Some(90_000)).expect("a day and more");
        clock.step(lag);
        assert_eq!(clock.lag(Some(90_000)), None);
        assert!((90_000..90_002).contains(&clock.now()));
    }
}
