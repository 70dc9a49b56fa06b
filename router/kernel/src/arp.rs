//! ARP packets of our own (RFC 826): the announcement of an address, and a question asked anew.

use edge_net::Mac;
use nix::{
    ifaddrs::getifaddrs,
    sys::socket::{AddressFamily, LinkAddr, MsgFlags, SockFlag, SockType, sendto, socket},
};
use std::{
    collections::HashMap,
    io,
    net::Ipv4Addr,
    os::fd::{AsRawFd, OwnedFd},
};

/// Sends by the links of the namespace it was opened in.
pub(crate) struct Arp {
    /// Receives nothing: protocol 0.
    packets: OwnedFd,
    links: HashMap<String, LinkAddr>,
}

impl Arp {
    pub fn open() -> io::Result<Self> {
        let packets = socket(AddressFamily::Packet, SockType::Raw, SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK, None)?;
        let link = |found: nix::ifaddrs::InterfaceAddress| Some((found.interface_name, *found.address?.as_link_addr()?));
        Ok(Self { packets, links: getifaddrs()?.filter_map(link).collect() })
    }

    /// Tells everybody on the link that the address is here (RFC 5227 section 1.1: a request by the address for itself).
    pub fn announce(&self, link: &str, address: Ipv4Addr) -> io::Result<()> {
        self.ask(link, address, address)
    }

    /// Asks everybody on the link who `target` is.
    pub fn ask(&self, link: &str, address: Ipv4Addr, target: Ipv4Addr) -> io::Result<()> {
        let link = self.links.get(link).ok_or(io::ErrorKind::NotFound)?;
        let mac = link.addr().and_then(|bytes| Mac::new(bytes).ok()).ok_or(io::ErrorKind::Unsupported)?;
        sendto(self.packets.as_raw_fd(), &request(mac, address, target), link, MsgFlags::empty())?;
        Ok(())
    }
}

/// In an Ethernet broadcast frame.
fn request(mac: Mac, address: Ipv4Addr, target: Ipv4Addr) -> [u8; 42] {
    let mut frame = [0; 42];
    let mac = mac.bytes();
    frame[..6].fill(0xff);
    frame[6..12].copy_from_slice(&mac);
    // ARP; hardware Ethernet, protocol IPv4, their lengths, request.
    frame[12..22].copy_from_slice(&[0x08, 0x06, 0x00, 0x01, 0x08, 0x00, 6, 4, 0x00, 0x01]);
    frame[22..28].copy_from_slice(&mac);
    frame[28..32].copy_from_slice(&address.octets());
    frame[38..].copy_from_slice(&target.octets());
    frame
}
