//! What the bridges of a space have learned: behind which port somebody is.

use crate::{
    message,
    socket::{NetlinkError, RouteSocket},
};
use netlink_packet_route::{
    RouteNetlinkMessage,
    neighbour::{NeighbourAttribute, NeighbourMessage, NeighbourState},
};

/// An Ethernet address, as it is on the wire.
pub(crate) type Mac = Vec<u8>;

/// Somebody was heard.
pub(crate) struct Learned {
    /// The index of the bridge.
    pub bridge: u32,
    /// The index of its port.
    pub port: u32,
    pub mac: Mac,
}

pub(crate) fn learned(socket: &mut RouteSocket) -> Result<Vec<Learned>, NetlinkError> {
    socket.dump_by(&message::get_bridge_neighbours(), |message| {
        // What is permanent is a port's own.
        let entry = neighbour(message).filter(|entry| entry.header.state != NeighbourState::Permanent)?;
        let bridge = entry.attributes.iter().find_map(|attribute| match attribute {
            NeighbourAttribute::Controller(index) => Some(*index),
            _ => None,
        });
        Some(Learned { bridge: bridge?, port: entry.header.ifindex, mac: mac(&entry)? })
    })
}

pub(crate) fn neighbour(message: RouteNetlinkMessage) -> Option<NeighbourMessage> {
    if let RouteNetlinkMessage::NewNeighbour(neighbour) = message { Some(neighbour) } else { None }
}

pub(crate) fn mac(neighbour: &NeighbourMessage) -> Option<Mac> {
    neighbour.attributes.iter().find_map(|attribute| match attribute {
        NeighbourAttribute::LinkLayerAddress(mac) => Some(mac.clone()),
        _ => None,
    })
}
