//! Addresses and routes of others on links of ours: [`super::observe`] leaves them out, for nothing of them is wanted or changed.

use super::{Links, dump_links};
use crate::{Error, marks, message, socket::NetlinkError, space::OpenSpace, space::Spaces};
use edge_net::IfName;
use edge_plan::{Strange, Stranger};
use ipnet::{IpNet, Ipv4Net};
use netlink_packet_route::{
    RouteNetlinkMessage,
    address::{AddressAttribute, AddressMessage},
    route::{RouteAddress, RouteAttribute, RouteHeader, RouteMessage, RouteProtocol, RouteType},
};

pub(crate) fn strangers(spaces: &mut Spaces) -> Result<Vec<Stranger>, Error> {
    spaces.refresh()?;
    let mut strangers = Vec::new();
    for space in spaces.iter_mut() {
        let found = of_space(space).map_err(|error| space.error("list addresses and routes", error))?;
        strangers.extend(found.into_iter().map(|(link, thing)| Stranger { space: space.space.clone(), link, thing }));
    }
    Ok(strangers)
}

fn of_space(space: &mut OpenSpace) -> Result<Vec<(IfName, Strange)>, NetlinkError> {
    let links = dump_links(space)?;
    let addresses = space.route.dump(&message::get_all_addresses())?;
    let routes = space.route.dump(&message::get_all_routes())?;
    let strange = addresses.iter().chain(&routes).filter_map(|message| match message {
        RouteNetlinkMessage::NewAddress(message) => address(message, &links),
        RouteNetlinkMessage::NewRoute(message) => route(message, &links),
        _ => None,
    });
    Ok(strange.collect())
}

fn ours(links: &Links, index: u32) -> Option<IfName> {
    links.get(&index).filter(|found| found.is_of_the_plan())?.name.clone()
}

fn address(message: &AddressMessage, links: &Links) -> Option<(IfName, Strange)> {
    let link = ours(links, message.header.index)?;
    let of = |local: bool| {
        message.attributes.iter().find_map(|attribute| match attribute {
            AddressAttribute::Local(address) if local => Some(*address),
            AddressAttribute::Address(address) if !local => Some(*address),
            _ => None,
        })
    };
    // IPv6 says `IFA_ADDRESS` alone.
    let address = IpNet::new(of(true).or_else(|| of(false))?, message.header.prefix_len).ok()?;
    let is_marked = message.attributes.contains(&AddressAttribute::Protocol(marks::ADDRESS));
    // A card that was up before it was lent has a link-local address, which the kernel gave it.
    let is_automatic = matches!(address, IpNet::V6(address) if address.addr().is_unicast_link_local());
    (!is_marked && !is_automatic).then_some((link, Strange::Address(address)))
}

/// The kernel's own routes go with the addresses.
fn route(message: &RouteMessage, links: &Links) -> Option<(IfName, Strange)> {
    let header = &message.header;
    let is_strange = ![marks::ROUTE, RouteProtocol::Kernel].contains(&header.protocol)
        && header.table == RouteHeader::RT_TABLE_MAIN
        && header.kind == RouteType::Unicast;
    is_strange.then_some(())?;
    let (mut network, mut via, mut link) = (std::net::Ipv4Addr::UNSPECIFIED, None, None);
    for attribute in &message.attributes {
        match attribute {
            RouteAttribute::Destination(RouteAddress::Inet(address)) => network = *address,
            RouteAttribute::Gateway(RouteAddress::Inet(address)) => via = Some(*address),
            RouteAttribute::Oif(index) => link = ours(links, *index),
            _ => {}
        }
    }
    let destination = Ipv4Net::new(network, header.destination_prefix_length).ok()?;
    Some((link?, Strange::Route { destination, via }))
}
