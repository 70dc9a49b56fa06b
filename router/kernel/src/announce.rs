//! What the neighbours of a link must hear after it was made anew.

use crate::{
    Error,
    arp::Arp,
    message,
    space::{OpenSpace, Spaces},
};
use edge_host::netns;
use edge_plan::{Address, Space};
use ipnet::IpNet;
use netlink_packet_route::{
    RouteNetlinkMessage,
    neighbour::{NeighbourAddress, NeighbourAttribute, NeighbourMessage, NeighbourState},
};
use std::{
    collections::HashMap,
    io,
    net::{IpAddr, Ipv4Addr},
    os::fd::AsFd,
};

/// The neighbours that do not answer yet, by the index of their link.
type Unanswered = HashMap<u32, Vec<Ipv4Addr>>;

pub(crate) fn announce(spaces: &mut Spaces, addresses: &[(Space, Address)]) {
    for space in spaces.iter_mut() {
        let own: Vec<&Address> = addresses.iter().filter(|(at, _)| *at == space.space).map(|(_, address)| address).collect();
        if !own.is_empty()
            && let Err(error) = announce_in(space, &own)
        {
            log::warn!("the neighbours will notice only later: {error}");
        }
    }
}

fn announce_in(space: &mut OpenSpace, addresses: &[&Address]) -> Result<(), Error> {
    let unanswered = unanswered(space)?;
    let mut packets = Vec::new();
    for Address { link, interface } in addresses.iter().copied() {
        // ARP is of IPv4.
        let (IpAddr::V4(own), IpNet::V4(subnet)) = (interface.address(), interface.subnet()) else { continue };
        packets.push((link, own, own));
        // A link that went away has no neighbours; it is missed when it comes to sending.
        let Ok(Some(index)) = space.route.index(link) else { continue };
        let asked = unanswered.get(&index).into_iter().flatten().filter(|target| subnet.contains(*target));
        packets.extend(asked.map(|target| (link, own, *target)));
    }
    let sent = netns::inside(space.netns.as_fd(), || {
        let arp = Arp::open()?;
        for (link, address, target) in packets {
            // A link may be down still, or gone again.
            if let Err(error) = arp.ask(link.as_str(), address, target) {
                log::debug!("{address} is not announced on {link}: {error}");
            }
        }
        Ok::<_, io::Error>(())
    });
    sent.map_err(|error| space.error("announce addresses", error))
}

fn unanswered(space: &mut OpenSpace) -> Result<Unanswered, Error> {
    let listed = space.route.dump(&message::get_neighbours()).map_err(|error| space.error("list neighbours", error))?;
    let mut unanswered = Unanswered::new();
    for message in listed {
        if let RouteNetlinkMessage::NewNeighbour(neighbour) = message
            && neighbour.header.state == NeighbourState::Incomplete
            && let Some(address) = address(&neighbour)
        {
            unanswered.entry(neighbour.header.ifindex).or_default().push(address);
        }
    }
    Ok(unanswered)
}

fn address(neighbour: &NeighbourMessage) -> Option<Ipv4Addr> {
    neighbour.attributes.iter().find_map(|attribute| match attribute {
        NeighbourAttribute::Destination(NeighbourAddress::Inet(address)) => Some(*address),
        _ => None,
    })
}
