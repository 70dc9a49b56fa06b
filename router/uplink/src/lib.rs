//! Uplinks: addresses by DHCP, and whether each carries anything.
//!
//! `dhcp` and `health::judge` decide (pure: time, chance and packets are arguments), `wire` has the sockets, `memory` what survives a
//! restart. Nothing here changes the kernel: what is found out becomes the [`Facts`](edge_plan::Facts) of a plan.

mod chance;
mod dhcp;
mod dhcp_task;
mod health;
mod memory;
mod reports;
mod uplinks;
mod usable;
mod wire;

#[doc(hidden)]
pub use dhcp::fuzz_reply;
pub use dhcp::{ClientLease, NoLease};
pub use health::HealthVerdict;
pub use reports::{Cause, Health, UplinkReport};
pub use uplinks::Uplinks;
