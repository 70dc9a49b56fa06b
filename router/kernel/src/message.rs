//! rtnetlink messages, from our types.

use crate::marks;
use edge_config::{IfName, Interface, Mac};
use edge_plan::{LinkConf, LinkKind, Route};
use netlink_packet_core::DefaultNla;
use netlink_packet_route::{
    AddressFamily, RouteNetlinkMessage,
    address::{AddressAttribute, AddressMessage, AddressScope},
    link::{
        AfSpecInet, AfSpecInet6, AfSpecUnspec, In6AddrGenMode, InfoData, InfoIpVlan, InfoKind, InfoMacVlan, InfoVeth, InfoVlan,
        IpVlanMode, LinkAttribute, LinkExtentMask, LinkFlags, LinkInfo, LinkMessage, MacVlanMode,
    },
    route::{RouteAddress, RouteAttribute, RouteHeader, RouteMessage, RouteScope, RouteType},
};
use std::net::IpAddr;

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
    RouteNetlinkMessage::GetLink(link(0, vec![LinkAttribute::ExtMask(vec![LinkExtentMask::SkipStats])]))
}

pub(crate) fn get_link(name: &IfName) -> RouteNetlinkMessage {
    let name = LinkAttribute::IfName(name.to_string());
    RouteNetlinkMessage::GetLink(link(0, vec![name, LinkAttribute::ExtMask(vec![LinkExtentMask::SkipStats])]))
}

pub(crate) fn get_link_at(index: u32) -> RouteNetlinkMessage {
    RouteNetlinkMessage::GetLink(link(index, vec![LinkAttribute::ExtMask(vec![LinkExtentMask::SkipStats])]))
}

pub(crate) fn link(index: u32, attributes: Vec<LinkAttribute>) -> LinkMessage {
    let mut message = LinkMessage::default();
    message.header.index = index;
    message.attributes = attributes;
    message
}

/// The same message, also setting the link up or down.
pub(crate) fn with_up(mut message: LinkMessage, up: bool) -> LinkMessage {
    message.header.change_mask = LinkFlags::Up;
    message.header.flags = if up { LinkFlags::Up } else { LinkFlags::empty() };
    message
}

pub(crate) fn name_group_mac(name: &IfName, group: u32, mac: Option<Mac>) -> Vec<LinkAttribute> {
    let mut attributes = vec![LinkAttribute::IfName(name.to_string()), LinkAttribute::Group(group)];
    attributes.extend(mac.map(|mac| LinkAttribute::Address(mac.bytes().to_vec())));
    attributes
}

/// `IFLA_LINKINFO` of a kind; `peer` is a veth's other end. A device has none.
pub(crate) fn link_info(kind: &LinkKind, peer: Option<LinkMessage>) -> Option<LinkAttribute> {
    match kind {
        LinkKind::Device => None,
        LinkKind::Bridge => Some(info(InfoKind::Bridge, None)),
        LinkKind::Vlan { id, .. } => Some(info(InfoKind::Vlan, Some(InfoData::Vlan(vec![InfoVlan::Id(id.get())])))),
        LinkKind::Veth { .. } => peer.map(veth),
        LinkKind::IpvlanL2 { .. } => Some(ipvlan_l2()),
        LinkKind::Macvlan { .. } => Some(macvlan()),
    }
}

pub(crate) fn veth(peer: LinkMessage) -> LinkAttribute {
    info(InfoKind::Veth, Some(InfoData::Veth(InfoVeth::Peer(peer))))
}

pub(crate) fn ipvlan_l2() -> LinkAttribute {
    info(InfoKind::IpVlan, Some(InfoData::IpVlan(vec![InfoIpVlan::Mode(IpVlanMode::L2)])))
}

/// In bridge mode: children of the same parent reach each other.
pub(crate) fn macvlan() -> LinkAttribute {
    info(InfoKind::MacVlan, Some(InfoData::MacVlan(vec![InfoMacVlan::Mode(MacVlanMode::Bridge)])))
}

fn info(kind: InfoKind, data: Option<InfoData>) -> LinkAttribute {
    LinkAttribute::LinkInfo([LinkInfo::Kind(kind)].into_iter().chain(data.map(LinkInfo::Data)).collect())
}

pub(crate) fn address(index: u32, interface: Interface) -> AddressMessage {
    let mut message = AddressMessage::default();
    message.header.family = AddressFamily::Inet;
    message.header.prefix_len = interface.prefix_len();
    message.header.scope = AddressScope::Universe;
    message.header.index = index;
    let ip = IpAddr::V4(interface.address());
    message.attributes =
        vec![AddressAttribute::Local(ip), AddressAttribute::Address(ip), AddressAttribute::Protocol(marks::ADDRESS)];
    // A /31 or /32 has no broadcast address (RFC 3021).
    if interface.prefix_len() < 31 {
        message.attributes.push(AddressAttribute::Broadcast(interface.broadcast()));
    }
    message
}

pub(crate) fn get_addresses() -> RouteNetlinkMessage {
    let mut message = AddressMessage::default();
    message.header.family = AddressFamily::Inet;
    RouteNetlinkMessage::GetAddress(message)
}

pub(crate) fn route(index: u32, route: &Route) -> RouteMessage {
    let mut message = RouteMessage::default();
    message.header = RouteHeader {
        address_family: AddressFamily::Inet,
        destination_prefix_length: route.destination.prefix_len(),
        table: RouteHeader::RT_TABLE_MAIN,
        protocol: marks::ROUTE,
        scope: if route.via.is_some() { RouteScope::Universe } else { RouteScope::Link },
        kind: RouteType::Unicast,
        ..RouteHeader::default()
    };
    message.attributes = vec![RouteAttribute::Oif(index), RouteAttribute::Priority(route.metric)];
    if route.destination.prefix_len() > 0 {
        message.attributes.push(RouteAttribute::Destination(RouteAddress::Inet(route.destination.network())));
    }
    message.attributes.extend(route.via.map(|via| RouteAttribute::Gateway(RouteAddress::Inet(via))));
    message
}

/// The kernel itself leaves out the routes of other protocols.
pub(crate) fn get_routes() -> RouteNetlinkMessage {
    let mut message = RouteMessage::default();
    message.header.address_family = AddressFamily::Inet;
    message.header.protocol = marks::ROUTE;
    RouteNetlinkMessage::GetRoute(message)
}
