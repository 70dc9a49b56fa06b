//! From single probes to a verdict. Pure: time is an argument.

use std::time::Duration;

/// So many probes in a row without an answer, and the uplink is down.
const MISSES: u32 = 3;
/// So many answers in a row, and it may be used again.
const HITS: u32 = 3;
/// How long it stays down at least, counted from when it went down; doubled with each time it goes down again soon.
const HOLD: Duration = Duration::from_secs(5);
const LONGEST_HOLD: Duration = Duration::from_secs(320);
/// Up for so long, and the earlier times are forgotten.
const CALM: Duration = Duration::from_secs(600);

/// What was seen of an uplink.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProbeResult {
    NoCarrier,
    Missed,
    Answered,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HealthVerdict {
    /// Not known yet, and given the benefit of the doubt: a restart must not move traffic.
    Unknown,
    Up,
    Down,
}

#[derive(Clone, Debug)]
pub struct Judge {
    verdict: HealthVerdict,
    /// When the verdict became what it is.
    since: Duration,
    misses: u32,
    hits: u32,
    /// How often it went down without being calm in between.
    flaps: u32,
    /// With no other uplink to go to there is nothing to wait for.
    alone: bool,
}

impl Judge {
    pub fn new(now: Duration, alone: bool) -> Self {
        Self { verdict: HealthVerdict::Unknown, since: now, misses: 0, hits: 0, flaps: 0, alone }
    }

    pub fn verdict(&self) -> HealthVerdict {
        self.verdict
    }

    /// In the middle of finding out: the next probe should follow at once.
    pub fn is_in_doubt(&self) -> bool {
        self.verdict != HealthVerdict::Down && (1..MISSES).contains(&self.misses)
    }

    /// How much longer it is held down although it answers.
    pub fn held(&self, now: Duration) -> Option<Duration> {
        let left = (self.since + self.hold()).checked_sub(now).filter(|left| !left.is_zero());
        left.filter(|_| self.verdict == HealthVerdict::Down && self.hits > 0 && !self.alone)
    }

    pub fn record(&mut self, now: Duration, result: ProbeResult) {
        match result {
            ProbeResult::Answered => (self.hits, self.misses) = (self.hits.saturating_add(1), 0),
            ProbeResult::Missed | ProbeResult::NoCarrier => (self.hits, self.misses) = (0, self.misses.saturating_add(1)),
        }
        if self.verdict == HealthVerdict::Up && now.saturating_sub(self.since) >= CALM {
            self.flaps = 0;
        }
        match self.verdict {
            HealthVerdict::Unknown if result == ProbeResult::Answered => self.enter(now, HealthVerdict::Up),
            HealthVerdict::Unknown | HealthVerdict::Up if result == ProbeResult::NoCarrier || self.misses >= MISSES => {
                self.flaps += u32::from(self.verdict == HealthVerdict::Up);
                self.enter(now, HealthVerdict::Down);
            }
            HealthVerdict::Down if self.is_fit(now) => self.enter(now, HealthVerdict::Up),
            _ => {}
        }
    }

    fn is_fit(&self, now: Duration) -> bool {
        let held = now.saturating_sub(self.since) < self.hold();
        if self.alone { self.hits > 0 } else { self.hits >= HITS && !held }
    }

    fn hold(&self) -> Duration {
        // Never up before: it has disappointed nobody.
        let Some(times) = self.flaps.checked_sub(1) else { return Duration::ZERO };
        (HOLD * (1 << times.min(10))).min(LONGEST_HOLD)
    }

    fn enter(&mut self, now: Duration, verdict: HealthVerdict) {
        (self.verdict, self.since) = (verdict, now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TICK: Duration = Duration::from_secs(1);

    /// One result a second: `.` answered, `x` missed, `c` no carrier. After each the verdict: `?`, `+` or `-`.
    fn verdicts(results: &str, alone: bool) -> String {
        let mut judge = Judge::new(Duration::ZERO, alone);
        let mut now = Duration::ZERO;
        let after = results.chars().map(|result| {
            now += TICK;
            judge.record(
                now,
                match result {
                    '.' => ProbeResult::Answered,
                    'x' => ProbeResult::Missed,
                    _ => ProbeResult::NoCarrier,
                },
            );
            match judge.verdict() {
                HealthVerdict::Unknown => '?',
                HealthVerdict::Up => '+',
                HealthVerdict::Down => '-',
            }
        });
        after.collect()
    }

    #[test]
    fn table() {
        let cases = [
            ("the first answer is enough", ".", "+"),
            ("two misses are no reason", "..xx.xx.", "++++++++"),
            ("three are", "..xxx", "++++-"),
            ("no carrier counts at once", "..c", "++-"),
            ("nothing from the start", "xxx", "??-"),
            ("never up, so nothing holds it down", "xxx...", "??---+"),
        ];
        for (what, results, wanted) in cases {
            assert_eq!(verdicts(results, false), wanted, "{what}");
        }
        assert_eq!(verdicts(".c......", false), "+-----++", "held down for five seconds");
        assert_eq!(verdicts(".c......c............", false), "+-----++----------+++", "the second time for ten");
        assert_eq!(verdicts(".c....x...", false), "+--------+", "three in a row");
        assert_eq!(verdicts(".c.xxx.", true), "+-+++-+", "alone it is not held down");
    }

    #[test]
    fn calm_is_rewarded() {
        let calm = ".".repeat(700);
        let found = verdicts(&format!(".c......c...........{calm}c......"), false);
        assert!(found.ends_with("+-----++"), "{}", &found[found.len() - 20..]);
    }

    proptest! {
        /// However it flaps: down is never left before its hold is over and without three answers, up never without a reason.
        #[test]
        fn no_verdict_without_its_reason(results in "[.xc]{1,400}") {
            let verdicts: Vec<char> = verdicts(&results, false).chars().collect();
            let results: Vec<char> = results.chars().collect();
            let turns = |from: char, to: char| {
                let verdicts = &verdicts;
                (1..verdicts.len()).filter(move |at| verdicts[at - 1] == from && verdicts[*at] == to)
            };
            for at in turns('-', '+') {
                prop_assert!(at >= 3 && results[at - 2..=at].iter().all(|result| *result == '.'));
            }
            for at in turns('+', '-') {
                prop_assert!(results[at] == 'c' || results[at - 2..=at].iter().all(|result| *result != '.'));
            }
            // In 400 seconds no more than 5 + 10 + … + 320 allow, and one more.
            prop_assert!(turns('+', '-').count() <= 8);
        }
    }
}
