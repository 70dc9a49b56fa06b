//! How packets come and go: one pair of sockets and one task per network namespace, whatever the number of networks in it.

mod arp;
mod filter;
mod namespace;
mod port;
mod sockets;

pub use port::{Handler, Heard, Ports};
pub use sockets::{Outgoing, Packet, Sockets, To, Via};
