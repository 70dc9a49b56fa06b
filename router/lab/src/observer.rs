//! The sockets of one network namespace that see our echo packets come, go and be accepted.

use crate::{
    echo::{self, Echo, EchoKind, Marker},
    host::Host,
};
use anyhow::{Context, Result};
use nix::{
    errno::Errno,
    libc,
    sys::socket::{
        AddressFamily, LinkAddr, MsgFlags, SockFlag, SockProtocol, SockType, SockaddrIn, recv, recvfrom, sendto, setsockopt,
        socket, sockopt,
    },
};
use std::{
    net::{Ipv4Addr, SocketAddrV4},
    os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd},
};

/// `lo` is the first interface of every namespace.
const LOOPBACK: usize = 1;

/// What happened to an echo packet in this namespace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Event {
    /// A request went out by a network card; on a machine with bridges, by several.
    Left { sequence: u16 },
    /// A request came in by a network card, whatever a firewall does with it next.
    Arrived { from: Ipv4Addr },
    /// A request passed the firewall and was handed to the machine itself.
    Accepted,
    /// A reply passed the firewall and was handed to the machine itself.
    Replied,
}

pub(crate) struct Observer {
    /// Every frame, before any firewall when coming in and after it when going out.
    frames: OwnedFd,
    /// ICMP delivered to this machine, after the firewall's input chain (`ip_local_deliver_finish` in the kernel).
    delivered: OwnedFd,
}

impl Observer {
    pub(crate) fn open(host: &Host) -> Result<Self> {
        let flags = SockFlag::SOCK_NONBLOCK | SockFlag::SOCK_CLOEXEC;
        host.space()
            .inside(|| {
                // SOCK_DGRAM: packets begin at the network header, whatever the card.
                let frames = socket(AddressFamily::Packet, SockType::Datagram, flags, SockProtocol::EthAll)?;
                let delivered = socket(AddressFamily::Inet, SockType::Raw, flags, SockProtocol::Icmp)?;
                for socket in [&frames, &delivered] {
                    setsockopt(socket, sockopt::RcvBufForce, &(4 << 20))?;
                }
                Ok(Self { frames, delivered })
            })
            .with_context(|| format!("cannot watch packets on {}", host.name()))
    }

    pub(crate) fn sockets(&self) -> [BorrowedFd<'_>; 2] {
        [self.frames.as_fd(), self.delivered.as_fd()]
    }

    /// Sends an echo request. No route, or a card that is down, is an error.
    pub(crate) fn send(&self, marker: Marker, sequence: u16, to: Ipv4Addr) -> Result<(), Errno> {
        let address = SockaddrIn::from(SocketAddrV4::new(to, 0));
        sendto(self.delivered.as_raw_fd(), &echo::request(marker, sequence), &address, MsgFlags::empty()).map(|_| ())
    }

    /// Takes everything seen so far and reports what concerns us.
    pub(crate) fn drain(&self, mut report: impl FnMut(Marker, Event)) -> Result<()> {
        let mut packet = [0; 2048];
        while let Some((length, address)) = received(recvfrom::<LinkAddr>(self.frames.as_raw_fd(), &mut packet))? {
            let Some(Echo { kind: EchoKind::Request, marker, sequence, source }) = echo::read(&packet[..length]) else {
                continue;
            };
            let Some(card) = address.filter(|card| card.ifindex() != LOOPBACK) else { continue };
            let event =
                if card.pkttype() == libc::PACKET_OUTGOING { Event::Left { sequence } } else { Event::Arrived { from: source } };
            report(marker, event);
        }
        while let Some(length) = received(recv(self.delivered.as_raw_fd(), &mut packet, MsgFlags::empty()))? {
            match echo::read(&packet[..length]) {
                Some(Echo { kind: EchoKind::Request, marker, .. }) => report(marker, Event::Accepted),
                Some(Echo { kind: EchoKind::Reply, marker, .. }) => report(marker, Event::Replied),
                None => {}
            }
        }
        Ok(())
    }
}

/// `None` when there is nothing more to read just now. A card that went down is told once by an error of its own, and is no end.
fn received<T>(result: nix::Result<T>) -> Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(Errno::EAGAIN | Errno::ENETDOWN) => Ok(None),
        Err(errno) => Err(errno).context("cannot read seen packets"),
    }
}
