use crate::{message, route, socket::RouteSocket};
use edge_net::IfName;
use netlink_packet_route::{
    RouteNetlinkMessage,
    link::LinkAttribute,
    route::{RouteAttribute, RouteMessage},
};
use std::net::IpAddr;

/// The index of a link; `None`: there is no route. Who is reached by a link is taken to have come by it.
pub fn answers_leave_by(socket: &mut RouteSocket, local: IpAddr, remote: IpAddr) -> Option<u32> {
    let RouteNetlinkMessage::NewRoute(found) = socket.get(route::ask(local, remote)).ok()? else { return None };
    index(&found)
}

fn index(route: &RouteMessage) -> Option<u32> {
    route.attributes.iter().find_map(|attribute| match attribute {
        RouteAttribute::Oif(index) => Some(*index),
        _ => None,
    })
}

/// `None`: it has gone meanwhile.
pub fn name(socket: &mut RouteSocket, index: u32) -> Option<IfName> {
    let RouteNetlinkMessage::NewLink(link) = socket.get(message::get_link_at(index)).ok()? else { return None };
    link.attributes.iter().find_map(|attribute| match attribute {
        LinkAttribute::IfName(name) => name.parse().ok(),
        _ => None,
    })
}
