use crate::lease::Secs;

/// When a message is judged, and what can be relied on then.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// On the lease clock.
    pub now: Secs,
    /// That clock may be behind the true time.
    pub lagging: bool,
    /// Nothing can be written to the log at present.
    pub log_fails: bool,
    /// So many addresses are asked for by ARP that no other is.
    pub asks_enough: bool,
}

impl Moment {
    /// The end of a lease of so many seconds. `now` is cut to whole seconds, and the client counts from some moment within this one.
    pub fn until(self, lease: u32) -> Secs {
        self.now + Secs::from(lease) + 1
    }

    /// The lease that ends then, seconds.
    pub fn left(self, until: Secs) -> u32 {
        u32::try_from(until.saturating_sub(self.now + 1)).unwrap_or(u32::MAX - 1)
    }
}

/// With a clock that is right and a log that can be written.
#[cfg(test)]
impl From<Secs> for Moment {
    fn from(now: Secs) -> Self {
        Self { now, lagging: false, log_fails: false, asks_enough: false }
    }
}
