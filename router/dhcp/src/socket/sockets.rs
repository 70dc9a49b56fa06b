use super::{
    arp::ArpSocket,
    filter::{self, Whose},
    namespace,
};
use crate::{
    SocketError,
    wire::{CLIENT_PORT, SERVER_PORT, udp_packet},
};
use edge_config::Mac;
use nix::{
    errno::Errno,
    libc,
    sys::socket::{
        ControlMessage, ControlMessageOwned, LinkAddr, MsgFlags, MultiHeaders, SockaddrIn, SockaddrLike, recvmmsg, sendmsg,
        sendto, setsockopt, sockopt,
    },
};
use socket2::{Domain, Protocol, Socket, Type};
use std::{
    io::{self, IoSlice, IoSliceMut},
    net::{Ipv4Addr, SocketAddrV4},
    os::fd::{AsRawFd, RawFd},
    path::Path,
};
use tokio::{io::Interest, net::UdpSocket};

/// Messages taken from the kernel with one call.
const BATCH: usize = 32;
/// Ethernet's MTU: a client's message is never longer.
const LONGEST: usize = 1500;
/// Bytes the kernel keeps for us while we are busy: some hundred clients that start at the same moment.
const BUFFER: usize = 1 << 20;

/// A message as it came in.
#[derive(Clone, Debug)]
pub struct Packet {
    pub ifindex: u32,
    pub from: Ipv4Addr,
    pub via: Via,
    pub bytes: Vec<u8>,
}

/// How a message came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Via {
    /// Broadcast by the client itself.
    Broadcast,
    /// To this server alone.
    Unicast,
    /// Broadcast, and from another hardware address than the client's.
    Stranger,
}

/// A message to go out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing {
    pub ifindex: u32,
    /// The router's address in that network.
    pub from: Ipv4Addr,
    pub to: To,
    pub bytes: Vec<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum To {
    Broadcast,
    /// A client that has its address.
    Address(Ipv4Addr),
    /// A client that is to get this address and cannot answer ARP for it yet.
    Hardware(Mac, Ipv4Addr),
    /// A relay agent, on the server's port (RFC 2131, 4.1), or from ours to the server.
    Relay(Ipv4Addr),
}

/// One UDP socket for all interfaces of a namespace: an interface may come, go and come back without anything to reopen.
/// And a packet socket that only sends, and one for ARP.
pub struct Sockets {
    udp: UdpSocket,
    /// Only receives (see [`super::filter`]).
    strangers: UdpSocket,
    raw: Socket,
    pub(super) arp: ArpSocket,
}

impl Sockets {
    pub fn open(netns: Option<&Path>) -> Result<Self, SocketError> {
        let udp_failed = |source| SocketError::Open { what: "UDP port 67", source };
        let packet_failed = |source| SocketError::Open { what: "a packet socket", source };
        let (udp, strangers, raw, arp) = namespace::within(netns, || {
            let udp = udp(Ipv4Addr::UNSPECIFIED, Whose::Own).map_err(udp_failed)?;
            let strangers = udp_broadcast().map_err(udp_failed)?;
            // Protocol 0: nothing is received by it.
            let raw = Socket::new(Domain::PACKET, Type::DGRAM.nonblocking(), None);
            let arp = ArpSocket::open().map_err(packet_failed)?;
            Ok((udp, strangers, raw.map_err(packet_failed)?, arp))
        })?;
        let arp = ArpSocket::new(arp).map_err(packet_failed)?;
        let [udp, strangers] = [udp, strangers].map(|socket| UdpSocket::from_std(socket.into()).map_err(udp_failed));
        Ok(Self { udp: udp?, strangers: strangers?, raw, arp })
    }

    /// Waits for messages and takes what is there, up to a batch.
    pub async fn receive(&self) -> io::Result<Vec<Packet>> {
        tokio::select! {
            own = self.udp.async_io(Interest::READABLE, || take(&self.udp, Whose::Own)) => own,
            strangers = self.strangers.async_io(Interest::READABLE, || take(&self.strangers, Whose::Stranger)) => strangers,
        }
    }

    /// The name of an interface in the sockets' namespace (SIOCGIFNAME, netdevice(7)). Asked for each message: names change,
    /// and nobody says so here.
    pub fn link(&self, ifindex: u32) -> Option<String> {
        let request = self.link_request(ifindex)?;
        let name = request.ifr_name.iter().take_while(|byte| **byte != 0).map(|byte| char::from(*byte as u8));
        Some(name.collect())
    }

    /// SIOCGIFINDEX, netdevice(7).
    pub fn ifindex(&self, link: &str) -> Option<u32> {
        // SAFETY: `ifreq` is plain data for which zeros are valid.
        let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
        // The last byte stays zero.
        let room = request.ifr_name.len() - 1;
        request.ifr_name[..room].iter_mut().zip(link.bytes()).for_each(|(room, byte)| *room = byte as libc::c_char);
        // SAFETY: the descriptor is open and `request` is an `ifreq` that lives through the call.
        let result = unsafe { libc::ioctl(self.raw_fd(), libc::SIOCGIFINDEX as libc::Ioctl, &mut request) };
        Errno::result(result).ok()?;
        // SAFETY: the call filled this member of the union.
        u32::try_from(unsafe { request.ifr_ifru.ifru_ifindex }).ok()
    }

