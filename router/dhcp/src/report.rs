use crate::{Counters, log::LogFault};
use edge_net::Name;
use std::collections::BTreeMap;

/// How the whole server is doing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DhcpReport {
    pub networks: BTreeMap<Name, Counters>,
    /// Messages that belong to no network: no service on the interface they came in by.
    pub stray: u64,
    /// What keeps leases from being written.
    pub log_fault: LogFault,
    /// What the start found damaged in the lease log, until somebody has seen it.
    pub recovery: Vec<String>,
}
