//! Routes on the wire of rtnetlink, of either family.

use crate::marks;
use edge_plan::Route;
use ipnet::IpNet;
use netlink_packet_route::{
    AddressFamily, RouteNetlinkMessage,
    route::{RouteAddress, RouteAttribute, RouteHeader, RouteMessage, RouteProtocol, RouteScope, RouteType},
};
use rtnetlink::RouteMessageBuilder;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// By a link, with our mark.
pub(crate) fn message(index: u32, route: &Route) -> RouteMessage {
    let (network, length) = (route.destination.network(), route.destination.prefix_len());
    let mut message = match network {
        IpAddr::V4(network) => RouteMessageBuilder::<Ipv4Addr>::new().destination_prefix(network, length).build(),
        IpAddr::V6(network) => RouteMessageBuilder::<Ipv6Addr>::new().destination_prefix(network, length).build(),
    };
    message.header.protocol = marks::ROUTE;
    message.attributes.extend([RouteAttribute::Oif(index), RouteAttribute::Priority(route.metric)]);
    match route.via {
        Some(via) => message.attributes.push(RouteAttribute::Gateway(via.into())),
        None => message.header.scope = RouteScope::Link,
    }
    message
}

/// A unicast route of the main table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct KernelRoute {
    pub destination: IpNet,
    pub via: Option<IpAddr>,
    /// The link's index; none of a route by several.
    pub link: Option<u32>,
    pub metric: u32,
}

pub(crate) fn read(message: &RouteMessage) -> Option<KernelRoute> {
    let header = &message.header;
    (header.table == RouteHeader::RT_TABLE_MAIN && header.kind == RouteType::Unicast).then_some(())?;
    let (mut network, mut via, mut link, mut metric) = (unspecified(header.address_family)?, None, None, 0);
    for attribute in &message.attributes {
        match attribute {
            RouteAttribute::Destination(to) => network = ip(to)?,
            RouteAttribute::Gateway(gateway) => via = ip(gateway),
            RouteAttribute::Oif(index) => link = Some(*index),
            RouteAttribute::Priority(priority) => metric = *priority,
            _ => {}
        }
    }
    let destination = IpNet::new(network, header.destination_prefix_length).ok()?;
    Some(KernelRoute { destination, via, link, metric })
}

/// A default route names no destination.
fn unspecified(family: AddressFamily) -> Option<IpAddr> {
    match family {
        AddressFamily::Inet => Some(Ipv4Addr::UNSPECIFIED.into()),
        AddressFamily::Inet6 => Some(Ipv6Addr::UNSPECIFIED.into()),
        _ => None,
    }
}

fn ip(address: &RouteAddress) -> Option<IpAddr> {
    match address {
        RouteAddress::Inet(address) => Some((*address).into()),
        RouteAddress::Inet6(address) => Some((*address).into()),
        _ => None,
    }
}

/// Ours of IPv4, which are all that we make; the kernel itself leaves out the routes of other protocols.
pub(crate) fn get() -> RouteNetlinkMessage {
    get_by(marks::ROUTE)
}

/// Whoever made them.
pub(crate) fn get_all() -> RouteNetlinkMessage {
    get_by(RouteProtocol::Unspec)
}

/// By hand: a builder also sets a table and a type to filter by.
pub(crate) fn get_by(protocol: RouteProtocol) -> RouteNetlinkMessage {
    let mut message = RouteMessage::default();
    message.header.address_family = AddressFamily::Inet;
    message.header.protocol = protocol;
    RouteNetlinkMessage::GetRoute(message)
}

/// Which way the kernel sends what goes from `local` to `remote`.
pub(crate) fn ask(local: IpAddr, remote: IpAddr) -> RouteNetlinkMessage {
    let address = |address| match address {
        IpAddr::V4(address) => RouteAddress::Inet(address),
        IpAddr::V6(address) => RouteAddress::Inet6(address),
    };
    let mut message = RouteMessage::default();
    let (family, length) = if remote.is_ipv4() { (AddressFamily::Inet, 32) } else { (AddressFamily::Inet6, 128) };
    message.header.address_family = family;
    (message.header.source_prefix_length, message.header.destination_prefix_length) = (length, length);
    message.attributes = vec![RouteAttribute::Source(address(local)), RouteAttribute::Destination(address(remote))];
    RouteNetlinkMessage::GetRoute(message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_route_of_either_family_is_read_as_it_was_written() {
        let routes = [
            ("0.0.0.0/0", Some("10.0.1.1"), 100),
            ("10.9.0.0/16", None, 0),
            ("::/0", Some("fd00:1::1"), 100),
            ("fd00:9::/48", None, 1024),
        ];
        for (destination, via, metric) in routes {
            let route = Route {
                destination: destination.parse().unwrap(),
                via: via.map(|via| via.parse().unwrap()),
                link: "br0".parse().unwrap(),
                metric,
            };
            let mut message = message(7, &route);
            let seen = KernelRoute { destination: route.destination, via: route.via, link: Some(7), metric };
            assert_eq!(read(&message), Some(seen));
            // As the kernel tells a default route.
            message
                .attributes
                .retain(|attribute| !matches!(attribute, RouteAttribute::Destination(_)) || route.destination.prefix_len() > 0);
            assert_eq!(read(&message), Some(seen));
        }
    }
}
