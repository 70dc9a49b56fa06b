//! Behind which port of a bridge somebody is: the neighbour table knows the MAC address, the bridges know the port. What cannot be read
//! is not known, and nobody is kept waiting for it.

use super::link;
use crate::{
    fdb::{Learned, Mac, learned, mac, neighbour},
    message,
    socket::RouteSocket,
};
use edge_net::IfName;
use netlink_packet_route::neighbour::{NeighbourAddress, NeighbourAttribute, NeighbourMessage};
use std::net::{IpAddr, Ipv4Addr};

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
pub struct Bridges(Vec<Learned>);

impl Bridges {
    pub fn of(socket: &mut RouteSocket) -> Self {
        Self(learned(socket).unwrap_or_default())
    }

    pub fn ports(&self, socket: &mut RouteSocket, mac: &Mac) -> Vec<IfName> {
        let ports = self.0.iter().filter(|learned| learned.mac == *mac);
        ports.filter_map(|learned| link::name(socket, learned.port)).collect()
    }
}

fn address(neighbour: &NeighbourMessage) -> Option<Ipv4Addr> {
    neighbour.attributes.iter().find_map(|attribute| match attribute {
        NeighbourAttribute::Destination(NeighbourAddress::Inet(address)) => Some(*address),
        _ => None,
    })
}
