//! `/etc/edge-router.toml` → [`Config`]: schema, validation, diagnostics.
//!
//! Pure: no sockets, no clock, no files. What comes out of [`parse`] cannot be wrong, so nobody checks again.

mod dhcp;
mod diagnostics;
mod hash;
mod ifname;
mod interface;
mod mac;
mod mistake;
mod model;
mod name;
mod parse;
mod port;
mod span;
mod suggest;
mod vlan;

pub use dhcp::{Dhcp, DhcpOption, DhcpRelay};
pub use diagnostics::{Diagnostic, Diagnostics, MAX_SHOWN, Related};
pub use hash::fnv1a;
pub use ifname::{IfName, derived};
pub use interface::Interface;
pub use mac::Mac;
pub use model::*;
pub use name::Name;
pub use parse::{MAX_METRIC, MAX_SIZE, parse};
pub use port::{PortRange, Protocol};
pub use vlan::VlanId;
