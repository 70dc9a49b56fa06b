//! Uplinks: addresses by DHCP, and whether each carries anything.
//!
//! `dhcp` and `health::judge` decide (pure: time, chance and packets are arguments), `wire` has the sockets, `memory` what survives a
//! restart. Nothing here changes the kernel: what is found out becomes the [`Facts`](edge_plan::Facts) of a plan.

mod board;
mod chance;
mod dhcp;
mod health;
mod memory;
mod tenant;
mod uplinks;
mod usable;
mod wire;

pub use board::{Cause, Health, UplinkReport};
#[doc(hidden)]
pub use dhcp::fuzz_reply;
pub use dhcp::{ClientLease, Trouble};
pub use health::HealthVerdict;
pub use uplinks::Uplinks;
