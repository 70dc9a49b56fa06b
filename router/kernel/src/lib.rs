//! The kernel, observed and changed over netlink: links, addresses, routes, namespaces, sysctls, the nftables table, container ports.
//!
//! Nothing here runs a program. What carries no mark of ours is listed but never touched.

#![warn(missing_docs)]

mod address;
mod adopt;
mod announce;
mod arp;
pub mod claims;
pub mod conntrack;
pub mod endpoint;
mod error;
mod events;
mod execute;
#[cfg(feature = "faults")]
mod fault;
mod fdb;
pub mod flows;
mod kernel;
mod link;
pub mod marks;
mod message;
mod namespace;
mod nfnetlink;
pub mod nft;
mod observe;
mod route;
mod session;
mod set_key;
mod socket;
mod space;
mod sysctl;
mod written;

pub use error::{Error, ExecuteError};
pub use events::Events;
pub use kernel::Kernel;
pub use socket::NetlinkError;
pub use space::is_our_namespace;
pub use sysctl::setting_files;