    /// What further questions about an interface start from: its name filled in.
    pub(super) fn link_request(&self, ifindex: u32) -> Option<libc::ifreq> {
        // SAFETY: `ifreq` is plain data for which zeros are valid.
        let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
        request.ifr_ifru.ifru_ifindex = i32::try_from(ifindex).ok()?;
        // SAFETY: the descriptor is open and `request` is an `ifreq` that lives through the call.
        let result = unsafe { libc::ioctl(self.raw_fd(), libc::SIOCGIFNAME as libc::Ioctl, &mut request) };
        Errno::result(result).ok()?;
        Some(request)
    }

    pub(super) fn raw_fd(&self) -> RawFd {
        self.udp.as_raw_fd()
    }

    /// Sends or loses: the client asks again.
    pub fn send(&self, message: &Outgoing) {
        let sent = match message.to {
            To::Broadcast => self.send_udp(message, Ipv4Addr::BROADCAST, CLIENT_PORT),
            To::Address(address) => self.send_udp(message, address, CLIENT_PORT),
            To::Relay(agent) => self.send_udp(message, agent, SERVER_PORT),
            To::Hardware(mac, address) => self.send_raw(message, mac, address),
        };
        if let Err(error) = sent {
            log::debug!("a DHCP reply from {} to {:?} was not sent: {error}", message.from, message.to);
        }
    }

    fn send_udp(&self, message: &Outgoing, to: Ipv4Addr, port: u16) -> nix::Result<()> {
        let info = libc::in_pktinfo {
            ipi_ifindex: message.ifindex as i32,
            ipi_spec_dst: libc::in_addr { s_addr: u32::from(message.from).to_be() },
            ipi_addr: libc::in_addr { s_addr: 0 },
        };
        let control = [ControlMessage::Ipv4PacketInfo(&info)];
        let to = SockaddrIn::from(SocketAddrV4::new(to, port));
        let bytes = [IoSlice::new(&message.bytes)];
        sendmsg(self.udp.as_raw_fd(), &bytes, &control, MsgFlags::MSG_DONTWAIT, Some(&to)).map(drop)
    }

    fn send_raw(&self, message: &Outgoing, mac: Mac, to: Ipv4Addr) -> nix::Result<()> {
        let ports = (SocketAddrV4::new(message.from, SERVER_PORT), SocketAddrV4::new(to, CLIENT_PORT));
        let packet = udp_packet(ports.0, ports.1, &message.bytes).ok_or(Errno::EMSGSIZE)?;
        let mut address = [0; 8];
        address[..6].copy_from_slice(&mac.bytes());
        let address = libc::sockaddr_ll {
            sll_family: libc::AF_PACKET as u16,
            sll_protocol: (libc::ETH_P_IP as u16).to_be(),
            sll_ifindex: message.ifindex as i32,
            sll_hatype: 0,
            sll_pkttype: 0,
            sll_halen: 6,
            sll_addr: address,
        };
        let length = size_of::<libc::sockaddr_ll>() as libc::socklen_t;
        // SAFETY: the pointer and length are those of a whole sockaddr_ll with its family set.
        let address = unsafe { LinkAddr::from_raw((&raw const address).cast(), Some(length)) }.ok_or(Errno::EINVAL)?;
        sendto(self.raw.as_raw_fd(), &packet, &address, MsgFlags::MSG_DONTWAIT).map(drop)
    }
}

fn take(socket: &UdpSocket, whose: Whose) -> io::Result<Vec<Packet>> {
    let mut buffers = vec![[0; LONGEST]; BATCH];
    let mut slices: Vec<_> = buffers.iter_mut().map(|buffer| [IoSliceMut::new(buffer)]).collect();
    let mut headers = MultiHeaders::<SockaddrIn>::preallocate(BATCH, Some(nix::cmsg_space!(libc::in_pktinfo)));
    let received = recvmmsg(socket.as_raw_fd(), &mut headers, &mut slices, MsgFlags::MSG_DONTWAIT, None)?;
    let packet = |message: nix::sys::socket::RecvMsg<SockaddrIn>| {
        let (ifindex, to) = message.cmsgs().ok()?.find_map(|control| match control {
            ControlMessageOwned::Ipv4PacketInfo(info) => {
                Some((u32::try_from(info.ipi_ifindex).ok()?, Ipv4Addr::from(u32::from_be(info.ipi_addr.s_addr))))
            }
            _ => None,
        })?;
        let via = match whose {
            Whose::Stranger => Via::Stranger,
            Whose::Own if to.is_broadcast() => Via::Broadcast,
            Whose::Own => Via::Unicast,
        };
        let bytes = message.iovs().next().unwrap_or_default().to_vec();
        let from = message.address.map_or(Ipv4Addr::UNSPECIFIED, |address| address.ip());
        Some(Packet { ifindex, from, via, bytes })
    };
    Ok(received.filter_map(packet).collect())
}

/// What broadcasts of strangers come to; nothing else does.
fn udp_broadcast() -> io::Result<Socket> {
    udp(Ipv4Addr::BROADCAST, Whose::Stranger)
}

fn udp(address: Ipv4Addr, whose: Whose) -> io::Result<Socket> {
    let socket = Socket::new(Domain::IPV4, Type::DGRAM.nonblocking(), Some(Protocol::UDP))?;
    socket.set_reuse_address(true)?;
    socket.set_broadcast(true)?;
    setsockopt(&socket, sockopt::Ipv4PacketInfo, &true)?;
    setsockopt(&socket, sockopt::RcvBufForce, &BUFFER)?;
    filter::attach(&socket, whose)?;
    socket.bind(&SocketAddrV4::new(address, SERVER_PORT).into())?;
    Ok(socket)
}
