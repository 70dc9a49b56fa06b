use crate::Prefix;
use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use std::{fmt, net::Ipv4Addr};

/// An address with the subnet it lies in: `10.0.1.3/24`. The address is one that a node may have ([`Prefix::has_host`]).
/// `Interface` alone is of IPv4, `Interface<IpNet>` of either family.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Interface<N = Ipv4Net>(N);

impl<N: Prefix> Interface<N> {
    /// `None` where the address is the subnet's own.
    pub fn new(net: N) -> Option<Self> {
        net.has_host(net.address()).then_some(Self(net))
    }

    /// The address alone.
    pub fn address(&self) -> N::Address {
        self.0.address()
    }

    /// In bits.
    pub fn prefix_len(&self) -> u8 {
        self.0.length()
    }

    /// The subnet, host bits cleared.
    pub fn subnet(&self) -> N {
        self.0.subnet()
    }

    /// Whether a node of this subnet may have `address`.
    pub fn has_host(&self, address: N::Address) -> bool {
        self.0.has_host(address)
    }
}

impl Interface {
    /// `255.255.255.0`
    pub fn netmask(&self) -> Ipv4Addr {
        self.0.netmask()
    }

    /// The address of all nodes of the subnet.
    pub fn broadcast(&self) -> Ipv4Addr {
        self.0.broadcast()
    }
}

impl From<Interface> for Interface<IpNet> {
    fn from(interface: Interface) -> Self {
        Self(interface.0.into())
    }
}

impl From<Interface<Ipv6Net>> for Interface<IpNet> {
    fn from(interface: Interface<Ipv6Net>) -> Self {
        Self(interface.0.into())
    }
}

impl<N: fmt::Display> fmt::Display for Interface<N> {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.pad(&self.0.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_one<N: Prefix + std::str::FromStr>(text: &str) -> bool {
        Interface::new(text.parse::<N>().ok().expect("a prefix")).is_some()
    }

    #[test]
    fn a_subnets_own_address_belongs_to_no_node() {
        for (text, is) in [("10.0.1.3/24", true), ("10.0.1.0/24", false), ("10.0.1.255/24", false), ("10.0.1.0/31", true)] {
            assert_eq!((is_one::<Ipv4Net>(text), is_one::<IpNet>(text)), (is, is), "{text}");
        }
        for (text, is) in
            [("fd00::3/64", true), ("fd00::/64", false), ("fd00::ffff:ffff:ffff:ffff/64", true), ("fd00::/127", true)]
        {
            assert_eq!((is_one::<Ipv6Net>(text), is_one::<IpNet>(text)), (is, is), "{text}");
        }
    }

    #[test]
    fn an_address_of_the_other_family_is_no_host_of_a_subnet() {
        let four: Interface<IpNet> = Interface::new("0.0.0.1/0".parse::<Ipv4Net>().expect("a prefix")).expect("a host's").into();
        assert!(four.has_host("10.0.0.1".parse().expect("an address")));
        assert!(!four.has_host("::a00:1".parse().expect("an address")));
    }
}
