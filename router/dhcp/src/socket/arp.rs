use super::{
    Sockets, links,
    packet::{address, hear, readable},
};
use crate::wire::arp;
use edge_config::Mac;
use nix::{
    errno::Errno,
    libc,
    sys::socket::{LinkAddr, MsgFlags, recvfrom, sendto},
};
use socket2::Socket;
use std::{io, net::Ipv4Addr, os::fd::AsRawFd};
use tokio::io::{Interest, unix::AsyncFd};

/// A packet socket for ARP. It hears nothing unless somebody waits for an answer, as networks are full of ARP.
pub struct ArpSocket(AsyncFd<Socket>);

impl ArpSocket {
    /// To be called on a tokio runtime.
    pub fn new(socket: Socket) -> io::Result<Self> {
        readable(socket).map(Self)
    }

    pub fn hear(&self, on: bool) {
        if let Err(error) = hear(self.0.get_ref(), if on { libc::ETH_P_ARP } else { 0 }) {
            log::debug!("DHCP: ARP is not heard: {error}");
        }
    }

    pub async fn receive(&self) -> io::Result<(u32, Ipv4Addr, Mac)> {
        loop {
            if let Some(heard) = self.0.async_io(Interest::READABLE, |socket| Ok(take(socket)?)).await? {
                return Ok(heard);
            }
        }
    }

    pub fn send(&self, ifindex: u32, packet: &[u8]) -> nix::Result<()> {
        let broadcast = address(libc::ETH_P_ARP, ifindex, [0xff; 6])?;
        sendto(self.0.as_raw_fd(), packet, &broadcast, MsgFlags::MSG_DONTWAIT).map(drop)
    }
}

fn take(socket: &Socket) -> nix::Result<Option<(u32, Ipv4Addr, Mac)>> {
    let mut buffer = [0; 64];
    let (length, from) = recvfrom::<LinkAddr>(socket.as_raw_fd(), &mut buffer)?;
    let ifindex = from.and_then(|from| u32::try_from(from.ifindex()).ok());
    let claimed = arp::claimed(buffer.get(..length).unwrap_or_default());
    Ok(ifindex.zip(claimed).map(|(ifindex, (address, mac))| (ifindex, address, mac)))
}

impl Sockets {
    /// Asks who has `address`; false where that cannot be sent.
    pub fn probe(&self, ifindex: u32, address: Ipv4Addr) -> bool {
        let own = self.hardware_address(ifindex);
        own.is_some_and(|own| self.arp.send(ifindex, &arp::probe(own, address)).is_ok())
    }

    pub fn hear_arp(&self, on: bool) {
        self.arp.hear(on);
    }

    pub async fn receive_arp(&self) -> io::Result<(u32, Ipv4Addr, Mac)> {
        self.arp.receive().await
    }

    /// SIOCGIFHWADDR, netdevice(7).
    fn hardware_address(&self, ifindex: u32) -> Option<[u8; 6]> {
        let mut request = links::request(ifindex, self.raw_fd())?;
        // SAFETY: the descriptor is open and `request` is an `ifreq` that lives through the call.
        let result = unsafe { libc::ioctl(self.raw_fd(), libc::SIOCGIFHWADDR as libc::Ioctl, &mut request) };
        Errno::result(result).ok()?;
        // SAFETY: the call filled this member of the union.
        let data = unsafe { request.ifr_ifru.ifru_hwaddr }.sa_data;
        let [a, b, c, d, e, f, ..] = data.map(|byte| byte as u8);
        Some([a, b, c, d, e, f])
    }
}
