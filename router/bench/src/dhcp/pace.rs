//! How much time the bench takes for itself.

#[derive(Clone, Copy)]
pub struct Pace {
    /// Rates are searched for so often, each server in its turn, as a shared machine is not equally fast for long; but of slow servers
    /// once.
    pub rounds: usize,
    /// Seconds that one probe of a rate takes.
    pub span: u32,
    /// A shared machine's disk and CPU stall now and then, which is not the server's doing: so often a rate may fail.
    pub tries: u32,
    /// How fine a search ends.
    pub fine: f64,
    /// Leases at which memory is looked at.
    pub leases: u64,
}

impl Pace {
    pub const WHOLE: Self = Self { rounds: 3, span: 2, tries: 2, fine: 1.05, leases: 100_000 };
    /// A few seconds for each measure.
    pub const QUICK: Self = Self { rounds: 1, span: 1, tries: 1, fine: 1.4, leases: 10_000 };

    /// Exchanges of one probe, of which the pool has room for no more than so many.
    pub fn count(self, rate: f64) -> u64 {
        ((rate * f64::from(self.span)) as u64).clamp(20, 250_000)
    }

    /// What a rate in the table is.
    pub fn words(self) -> String {
        match self.rounds {
            1 => "one short round, to look and not to quote".to_owned(),
            rounds => format!("the median of {rounds} rounds, for slow servers one"),
        }
    }
}
