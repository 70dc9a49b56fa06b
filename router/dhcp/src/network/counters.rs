use crate::DropReason;
use std::collections::BTreeMap;

/// What one network's server did since the daemon started. All but the last three only go up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    pub discovers: u64,
    pub offers: u64,
    pub requests: u64,
    pub acks: u64,
    pub naks: u64,
    pub declines: u64,
    pub releases: u64,
    pub informs: u64,
    /// Messages passed on, both ways, by the relay agent.
    pub relayed: u64,
    /// Addresses found in use by somebody without a lease.
    pub conflicts: u64,
    /// Messages left unanswered.
    pub drops: BTreeMap<DropReason, u64>,
    /// Addresses that rest because of a conflict, or because they were declined, now.
    pub resting: u64,
    /// Addresses of the pool that are leased, held or in quarantine now.
    pub pool_used: u64,
    /// Addresses of the pool.
    pub pool_size: u64,
}

impl Counters {
    pub fn dropped(&mut self, why: DropReason) {
        *self.drops.entry(why).or_default() += 1;
    }

    /// Messages left unanswered, by [`DropReason::as_str`].
    pub fn drops_by_name(&self) -> BTreeMap<&'static str, u64> {
        self.drops.iter().map(|(why, count)| (why.as_str(), *count)).collect()
    }
}
