//! The lease log: what was promised is on disk before it is said.
//!
//! `snapshot.N` holds everything up to some moment, `log.N` what came after it. The log is pre-zeroed, so that a commit is one
//! write of fresh blocks and one fdatasync that has no metadata to write. A full log makes generation N+1; two generations
//! are kept.

mod block;
mod fs;
mod recover;
#[cfg(test)]
mod tests;
mod writer;

use crate::lease::{Change, Secs};
use edge_config::Name;
use serde::{Deserialize, Serialize};

pub use fs::Directory;
pub use recover::{Recovered, recover};
pub use writer::{Done, Log};

/// One change to one network's table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    #[serde(with = "crate::lease::text")]
    pub network: Name,
    /// When, on the lease clock.
    pub at: Secs,
    pub change: Change,
}

fn log_name(generation: u64) -> String {
    format!("log.{generation}")
}

fn snapshot_name(generation: u64) -> String {
    format!("snapshot.{generation}")
}
