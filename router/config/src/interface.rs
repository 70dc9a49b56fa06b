use ipnet::Ipv4Net;
use std::{fmt, net::Ipv4Addr};

/// An address with the subnet it lies in: `10.0.1.3/24`.
/// The address is a usable host address: neither the subnet's own address nor its broadcast (except in /31 and /32).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Interface(Ipv4Net);

impl Interface {
    pub fn new(net: Ipv4Net) -> Option<Self> {
        is_host(net, net.addr()).then_some(Self(net))
    }

    pub fn address(&self) -> Ipv4Addr {
        self.0.addr()
    }

    pub fn prefix_len(&self) -> u8 {
        self.0.prefix_len()
    }

    /// The subnet, host bits cleared.
    pub fn subnet(&self) -> Ipv4Net {
        self.0.trunc()
    }

    pub fn netmask(&self) -> Ipv4Addr {
        self.0.netmask()
    }

    pub fn broadcast(&self) -> Ipv4Addr {
        self.0.broadcast()
    }

    /// Whether a node of this subnet may have `address`.
    pub fn has_host(&self, address: Ipv4Addr) -> bool {
        is_host(self.0, address)
    }
}

fn is_host(net: Ipv4Net, address: Ipv4Addr) -> bool {
    net.contains(&address) && (net.prefix_len() >= 31 || (address != net.network() && address != net.broadcast()))
}

impl fmt::Display for Interface {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.pad(&self.0.to_string())
    }
}
