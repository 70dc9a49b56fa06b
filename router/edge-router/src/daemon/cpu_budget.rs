//! How often to look at the kernel: at once after a quiet time, and never for more than a part of a processor.

use std::time::{Duration, Instant};

/// What may be spent at once after a quiet time. A card that comes says so several times over.
const BURST: Duration = Duration::from_secs(1);
/// One part in so many of a processor goes into looking, however much changes: a foreign program may change something without end.
const SHARE: u32 = 5;

/// Time to spend: it runs up while nothing happens, to [`BURST`], and is used up by work.
pub struct CpuBudget {
    /// Until when all is paid for. Lies ahead after much work.
    paid: Instant,
}

impl CpuBudget {
    pub fn new(now: Instant) -> Self {
        Self { paid: now }
    }

    /// How long to wait before the next piece of work.
    pub fn wait(&self, now: Instant) -> Duration {
        self.paid.saturating_duration_since(now).saturating_sub(BURST * SHARE)
    }

    pub fn spent(&mut self, work: Duration, now: Instant) {
        // One long piece of work, at most, is waited for.
        let owed = self.paid.saturating_duration_since(now).min(BURST * SHARE);
        self.paid = now + owed + work.min(BURST) * SHARE;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds)
    }

    #[test]
    fn the_first_ones_are_at_once_and_then_one_part_in_five() {
        let start = Instant::now();
        let (mut now, mut budget, mut at_once, mut worked) = (start, CpuBudget::new(start), 0, Duration::ZERO);
        while now < start + ms(60_000) {
            let wait = budget.wait(now);
            if wait.is_zero() && now < start + ms(1000) {
                at_once += 1;
            }
            now += wait + ms(50);
            worked += ms(50);
            budget.spent(ms(50), now);
        }
        assert!(at_once >= 15, "{at_once}");
        assert!(worked > ms(11_000) && worked < ms(14_000), "{worked:?} of a minute");
    }

    #[test]
    fn a_quiet_time_pays_off_everything_and_a_long_work_is_waited_for_a_few_seconds() {
        let start = Instant::now();
        let mut budget = CpuBudget::new(start);
        for _ in 0..100 {
            budget.spent(ms(30_000), start);
        }
        assert_eq!(budget.wait(start), ms(5000));
        assert_eq!(budget.wait(start + ms(5000)), Duration::ZERO);
        budget.spent(ms(10), start + ms(60_000));
        assert_eq!(budget.wait(start + ms(60_000)), Duration::ZERO);
    }
}
