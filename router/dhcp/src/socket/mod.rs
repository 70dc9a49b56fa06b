//! How packets come and go: the same few sockets and one task per network namespace, whatever the number of networks in it.

mod arp;
mod control;
mod filter;
mod inbox;
mod links;
mod outbox;
mod packet;
mod port;
mod sockets;

pub use inbox::{Inbox, Packet};
pub use outbox::Outbox;
pub use port::{Handler, Heard, Ports};
pub use sockets::Sockets;
