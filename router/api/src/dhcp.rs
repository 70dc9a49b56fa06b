use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What the DHCP server or relay agent of a network did since the daemon started.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DhcpCounters {
    pub discovers: u64,
    pub offers: u64,
    pub requests: u64,
    pub acks: u64,
    pub naks: u64,
    pub declines: u64,
    pub releases: u64,
    pub informs: u64,
    /// Messages passed on by the relay agent, both ways.
    pub relayed: u64,
    /// Addresses found in use by somebody without a lease.
    pub conflicts: u64,
    /// Addresses that rest because of that, or because they were declined, now.
    pub resting: u64,
    /// Messages left unanswered, by reason.
    pub drops: BTreeMap<String, u64>,
}
