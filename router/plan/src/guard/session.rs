use crate::Space;
use edge_net::IfName;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// An established connection to the box's ssh server.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Session {
    /// Where its socket is.
    pub space: Space,
    /// An address of the box, with the server's port.
    pub local: SocketAddr,
    /// Who is connected.
    pub remote: SocketAddr,
    /// By which link answers leave; `None`: the kernel does not say.
    pub link: Option<IfName>,
    /// The bridge ports of the host behind which the peer's MAC address was seen; empty: it is not known.
    pub ports: Vec<IfName>,
}

impl Session {
    /// The box's and the peer's address; `None`: it is one of IPv6, which no line of the file is about.
    pub(super) fn ipv4(&self) -> Option<(Ipv4Addr, Ipv4Addr)> {
        match (self.local.ip().to_canonical(), self.remote.ip().to_canonical()) {
            (IpAddr::V4(local), IpAddr::V4(remote)) => Some((local, remote)),
            _ => None,
        }
    }

    /// From the box to itself.
    pub(super) fn stays_inside(&self) -> bool {
        self.link.is_some_and(|link| link.as_str() == "lo") || self.remote.ip().to_canonical().is_loopback()
    }
}
