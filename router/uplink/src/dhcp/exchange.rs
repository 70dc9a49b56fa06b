use std::time::Duration;

/// One question asked again and again, until an answer comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exchange {
    pub xid: u32,
    pub began: Duration,
    pub tries: u32,
    /// The last time: a lease counts from there (RFC 2131 section 4.4.1).
    pub asked: Duration,
    /// When to ask the next time.
    pub next: Duration,
}

/// Doubled with each try up to 64 seconds (RFC 2131 section 4.1), from two instead of four: an uplink is on one link with its server.
const FIRST_PAUSE: u64 = 2;
const LONGEST_PAUSE: u64 = 64;

impl Exchange {
    pub fn new(now: Duration, xid: u32) -> Self {
        Self { xid, began: now, tries: 0, asked: now, next: now }
    }

    /// Asked now; again after a pause with up to half a second more, by chance, so that a street of boxes does not ask in step after
    /// a power cut.
    pub fn asked(&mut self, now: Duration, random: u32) {
        let pause = LONGEST_PAUSE.min(FIRST_PAUSE << self.tries.min(5));
        self.count(now);
        self.next = now + Duration::from_secs(pause) + Duration::from_millis(u64::from(random % 500));
    }

    /// Asked now; again after half of what is left until `end`, a minute at least (RFC 2131 section 4.4.5).
    pub fn asked_until(&mut self, now: Duration, end: Duration) {
        self.count(now);
        self.next = now + (end.saturating_sub(now) / 2).max(Duration::from_secs(60));
    }

    fn count(&mut self, now: Duration) {
        self.tries = self.tries.saturating_add(1);
        self.asked = now;
    }

    /// Seconds since it began, for the message.
    pub fn secs(&self, now: Duration) -> u16 {
        u16::try_from(now.saturating_sub(self.began).as_secs()).unwrap_or(u16::MAX)
    }
}
