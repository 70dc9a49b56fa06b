//! rtnetlink messages, from our types: with the crate rtnetlink's builders.

use crate::marks;
use edge_net::{IfName, Interface, Mac};
use edge_plan::{LinkConf, Route};
use netlink_packet_core::DefaultNla;
use netlink_packet_route::{
    AddressFamily, RouteNetlinkMessage,
    address::{AddressAttribute, AddressMessage},
    link::{AfSpecInet, AfSpecInet6, AfSpecUnspec, In6AddrGenMode, LinkAttribute, LinkExtentMask, LinkMessage},
    neighbour::NeighbourMessage,
    route::{RouteMessage, RouteProtocol, RouteScope},
};
use rtnetlink::{AddressMessageBuilder, LinkMessageBuilder, LinkUnspec, RouteMessageBuilder};
use std::net::Ipv4Addr;

// `IPV4_DEVCONF_*` (include/uapi/linux/ip.h).
const RP_FILTER: u16 = 8;
const ARP_IGNORE: u16 = 19;

/// The IPv6 and ARP settings of a link, as one `IFLA_AF_SPEC`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Settings {
    /// `None` where the kernel has no IPv6.
    pub addr_gen: Option<In6AddrGenMode>,
    pub arp_ignore: u32,
    pub rp_filter: u32,
}

impl Settings {
    pub fn ours(conf: LinkConf, ipv6: bool) -> Self {
        Self { addr_gen: ipv6.then_some(In6AddrGenMode::None), arp_ignore: 1, rp_filter: conf.rp_filter as u32 }
    }

    pub fn attribute(self) -> LinkAttribute {
        // Written by hand: `AfSpecInet::DevConfRequest` leaves zeros out, and off is a zero.
        let value = |kind: u16, value: u32| {
            let [a, b] = kind.to_ne_bytes();
            let [c, d, e, f] = value.to_ne_bytes();
            let [length, zero] = 8u16.to_ne_bytes();
            [length, zero, a, b, c, d, e, f]
        };
        let inet = [value(RP_FILTER, self.rp_filter), value(ARP_IGNORE, self.arp_ignore)].concat();
        let mut families = vec![AfSpecUnspec::Inet(vec![AfSpecInet::Other(DefaultNla::new(1, inet))])];
        if let Some(mode) = self.addr_gen {
            families.push(AfSpecUnspec::Inet6(vec![AfSpecInet6::AddrGenMode(mode)]));
        }
        LinkAttribute::AfSpecUnspec(families)
    }
}

/// `RTM_NEWLINK` without statistics, which are most of its length otherwise.
pub(crate) fn get_links() -> RouteNetlinkMessage {
    get(LinkUnspec::new_with_index(0))
}

pub(crate) fn get_link(name: &IfName) -> RouteNetlinkMessage {
    get(LinkUnspec::new_with_name(name.as_str()))
}

pub(crate) fn get_link_at(index: u32) -> RouteNetlinkMessage {
    get(LinkUnspec::new_with_index(index))
}

fn get(link: LinkMessageBuilder<LinkUnspec>) -> RouteNetlinkMessage {
    let mask = LinkAttribute::ExtMask(vec![LinkExtentMask::SkipStats]);
    RouteNetlinkMessage::GetLink(link.append_extra_attribute(mask).build())
}

/// A link to be made, with its mark.
pub(crate) fn marked<T>(link: LinkMessageBuilder<T>, group: u32, mac: Option<Mac>) -> LinkMessage {
    let link = link.link_group(group);
    match mac {
        Some(mac) => link.address(mac.bytes().to_vec()).build(),
        None => link.build(),
    }
}

pub(crate) fn address(index: u32, interface: Interface) -> AddressMessage {
    let mut message =
        AddressMessageBuilder::<Ipv4Addr>::new().index(index).address(interface.address(), interface.prefix_len()).build();
    message.attributes.push(AddressAttribute::Protocol(marks::ADDRESS));
    message
}

pub(crate) fn get_addresses() -> RouteNetlinkMessage {
    RouteNetlinkMessage::GetAddress(AddressMessageBuilder::<Ipv4Addr>::new().build())
}

/// Of IPv6 too.
pub(crate) fn get_all_addresses() -> RouteNetlinkMessage {
    RouteNetlinkMessage::GetAddress(AddressMessage::default())
}

pub(crate) fn route(index: u32, route: &Route) -> RouteMessage {
    let message = RouteMessageBuilder::<Ipv4Addr>::new()
        .protocol(marks::ROUTE)
        .destination_prefix(route.destination.network(), route.destination.prefix_len())
        .output_interface(index)
        .priority(route.metric);
    match route.via {
        Some(via) => message.gateway(via).build(),
        None => message.scope(RouteScope::Link).build(),
    }
}

/// The kernel itself leaves out the routes of other protocols. By hand: a builder also sets a table and a type to filter by.
pub(crate) fn get_routes() -> RouteNetlinkMessage {
    get_routes_by(marks::ROUTE)
}

/// Whoever made them.
pub(crate) fn get_all_routes() -> RouteNetlinkMessage {
    get_routes_by(RouteProtocol::Unspec)
}

pub(crate) fn get_routes_by(protocol: RouteProtocol) -> RouteNetlinkMessage {
    let mut message = RouteMessage::default();
    message.header.address_family = AddressFamily::Inet;
    message.header.protocol = protocol;
    RouteNetlinkMessage::GetRoute(message)
}

pub(crate) fn get_neighbours() -> RouteNetlinkMessage {
    let mut message = NeighbourMessage::default();
    message.header.family = AddressFamily::Inet;
    RouteNetlinkMessage::GetNeighbour(message)
}
