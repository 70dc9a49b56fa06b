//! The announcement of a new address.

use super::{Plug, Sides};
use crate::namespace;
use edge_config::Mac;
use nix::{
    ifaddrs::getifaddrs,
    sys::socket::{AddressFamily, MsgFlags, SockFlag, SockType, sendto, socket},
};
use std::{
    io,
    net::Ipv4Addr,
    os::fd::{AsFd, AsRawFd},
};

/// Tells the neighbours. They would find out by themselves, only later, so a failure is no reason to fail.
pub(super) fn announce(sides: &Sides, plug: &Plug, mac: Mac) {
    let announced = namespace::inside(sides.netns.as_fd(), || send(plug, mac));
    if let Err(error) = announced {
        log::warn!("{} could not be announced on {}: {error}", plug.address, plug.ifname);
    }
}

fn send(plug: &Plug, mac: Mac) -> io::Result<()> {
    let is_link = |name: &str| name == plug.ifname.as_str();
    let link =
        getifaddrs()?.filter(|found| is_link(&found.interface_name)).find_map(|found| found.address?.as_link_addr().copied());
    let link = link.ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))?;
    // Protocol 0: this socket receives nothing.
    let packets = socket(AddressFamily::Packet, SockType::Raw, SockFlag::SOCK_CLOEXEC, None)?;
    sendto(packets.as_raw_fd(), &frame(mac, plug.address.address()), &link, MsgFlags::empty())?;
    Ok(())
}

/// An ARP announcement (RFC 5227 section 1.1): a request by the address for itself, in an Ethernet broadcast frame.
fn frame(mac: Mac, address: Ipv4Addr) -> [u8; 42] {
    let mut frame = [0; 42];
    let mac = mac.bytes();
    frame[..6].fill(0xff);
    frame[6..12].copy_from_slice(&mac);
    // ARP; hardware Ethernet, protocol IPv4, their lengths, request.
    frame[12..22].copy_from_slice(&[0x08, 0x06, 0x00, 0x01, 0x08, 0x00, 6, 4, 0x00, 0x01]);
    frame[22..28].copy_from_slice(&mac);
    frame[28..32].copy_from_slice(&address.octets());
    frame[38..].copy_from_slice(&address.octets());
    frame
}
