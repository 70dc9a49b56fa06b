use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use std::{fmt, hash::Hash, net};

/// What a prefix of either family, or of one of them, can tell: `10.0.1.0/24`, `fd00:1::/64`. Its own address may have host bits.
pub trait Prefix: Copy + Eq + Ord + Hash + fmt::Debug + fmt::Display {
    /// An address of its family.
    type Address: Copy + Eq;

    /// With its host bits.
    fn address(&self) -> Self::Address;

    /// In bits.
    fn length(&self) -> u8;

    /// Host bits cleared.
    fn subnet(&self) -> Self;

    /// Whether a node of this subnet may have `address`. In IPv4 neither the subnet's own address nor its broadcast (RFC 1122,
    /// 3.2.1.3), except in /31 and /32 (RFC 3021); in IPv6 not the subnet-router anycast address (RFC 4291, 2.6.1), except in /127
    /// (RFC 6164) and /128.
    fn has_host(&self, address: Self::Address) -> bool;
}

impl Prefix for Ipv4Net {
    type Address = net::Ipv4Addr;

    fn address(&self) -> net::Ipv4Addr {
        self.addr()
    }

    fn length(&self) -> u8 {
        self.prefix_len()
    }

    fn subnet(&self) -> Self {
        self.trunc()
    }

    fn has_host(&self, address: net::Ipv4Addr) -> bool {
        self.contains(&address) && (self.prefix_len() >= 31 || (address != self.network() && address != self.broadcast()))
    }
}

impl Prefix for Ipv6Net {
    type Address = net::Ipv6Addr;

    fn address(&self) -> net::Ipv6Addr {
        self.addr()
    }

    fn length(&self) -> u8 {
        self.prefix_len()
    }

    fn subnet(&self) -> Self {
        self.trunc()
    }

    fn has_host(&self, address: net::Ipv6Addr) -> bool {
        self.contains(&address) && (self.prefix_len() >= 127 || address != self.network())
    }
}

impl Prefix for IpNet {
    type Address = net::IpAddr;

    fn address(&self) -> net::IpAddr {
        self.addr()
    }

    fn length(&self) -> u8 {
        self.prefix_len()
    }

    fn subnet(&self) -> Self {
        self.trunc()
    }

    fn has_host(&self, address: net::IpAddr) -> bool {
        match (self, address) {
            (IpNet::V4(net), net::IpAddr::V4(address)) => net.has_host(address),
            (IpNet::V6(net), net::IpAddr::V6(address)) => net.has_host(address),
            _ => false,
        }
    }
}
