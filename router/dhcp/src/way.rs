//! The ways of messages, as far as a decision depends on them.

use edge_net::Mac;
use std::net::Ipv4Addr;

/// How a message came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Via {
    /// Broadcast by the client itself.
    Broadcast,
    /// To this server alone.
    Unicast,
    /// Broadcast by somebody else, who has this hardware address; None for one that is no device's.
    Stranger(Option<Mac>),
}

/// Where a message goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum To {
    Broadcast,
    /// A client that has its address.
    Address(Ipv4Addr),
    /// A client whose hardware address is known for sure, by the address it has or is to get. No ARP: it cannot answer yet, or it
    /// is one of more than the kernel's neighbour table holds.
    Hardware(Mac, Ipv4Addr),
    /// A relay agent, on the server's port (RFC 2131, 4.1), or from ours to the server.
    Relay(Ipv4Addr),
}
