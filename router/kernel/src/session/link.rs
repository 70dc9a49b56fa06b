use crate::{message, route, socket::RouteSocket};
use edge_net::IfName;
use netlink_packet_route::{
    RouteNetlinkMessage,
    link::LinkAttribute,
    route::{RouteAttribute, RouteMessage},
};
use std::net::IpAddr;

/// `None`: there is no route, or its link has gone meanwhile. Who is reached by a link is taken to have come by it.
pub fn answers_leave_by(socket: &mut RouteSocket, local: IpAddr, remote: IpAddr) -> Option<IfName> {
    let RouteNetlinkMessage::NewRoute(found) = socket.get(route::ask(local, remote)).ok()? else { return None };
    let RouteNetlinkMessage::NewLink(link) = socket.get(message::get_link_at(index(&found)?)).ok()? else { return None };
    link.attributes.iter().find_map(|attribute| match attribute {
        LinkAttribute::IfName(name) => name.parse().ok(),
        _ => None,
    })
}

fn index(route: &RouteMessage) -> Option<u32> {
    route.attributes.iter().find_map(|attribute| match attribute {
        RouteAttribute::Oif(index) => Some(*index),
        _ => None,
    })
}
