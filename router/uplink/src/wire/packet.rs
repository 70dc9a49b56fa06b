use super::{link::Link, watched};
use crate::dhcp::{Outgoing, Via};
use edge_dhcp_wire::{CLIENT_PORT, SERVER_PORT, udp_packet};
use nix::libc;
use socket2::{Domain, Protocol, SockAddr, SockAddrStorage, SockFilter, Socket, Type};
use std::{
    io,
    mem::MaybeUninit,
    net::{Ipv4Addr, SocketAddrV4},
};
use tokio::io::{Interest, unix::AsyncFd};

/// Sends and receives below IP: before there is an address the kernel neither sends from none nor delivers to one that is not its
/// own, and no rule has to let a reply in.
pub struct DhcpSocket {
    packets: AsyncFd<Socket>,
    index: i32,
}

/// Ethernet's MTU.
const LONGEST: usize = 1500;

impl DhcpSocket {
    pub fn open(link: &Link, index: i32) -> io::Result<Self> {
        let socket = link.open_there(|| {
            // Protocol 0 until the filter is on: nothing is received before.
            let socket = Socket::new(Domain::PACKET, Type::DGRAM.nonblocking(), None)?;
            socket.attach_filter(&FILTER)?;
            socket.bind(&hardware(index, libc::ETH_P_IP, None))?;
            Ok(socket)
        })?;
        Ok(Self { packets: watched(socket, Interest::READABLE)?, index })
    }

    /// The next DHCP message.
    pub async fn receive(&self) -> io::Result<Vec<u8>> {
        loop {
            let mut ready = self.packets.readable().await?;
            let mut buffer = [MaybeUninit::uninit(); LONGEST];
            match ready.try_io(|socket| socket.get_ref().recv(&mut buffer)) {
                Ok(length) => {
                    let length = length?;
                    // SAFETY: the kernel wrote the first `length` bytes.
                    let packet: Vec<u8> = buffer[..length].iter().map(|byte| unsafe { byte.assume_init() }).collect();
                    if let Some(payload) = udp_payload(&packet) {
                        return Ok(payload.to_vec());
                    }
                }
                Err(_would_block) => continue,
            }
        }
    }

    /// A unicast goes by UDP, so that the kernel finds the neighbour; the returned socket has to be kept while an answer is expected,
    /// or the answer is met by an ICMP error.
    pub fn send(&self, link: &Link, outgoing: &Outgoing) -> io::Result<Option<Socket>> {
        let everybody = SocketAddrV4::new(Ipv4Addr::BROADCAST, SERVER_PORT);
        let from = match outgoing.via {
            Via::Broadcast => Ipv4Addr::UNSPECIFIED,
            Via::BroadcastFrom(from) => from,
            Via::Unicast { from, to } => return self.send_udp(link, from, to, &outgoing.bytes).map(Some),
        };
        let packet = udp_packet(SocketAddrV4::new(from, CLIENT_PORT), everybody, &outgoing.bytes);
        let packet = packet.ok_or(io::ErrorKind::InvalidInput)?;
        let all = hardware(self.index, libc::ETH_P_IP, Some([0xff; 6]));
        self.packets.get_ref().send_to(&packet, &all)?;
        Ok(None)
    }

    fn send_udp(&self, link: &Link, from: Ipv4Addr, to: Ipv4Addr, bytes: &[u8]) -> io::Result<Socket> {
        link.open_there(|| {
            let socket = Socket::new(Domain::IPV4, Type::DGRAM.nonblocking(), Some(Protocol::UDP))?;
            socket.set_reuse_address(true)?;
            socket.bind_device(Some(link.name().as_str().as_bytes()))?;
            socket.bind(&SocketAddrV4::new(from, CLIENT_PORT).into())?;
            socket.send_to(bytes, &SocketAddrV4::new(to, SERVER_PORT).into())?;
            Ok(socket)
        })
    }
}

/// Where a packet socket sends to and receives from (packet(7)).
pub fn hardware(index: i32, protocol: i32, to: Option<[u8; 6]>) -> SockAddr {
    let mut address = [0; 8];
    address[..6].copy_from_slice(&to.unwrap_or_default());
    let link = libc::sockaddr_ll {
        sll_family: libc::AF_PACKET as u16,
        sll_protocol: (protocol as u16).to_be(),
        sll_ifindex: index,
        sll_hatype: 0,
        sll_pkttype: 0,
        sll_halen: 6,
        sll_addr: address,
    };
    let mut storage = SockAddrStorage::zeroed();
    // SAFETY: a `sockaddr_ll` is one of the addresses the storage is made for, and the length is its own.
    unsafe {
        *storage.view_as() = link;
        SockAddr::new(storage, size_of::<libc::sockaddr_ll>() as libc::socklen_t)
    }
}

/// Passes UDP to the client's port that is no later fragment; at offset 0 is the IPv4 header. As `tcpdump -dd 'udp dst port 68'`
/// writes it for a link without a header of its own.
static FILTER: [SockFilter; 9] = [
    // Protocol: UDP.
    SockFilter::new(0x30, 0, 0, 9),
    SockFilter::new(0x15, 0, 6, 17),
    // No fragment but the first.
    SockFilter::new(0x28, 0, 0, 6),
    SockFilter::new(0x45, 4, 0, 0x1fff),
    // Behind a header as long as it says: the destination port.
    SockFilter::new(0xb1, 0, 0, 0),
    SockFilter::new(0x48, 0, 0, 2),
    SockFilter::new(0x15, 0, 1, CLIENT_PORT as u32),
    // All of it, or nothing.
    SockFilter::new(0x06, 0, 0, u32::MAX),
    SockFilter::new(0x06, 0, 0, 0),
];

/// What an IPv4 packet carries from a server's port to the client's. Checksums are not looked at: on a veth or a card that computes
/// them they are not there yet, and the transaction's number and address must be right anyway.
fn udp_payload(packet: &[u8]) -> Option<&[u8]> {
    let first = *packet.first()?;
    let total = usize::from(u16::from_be_bytes(packet.get(2..4)?.try_into().ok()?));
    let udp = packet.get(usize::from(first & 0x0f) * 4..total)?;
    let port = |at: usize| udp.get(at..at + 2).map(|bytes| u16::from_be_bytes([bytes[0], bytes[1]]));
    let length = usize::from(port(4)?);
    let is_ours = first >> 4 == 4 && packet.get(9) == Some(&17) && port(0)? == SERVER_PORT && port(2)? == CLIENT_PORT;
    udp.get(8..length).filter(|_| is_ours)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_writes_and_nothing_cut_off() {
        let [server, client] = [SERVER_PORT, CLIENT_PORT].map(|port| SocketAddrV4::new(Ipv4Addr::LOCALHOST, port));
        let packet = udp_packet(server, client, b"hello").unwrap();
        assert_eq!(udp_payload(&packet), Some(&b"hello"[..]));
        assert_eq!(udp_payload(&[&packet[..], b"trailer"].concat()), Some(&b"hello"[..]));
        assert!((0..packet.len()).all(|length| udp_payload(&packet[..length]).is_none()));
        assert_eq!(udp_payload(&udp_packet(client, server, b"hello").unwrap()), None);
    }
}
