//! The DHCPv4 server (RFC 2131) and the one store of addresses, for devices and containers alike.
//!
//! A packet comes in by `socket`, is read by `wire`, judged by `decide` (pure: no clock, no socket), kept by `lease` and
//! `log`, and answered only when what it promises is on disk.

mod answer;
mod batch;
mod claim;
mod clock;
mod counters;
mod decide;
mod error;
mod events;
mod import;
mod lease;
mod limit;
mod lock;
mod log;
mod probe;
mod relay;
mod server;
mod service;
mod socket;
mod state;
#[cfg(test)]
mod tests;
mod wire;

#[doc(hidden)]
pub use answer::fuzz_packet;
pub use claim::{Claim, ClaimError};
pub use counters::{Counters, Report};
pub use error::{ConfigureError, Error, SocketError};
pub use import::Import;
pub use lease::{Identity, Kind, Lease, LeaseState};
#[doc(hidden)]
pub use log::fuzz_log;
pub use log::{Trouble, salvage};
pub use server::Server;
pub use service::Service;
pub use wire::{CLIENT_PORT, Options, SERVER_PORT, udp_packet};
