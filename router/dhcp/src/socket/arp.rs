use super::{Sockets, links, sockets::readable};
use crate::wire::arp;
use edge_config::Mac;
use nix::{
    errno::Errno,
    libc,
    sys::socket::{LinkAddr, MsgFlags, SockaddrLike, recvfrom, sendto},
};
use socket2::{Domain, Socket, Type};
use std::{io, net::Ipv4Addr, os::fd::AsRawFd};
use tokio::io::{Interest, unix::AsyncFd};

/// A packet socket for ARP. It hears nothing unless somebody waits for an answer, as networks are full of ARP.
pub struct ArpSocket(AsyncFd<Socket>);

impl ArpSocket {
    /// Protocol 0: nothing is received by it yet (packet(7)).
    pub fn open() -> io::Result<Socket> {
        Socket::new(Domain::PACKET, Type::DGRAM.nonblocking(), None)
    }

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

/// What a packet socket receives from now on, on all interfaces: an EtherType, or zero for nothing.
pub fn hear(socket: &Socket, protocol: i32) -> io::Result<()> {
    let address = address(protocol, 0, [0; 6])?;
    Ok(nix::sys::socket::bind(socket.as_raw_fd(), &address)?)
}

fn take(socket: &Socket) -> nix::Result<Option<(u32, Ipv4Addr, Mac)>> {
    let mut buffer = [0; 64];
    let (length, from) = recvfrom::<LinkAddr>(socket.as_raw_fd(), &mut buffer)?;
    let ifindex = from.and_then(|from| u32::try_from(from.ifindex()).ok());
    let claimed = arp::claimed(buffer.get(..length).unwrap_or_default());
    Ok(ifindex.zip(claimed).map(|(ifindex, (address, mac))| (ifindex, address, mac)))
}

fn address(protocol: i32, ifindex: u32, mac: [u8; 6]) -> nix::Result<LinkAddr> {
    let [a, b, c, d, e, f] = mac;
    let address = libc::sockaddr_ll {
        sll_family: libc::AF_PACKET as u16,
        sll_protocol: (protocol as u16).to_be(),
        sll_ifindex: ifindex as i32,
        sll_hatype: 0,
        sll_pkttype: 0,
        sll_halen: 6,
        sll_addr: [a, b, c, d, e, f, 0, 0],
    };
    let length = size_of::<libc::sockaddr_ll>() as libc::socklen_t;
    // SAFETY: the pointer and length are those of a whole sockaddr_ll with its family set.
    unsafe { LinkAddr::from_raw((&raw const address).cast(), Some(length)) }.ok_or(Errno::EINVAL)
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
