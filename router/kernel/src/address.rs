//! Addresses on the wire of rtnetlink, of either family.

use crate::marks;
use edge_net::Interface;
use ipnet::IpNet;
use netlink_packet_route::{
    RouteNetlinkMessage,
    address::{AddressAttribute, AddressMessage},
};
use rtnetlink::AddressMessageBuilder;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Of a link, with our mark.
pub(crate) fn message(index: u32, interface: Interface<IpNet>) -> AddressMessage {
    let length = interface.prefix_len();
    let mut message = match interface.address() {
        IpAddr::V4(address) => AddressMessageBuilder::<Ipv4Addr>::new().index(index).address(address, length).build(),
        IpAddr::V6(address) => AddressMessageBuilder::<Ipv6Addr>::new().index(index).address(address, length).build(),
    };
    message.attributes.push(AddressAttribute::Protocol(marks::ADDRESS));
    message
}

/// The link's own address; `IFA_ADDRESS` is the other end's where there is `IFA_LOCAL`, which IPv6 leaves out.
pub(crate) fn read(message: &AddressMessage) -> Option<IpNet> {
    let (mut local, mut address) = (None, None);
    for attribute in &message.attributes {
        match attribute {
            AddressAttribute::Local(one) => local = Some(*one),
            AddressAttribute::Address(one) => address = Some(*one),
            _ => {}
        }
    }
    IpNet::new(local.or(address)?, message.header.prefix_len).ok()
}

pub(crate) fn is_ours(message: &AddressMessage) -> bool {
    message.attributes.contains(&AddressAttribute::Protocol(marks::ADDRESS))
}

/// Those of IPv4, which are all that we give.
pub(crate) fn get() -> RouteNetlinkMessage {
    get_of(0)
}

/// Of one link; of all where `index` is 0.
pub(crate) fn get_of(index: u32) -> RouteNetlinkMessage {
    RouteNetlinkMessage::GetAddress(AddressMessageBuilder::<Ipv4Addr>::new().index(index).build())
}

/// Of IPv6 too.
pub(crate) fn get_all() -> RouteNetlinkMessage {
    RouteNetlinkMessage::GetAddress(AddressMessage::default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_of_either_family_is_read_as_it_was_written() {
        for text in ["10.0.1.3/24", "192.0.2.0/31", "fd00:1::3/64"] {
            let net: IpNet = text.parse().unwrap();
            let message = message(7, Interface::new(net).unwrap());
            assert_eq!((read(&message), message.header.index), (Some(net), 7));
            assert!(is_ours(&message));
        }
    }

    /// As the kernel tells one of IPv6, and one of a point-to-point link.
    #[test]
    fn a_links_own_address_is_told_from_the_other_ends() {
        let mut message = message(7, Interface::new("fd00:1::3/64".parse().unwrap()).unwrap());
        message.attributes.retain(|attribute| !matches!(attribute, AddressAttribute::Local(_)));
        assert_eq!(read(&message), Some("fd00:1::3/64".parse().unwrap()));
        message.attributes =
            vec![AddressAttribute::Address("10.0.0.2".parse().unwrap()), AddressAttribute::Local("10.0.0.1".parse().unwrap())];
        message.header.prefix_len = 32;
        assert_eq!(read(&message), Some("10.0.0.1/32".parse().unwrap()));
    }
}
