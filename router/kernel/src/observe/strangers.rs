//! Addresses and routes of others on links of ours: [`super::observe`] leaves them out, for nothing of them is wanted or changed.

use super::{dump_links, mirror::Links};
use crate::{
    Error, address, marks,
    route::{self, KernelRoute},
    socket::NetlinkError,
    space::{OpenSpace, Spaces},
};
use edge_net::IfName;
use edge_plan::{Strange, Stranger};
use ipnet::IpNet;
use netlink_packet_route::{
    RouteNetlinkMessage,
    address::AddressMessage,
    route::{RouteMessage, RouteProtocol},
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
    let addresses = space.route.dump(&address::get_all())?;
    let routes = space.route.dump(&route::get_all())?;
    let strange = addresses.iter().chain(&routes).filter_map(|message| match message {
        RouteNetlinkMessage::NewAddress(message) => strange_address(message, &links),
        RouteNetlinkMessage::NewRoute(message) => strange_route(message, &links),
        _ => None,
    });
    Ok(strange.collect())
}

fn ours(links: &Links, index: u32) -> Option<IfName> {
    links.get(&index).filter(|found| found.is_of_the_plan())?.name
}

fn strange_address(message: &AddressMessage, links: &Links) -> Option<(IfName, Strange)> {
    let link = ours(links, message.header.index)?;
    let address = address::read(message)?;
    // A card that was up before it was lent has a link-local address, which the kernel gave it.
    let is_automatic = matches!(address, IpNet::V6(address) if address.addr().is_unicast_link_local());
    (!address::is_ours(message) && !is_automatic).then_some((link, Strange::Address(address)))
}

/// The kernel's own routes go with the addresses.
fn strange_route(message: &RouteMessage, links: &Links) -> Option<(IfName, Strange)> {
    (![marks::ROUTE, RouteProtocol::Kernel].contains(&message.header.protocol)).then_some(())?;
    let KernelRoute { destination, via, link, .. } = route::read(message)?;
    Some((ours(links, link?)?, Strange::Route { destination, via }))
}
