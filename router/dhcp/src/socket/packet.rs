//! Packet sockets (packet(7)) without Ethernet headers.

use nix::{
    errno::Errno,
    libc,
    sys::socket::{LinkAddr, SockaddrLike},
};
use socket2::{Domain, Socket, Type};
use std::{io, os::fd::AsRawFd};
use tokio::io::{Interest, unix::AsyncFd};

/// Protocol 0: nothing is received by it yet.
pub fn open() -> io::Result<Socket> {
    Socket::new(Domain::PACKET, Type::DGRAM.nonblocking(), None)
}

/// What a packet socket receives from now on, on all interfaces: an EtherType.
pub fn listen(socket: &Socket, protocol: i32) -> io::Result<()> {
    let address = address(protocol, 0, [0; 6])?;
    Ok(nix::sys::socket::bind(socket.as_raw_fd(), &address)?)
}

/// Tells when there is something to read; to be called on a tokio runtime.
pub fn readable(socket: Socket) -> io::Result<AsyncFd<Socket>> {
    // SAFETY: the descriptor is the socket's own and is closed by nobody else while the socket lives.
    Ok(unsafe { AsyncFd::register_with_interest(socket, Interest::READABLE) }?)
}

/// An interface and a hardware address there; of a protocol for bind(2).
pub fn link(protocol: i32, ifindex: u32, mac: [u8; 6]) -> libc::sockaddr_ll {
    let [a, b, c, d, e, f] = mac;
    libc::sockaddr_ll {
        sll_family: libc::AF_PACKET as u16,
        sll_protocol: (protocol as u16).to_be(),
        sll_ifindex: ifindex as i32,
        sll_hatype: 0,
        sll_pkttype: 0,
        sll_halen: 6,
        sll_addr: [a, b, c, d, e, f, 0, 0],
    }
}

pub fn address(protocol: i32, ifindex: u32, mac: [u8; 6]) -> nix::Result<LinkAddr> {
    let address = link(protocol, ifindex, mac);
    let length = size_of::<libc::sockaddr_ll>() as libc::socklen_t;
    // SAFETY: the pointer and length are those of a whole sockaddr_ll with its family set.
    unsafe { LinkAddr::from_raw((&raw const address).cast(), Some(length)) }.ok_or(Errno::EINVAL)
}
