//! The lease log: what was promised is on disk before it is said.
//!
//! `log.N` is pre-zeroed, so that a commit is one write of fresh blocks and one fdatasync that has no metadata to write. When it is
//! full, `log.N+1` goes on at once, and `snapshot.N+1` is written beside it, a slice between any two commits, so that nobody waits
//! for it. It holds at least what all logs before `log.N+1` said; that it may know some of `log.N+1` too does no harm, as a record
//! says what is and not what changes.
//!
//! A start reads the newest whole snapshot and the logs from its number on. Two generations are kept, and the log before them
//! becomes the next one, which saves writing zeros: blocks carry their generation, so what it still holds counts as empty. A log is
//! at least as long as a snapshot, so that snapshots never write more than the commits did.

mod block;
mod fs;
mod mend;
mod queue;
mod recover;
mod salvage;
mod snapshot;
#[cfg(test)]
mod tests;
mod writer;

use crate::lease::{Change, Secs};
use edge_net::Name;
use serde::{Deserialize, Serialize};
use std::net::Ipv4Addr;

pub use block::{BLOCK, Packer, sealed};
pub use fs::{Directory, Fs, LogFile};
pub use queue::{Done, Log};
pub use recover::{Recovered, recover};
pub use salvage::{Salvaged, salvage};
pub use snapshot::{BLOCKS, Slices};
pub use writer::LogFault;

/// One change to one network's table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    #[serde(with = "crate::lease::name")]
    pub network: Name,
    /// When, on the lease clock.
    pub at: Secs,
    pub change: Change,
}

/// What a record is about.
pub type Place = (Name, Ipv4Addr);

impl Record {
    fn place(&self) -> Place {
        (self.network.clone(), self.change.address())
    }
}

fn log_name(generation: u64) -> String {
    format!("log.{generation}")
}

fn snapshot_name(generation: u64) -> String {
    format!("snapshot.{generation}")
}
