//! What we say by ARP: the announcement of an address, and a question asked anew.

use edge_host::arp;
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

    /// Tells everybody on the link that the address is here.
    pub fn announce(&self, link: &str, address: Ipv4Addr) -> io::Result<()> {
        self.send(link, |mac| arp::announcement(mac, address))
    }

    /// Asks everybody on the link who `target` is.
    pub fn ask(&self, link: &str, address: Ipv4Addr, target: Ipv4Addr) -> io::Result<()> {
        self.send(link, |mac| arp::request(mac, address, target))
    }

    fn send(&self, link: &str, packet: impl FnOnce(Mac) -> [u8; arp::LENGTH]) -> io::Result<()> {
        let link = self.links.get(link).ok_or(io::ErrorKind::NotFound)?;
        let mac = link.addr().and_then(|bytes| Mac::new(bytes).ok()).ok_or(io::ErrorKind::Unsupported)?;
        sendto(self.packets.as_raw_fd(), &broadcast(mac, packet(mac)), link, MsgFlags::empty())?;
        Ok(())
    }
}

/// In an Ethernet frame to everybody.
fn broadcast(mac: Mac, packet: [u8; arp::LENGTH]) -> [u8; 14 + arp::LENGTH] {
    let mut frame = [0; 14 + arp::LENGTH];
    frame[..6].fill(0xff);
    frame[6..12].copy_from_slice(&mac.bytes());
    frame[12..14].copy_from_slice(&[0x08, 0x06]);
    frame[14..].copy_from_slice(&packet);
    frame
}
