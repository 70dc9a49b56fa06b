//! Behind which port of a bridge somebody is: the neighbour table knows the MAC address, the bridges know the port. What cannot be read
//! is not known, and nobody is kept waiting for it.

use super::link;
use crate::{message, socket::RouteSocket};
use edge_net::IfName;
use netlink_packet_route::{
    RouteNetlinkMessage,
    neighbour::{NeighbourAddress, NeighbourAttribute, NeighbourMessage, NeighbourState},
};
use std::net::{IpAddr, Ipv4Addr};

/// An Ethernet address, as it is on the wire.
pub type Mac = Vec<u8>;

/// The neighbours of a space.
pub struct Neighbours(Vec<(u32, Ipv4Addr, Mac)>);

impl Neighbours {
    pub fn of(socket: &mut RouteSocket) -> Self {
        let listed = socket.dump_by(&message::get_neighbours(), |message| {
            let neighbour = neighbour(message)?;
            Some((neighbour.header.ifindex, address(&neighbour)?, mac(&neighbour)?))
        });
        Self(listed.unwrap_or_default())
    }

    pub fn mac(&self, link: u32, remote: IpAddr) -> Option<Mac> {
        let found = self.0.iter().find(|(at, address, _)| *at == link && IpAddr::V4(*address) == remote);
        found.map(|(_, _, mac)| mac.clone())
    }
}

/// What the bridges of a space have learned.
pub struct Learned(Vec<(u32, Mac)>);

impl Learned {
    pub fn of(socket: &mut RouteSocket) -> Self {
        let listed = socket.dump_by(&message::get_bridge_neighbours(), |message| {
            // What is permanent is a port's own.
            let learned = neighbour(message).filter(|learned| learned.header.state != NeighbourState::Permanent)?;
            Some((learned.header.ifindex, mac(&learned)?))
        });
        Self(listed.unwrap_or_default())
    }

    pub fn ports(&self, socket: &mut RouteSocket, mac: &Mac) -> Vec<IfName> {
        let ports = self.0.iter().filter(|(_, learned)| learned == mac);
        ports.filter_map(|(index, _)| link::name(socket, *index)).collect()
    }
}

fn neighbour(message: RouteNetlinkMessage) -> Option<NeighbourMessage> {
    if let RouteNetlinkMessage::NewNeighbour(neighbour) = message { Some(neighbour) } else { None }
}

fn address(neighbour: &NeighbourMessage) -> Option<Ipv4Addr> {
    neighbour.attributes.iter().find_map(|attribute| match attribute {
        NeighbourAttribute::Destination(NeighbourAddress::Inet(address)) => Some(*address),
        _ => None,
    })
}

fn mac(neighbour: &NeighbourMessage) -> Option<Mac> {
    neighbour.attributes.iter().find_map(|attribute| match attribute {
        NeighbourAttribute::LinkLayerAddress(mac) => Some(mac.clone()),
        _ => None,
    })
}
