use crate::lease::Secs;
use edge_host::clock::since_boot;
use nix::libc;
use std::{
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    time::{Duration, SystemTime},
};

/// The lease clock. It starts at the wall clock and then counts with the boot clock, so it never jumps by itself: a board
/// without a battery starts in the past and is set right by NTP in the middle of a run, and no lease may end by that.
///
/// Where the wall clock is not synchronised at the start it goes on from the last time the log knows. It then lags behind
/// by the time the power was off, and leases last the longer, until [`Clock::lag`] is made up for by [`Clock::step`]. What it promises
/// until then is marked, also in the log, as a later run may be the first to know the time.
pub struct Clock {
    base: AtomicU64,
    start: Duration,
    /// It may be behind the true time.
    lagging: AtomicBool,
}

impl Clock {
    pub fn start(last_logged: Secs) -> Self {
        let right = synchronised();
        Self::set(last_logged, right.unwrap_or_else(wall), right.is_some())
    }

    /// `is_right`: `wall` is the true time.
    pub fn set(last_logged: Secs, wall: Secs, is_right: bool) -> Self {
        let base = if is_right || last_logged == 0 { last_logged.max(wall) } else { last_logged };
        Self { base: base.into(), start: since_boot(), lagging: (!is_right).into() }
    }

    pub fn now(&self) -> Secs {
        self.base.load(Ordering::Relaxed) + since_boot().saturating_sub(self.start).as_secs()
    }

    pub fn is_lagging(&self) -> bool {
        self.lagging.load(Ordering::Relaxed)
    }

    /// How far it is to be set forward to `wall`, the true time if it is known; be it by nothing, when it is known first. Being ahead
    /// is no harm, and later on seconds are not worth it.
    pub fn lag(&self, wall: Option<Secs>) -> Option<Secs> {
        const WORTH_IT: Secs = 60;
        let lag = wall?.saturating_sub(self.now());
        (self.is_lagging() || lag >= WORTH_IT).then_some(lag)
    }

    /// Sets it forward to the true time. Every promise made by it so far must be moved as far.
    pub fn step(&self, by: Secs) {
        self.base.fetch_add(by, Ordering::Relaxed);
        self.lagging.store(false, Ordering::Relaxed);
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
        let clock = Clock::set(1_000, 0, false);
        assert_eq!((clock.lag(None), clock.is_lagging()), (None, true), "nobody knows the time");
        assert_eq!(clock.lag(Some(900)), Some(0), "it is ahead, and it goes on");
        let lag = clock.lag(Some(90_000)).expect("a day and more");
        clock.step(lag);
        assert_eq!((clock.lag(Some(90_000)), clock.is_lagging()), (None, false));
        assert_eq!(clock.lag(Some(90_030)), None, "not worth it");
        assert_eq!(clock.lag(Some(900)), None);
        assert!((90_000..90_002).contains(&clock.now()));
    }
}
