//! `/etc/edge-router.toml` → [`Config`]: schema, validation, diagnostics.
//!
//! Pure: no sockets, no clock, no files. What comes out of [`parse`] cannot be wrong, so nobody checks again.

mod ifname;
mod interface;
mod mac;
mod model;
mod name;
mod port;
mod vlan;

pub use ifname::{IfName, derived};
pub use interface::Interface;
pub use mac::Mac;
pub use model::*;
pub use name::Name;
pub use port::{PortRange, Protocol};
pub use vlan::VlanId;
