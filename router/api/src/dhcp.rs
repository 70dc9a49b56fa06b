use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What the DHCP server or relay agent of a network did since the daemon started.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DhcpCounters {
    /// DHCPDISCOVER messages received (RFC 2131).
    pub discovers: u64,
    /// DHCPOFFER messages sent.
    pub offers: u64,
    /// DHCPREQUEST messages received.
    pub requests: u64,
    /// DHCPACK messages sent.
    pub acks: u64,
    /// DHCPNAK messages sent.
    pub naks: u64,
    /// DHCPDECLINE messages received.
    pub declines: u64,
    /// DHCPRELEASE messages received.
    pub releases: u64,
    /// DHCPINFORM messages received.
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
