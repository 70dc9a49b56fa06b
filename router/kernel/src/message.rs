//! rtnetlink messages of links and neighbours, from our types: with the crate rtnetlink's builders.

use edge_net::{IfName, Mac};
use edge_plan::LinkConf;
use netlink_packet_core::DefaultNla;
use netlink_packet_route::{
    AddressFamily, RouteNetlinkMessage,
    link::{AfSpecInet, AfSpecInet6, AfSpecUnspec, In6AddrGenMode, LinkAttribute, LinkExtentMask, LinkMessage},
    neighbour::NeighbourMessage,
};
use rtnetlink::{LinkMessageBuilder, LinkUnspec};

// `IPV4_DEVCONF_*` (include/uapi/linux/ip.h).
const FORWARDING: u16 = 1;
const SEND_REDIRECTS: u16 = 6;
const RP_FILTER: u16 = 8;
const ARP_IGNORE: u16 = 19;

/// The IPv6 and ARP settings of a link, as one `IFLA_AF_SPEC`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Settings {
    /// `None` where the kernel has no IPv6.
    pub addr_gen: Option<In6AddrGenMode>,
    pub arp_ignore: u32,
    pub send_redirects: u32,
    pub rp_filter: u32,
    /// `None`: left as it is.
    pub forwarding: Option<u32>,
}

impl Settings {
    pub fn ours(conf: LinkConf, ipv6: bool) -> Self {
        let addr_gen = ipv6.then_some(In6AddrGenMode::None);
        let forwarding = Some(conf.forwarding.into());
        Self { addr_gen, arp_ignore: 1, send_redirects: 0, rp_filter: conf.rp_filter as u32, forwarding }
    }

    pub fn attribute(self) -> LinkAttribute {
        // Written by hand: `AfSpecInet::DevConfRequest` leaves zeros out, and off is a zero.
        let value = |kind: u16, value: u32| {
            let [a, b] = kind.to_ne_bytes();
            let [c, d, e, f] = value.to_ne_bytes();
            let [length, zero] = 8u16.to_ne_bytes();
            [length, zero, a, b, c, d, e, f]
        };
        let always = [(RP_FILTER, self.rp_filter), (ARP_IGNORE, self.arp_ignore), (SEND_REDIRECTS, self.send_redirects)];
        let mut inet = always.map(|(kind, to)| value(kind, to)).concat();
        inet.extend(self.forwarding.into_iter().flat_map(|forwarding| value(FORWARDING, forwarding)));
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

/// What bridges have learned.
pub(crate) fn get_bridge_neighbours() -> RouteNetlinkMessage {
    let mut message = NeighbourMessage::default();
    message.header.family = AddressFamily::Bridge;
    RouteNetlinkMessage::GetNeighbour(message)
}

pub(crate) fn get_neighbours() -> RouteNetlinkMessage {
    let mut message = NeighbourMessage::default();
    message.header.family = AddressFamily::Inet;
    RouteNetlinkMessage::GetNeighbour(message)
}
