//! The words of the field that every room uses: names, MAC addresses, VLAN ids, prefixes of both families, ports, secrets.
//!
//! Pure, and each is a type that cannot be wrong: what was parsed once is not checked again.

#![warn(missing_docs)]

mod attach_kind;
pub mod derived;
mod hash;
mod ifname;
mod interface;
mod mac;
mod name;
mod port;
mod prefix;
mod secret;
mod vlan;

pub use attach_kind::AttachKind;
pub use hash::fnv1a;
pub use ifname::{BadIfName, IfName};
pub use interface::Interface;
pub use mac::{BadMac, Mac};
pub use name::{BadName, Name};
pub use port::{PortRange, Protocol};
pub use prefix::Prefix;
pub use secret::Secret;
pub use vlan::VlanId;
