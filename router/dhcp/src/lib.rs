//! The DHCPv4 server (RFC 2131) and the one store of addresses, for devices and containers alike.
//!
//! A message comes in by `socket`, is read by `edge_dhcp_wire`, judged by `decide` (pure) and answered by `network` (no clock, no
//! task, no socket; what happened goes to the daemon's log), kept by `lease` and `log`, and said only when what it promises is on
//! disk. `drive` makes that happen: it has the tasks, and the lock around what is known.

mod claim;
mod clock;
mod decide;
mod drive;
mod drop_reason;
mod error;
mod fuzz;
mod import;
mod lease;
mod lock;
mod log;
mod network;
mod recovery;
mod report;
mod server;
mod service;
mod show;
mod socket;
#[cfg(test)]
mod tests;
mod way;

pub use claim::{Claim, ClaimError};
pub use drop_reason::DropReason;
pub use error::{ConfigureError, OpenError, SocketError};
#[doc(hidden)]
pub use fuzz::{fuzz_log, fuzz_packet};
pub use import::Import;
pub use lease::{Identity, Lease, LeaseKind, LeaseState};
pub use log::{LogFault, salvage};
pub use network::Counters;
pub use report::DhcpReport;
pub use server::Server;
pub use service::NetworkService;
