use super::{control::Control, packet::link};
use crate::way::To;
use edge_dhcp_wire::{CLIENT_PORT, SERVER_PORT, udp_header};
use nix::{errno::Errno, libc};
use smallvec::SmallVec;
use std::{
    mem,
    net::{Ipv4Addr, SocketAddrV4},
    os::fd::RawFd,
    ptr,
};

/// So many messages go out without anything allocated for it.
const BATCH: usize = 64;

/// A message to go out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing {
    pub ifindex: u32,
    /// The router's address in that network.
    pub from: Ipv4Addr,
    pub to: To,
    pub bytes: Vec<u8>,
}

/// Messages to go out together. Those that went leave their room to the next.
#[derive(Default)]
pub struct Outbox {
    messages: Vec<Outgoing>,
    filled: usize,
}

impl Outbox {
    /// Takes what is in `bytes` and leaves other room in it.
    pub fn push(&mut self, ifindex: u32, from: Ipv4Addr, to: To, bytes: &mut Vec<u8>) {
        if self.filled == self.messages.len() {
            self.messages.push(Outgoing { ifindex, from, to, bytes: Vec::new() });
        }
        let message = &mut self.messages[self.filled];
        (message.ifindex, message.from, message.to) = (ifindex, from, to);
        mem::swap(&mut message.bytes, bytes);
        self.filled += 1;
    }

    pub fn len(&self) -> usize {
        self.filled
    }

    pub fn clear(&mut self) {
        self.filled = 0;
    }

    /// Sends or loses: the client asks again. `udp` and `raw` are sockets, one call for each.
    pub(super) fn send(&mut self, udp: RawFd, raw: RawFd) {
        let messages = &self.messages[..self.filled];
        for (socket, is_raw) in [(raw, true), (udp, false)] {
            let mine = messages.iter().filter(|message| matches!(message.to, To::Broadcast | To::Hardware(..)) == is_raw);
            hand_over(socket, mine);
        }
        self.clear();
    }
}

/// What sendmmsg(2) wants to know about a message.
struct Envelope<'a> {
    message: &'a Outgoing,
    to: Destination,
    /// Of IP and UDP, where the kernel adds none.
    header: Option<[u8; 28]>,
    /// The interface and the source address, where the kernel routes.
    control: Control,
    vectors: [libc::iovec; 2],
}

enum Destination {
    Link(libc::sockaddr_ll),
    Address(libc::sockaddr_in),
}

impl<'a> Envelope<'a> {
    fn new(message: &'a Outgoing) -> Option<Self> {
        let routed = |to, port| Some(Self::routed(message, SocketAddrV4::new(to, port)));
        match message.to {
            To::Broadcast => Self::framed(message, [0xff; 6], Ipv4Addr::BROADCAST),
            To::Hardware(mac, address) => Self::framed(message, mac.bytes(), address),
            To::Address(address) => routed(address, CLIENT_PORT),
            To::Relay(agent) => routed(agent, SERVER_PORT),
        }
    }

    fn framed(message: &'a Outgoing, mac: [u8; 6], to: Ipv4Addr) -> Option<Self> {
        let ports = (SocketAddrV4::new(message.from, SERVER_PORT), SocketAddrV4::new(to, CLIENT_PORT));
        let to = link(libc::ETH_P_IP, message.ifindex, mac);
        let header = Some(udp_header(ports.0, ports.1, &message.bytes)?);
        Some(Self { message, to: Destination::Link(to), header, control: Control::empty(), vectors: NO_VECTORS })
    }

    fn routed(message: &'a Outgoing, to: SocketAddrV4) -> Self {
        let to = libc::sockaddr_in {
            sin_family: libc::AF_INET as u16,
            sin_port: to.port().to_be(),
            sin_addr: libc::in_addr { s_addr: u32::from(*to.ip()).to_be() },
            sin_zero: [0; 8],
        };
        let control = Control::departure(message.ifindex, message.from);
        Self { message, to: Destination::Address(to), header: None, control, vectors: NO_VECTORS }
    }

    /// Points into this envelope, which must stay where it is.
    fn header(&mut self) -> libc::mmsghdr {
        // SAFETY: `mmsghdr` is plain data for which zeros are valid.
        let mut header: libc::mmsghdr = unsafe { mem::zeroed() };
        let to = &mut header.msg_hdr;
        (to.msg_name, to.msg_namelen) = match &mut self.to {
            Destination::Link(link) => (ptr::from_mut(link).cast(), size_of::<libc::sockaddr_ll>() as libc::socklen_t),
            Destination::Address(address) => (ptr::from_mut(address).cast(), size_of::<libc::sockaddr_in>() as libc::socklen_t),
        };
        if self.header.is_none() {
            (to.msg_control, to.msg_controllen) = ((&raw mut self.control).cast(), size_of::<Control>() as _);
        }
        let vector = |bytes: &[u8]| libc::iovec { iov_base: bytes.as_ptr().cast_mut().cast(), iov_len: bytes.len() };
        let before = self.header.as_ref().map(|header| &header[..]).unwrap_or_default();
        self.vectors = [vector(before), vector(&self.message.bytes)];
        (to.msg_iov, to.msg_iovlen) = (self.vectors.as_mut_ptr(), self.vectors.len() as _);
        header
    }
}

const NO_VECTORS: [libc::iovec; 2] = [libc::iovec { iov_base: ptr::null_mut(), iov_len: 0 }; 2];

fn hand_over<'a>(socket: RawFd, messages: impl Iterator<Item = &'a Outgoing>) {
    let mut envelopes: SmallVec<[Envelope; BATCH]> = messages.filter_map(Envelope::new).collect();
    let mut headers: SmallVec<[libc::mmsghdr; BATCH]> = envelopes.iter_mut().map(Envelope::header).collect();
    let mut sent = 0;
    while let Some(rest) = headers.get_mut(sent..).filter(|rest| !rest.is_empty()) {
        // SAFETY: headers, addresses, control data and vectors are live and of the lengths they name; the kernel writes lengths only.
        let result = unsafe { libc::sendmmsg(socket, rest.as_mut_ptr(), rest.len() as u32, libc::MSG_DONTWAIT as _) };
        match Errno::result(result) {
            Ok(count) => sent += count as usize,
            Err(error) => {
                let Outgoing { from, to, .. } = envelopes[sent].message;
                log::debug!("a DHCP reply from {from} to {to:?} was not sent: {error}");
                sent += 1;
            }
        }
    }
}
