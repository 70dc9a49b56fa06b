use crate::log::Trouble;
use edge_net::Name;
use std::collections::BTreeMap;

/// What one network's server did since the daemon started.
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
    /// Addresses that rest because of that, or because they were declined, now.
    pub resting: u64,
    /// Messages left unanswered, by reason.
    pub drops: BTreeMap<&'static str, u64>,
    /// Addresses of the pool that are leased, held or in quarantine now.
    pub pool_used: u64,
    /// Addresses of the pool.
    pub pool_size: u64,
}

/// The whole server's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    pub networks: BTreeMap<Name, Counters>,
    /// Messages that belong to no network: no service on the interface they came in by.
    pub stray: u64,
    /// What keeps leases from being written.
    pub trouble: Trouble,
    /// What the start found damaged in the lease log.
    pub recovery: Vec<String>,
}
