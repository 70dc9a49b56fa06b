//! Two sockets share the server's port, and a classic BPF program on each tells them whose broadcast a message is: of the
//! client that it speaks for, or of somebody who speaks for others. UDP does not say where a frame came from, and a packet
//! socket, which does, would cost every forwarded packet.

use nix::libc;
use socket2::{SockFilter, Socket};
use std::io;

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// The frame's source is the client's hardware address (`chaddr`), or a relay agent speaks, or it is no broadcast.
    Own,
    /// Every other broadcast.
    Stranger,
}

/// Offsets from the UDP header, where a socket's filter starts to read.
const GIADDR: u32 = 8 + 24;
const CHADDR: u32 = 8 + 28;
const CHADDR_END: u32 = CHADDR + 6;
/// The source in an Ethernet header, and the destination in an IP header (filter.h).
const SOURCE: u32 = libc::SKF_LL_OFF as u32 + 6;
const DESTINATION: u32 = libc::SKF_NET_OFF as u32 + 16;

const LENGTH: u16 = (libc::BPF_LD | libc::BPF_W | libc::BPF_LEN) as u16;
const WORD: u16 = (libc::BPF_LD | libc::BPF_W | libc::BPF_ABS) as u16;
const HALF: u16 = (libc::BPF_LD | libc::BPF_H | libc::BPF_ABS) as u16;
const KEEP: u16 = (libc::BPF_MISC | libc::BPF_TAX) as u16;
const IS: u16 = (libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K) as u16;
const IS_KEPT: u16 = (libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_X) as u16;
const IS_AT_LEAST: u16 = (libc::BPF_JMP | libc::BPF_JGE | libc::BPF_K) as u16;
const RETURN: u16 = (libc::BPF_RET | libc::BPF_K) as u16;

pub fn attach(socket: &Socket, whose: Whose) -> io::Result<()> {
    // How many bytes to take: all, or none.
    let (own, stranger) = if whose == Whose::Own { (u32::MAX, 0) } else { (0, u32::MAX) };
    socket.attach_filter(&[
        SockFilter::new(LENGTH, 0, 0, 0),
        SockFilter::new(IS_AT_LEAST, 0, 12, CHADDR_END),
        SockFilter::new(WORD, 0, 0, DESTINATION),
        SockFilter::new(IS, 0, 10, u32::MAX),
        SockFilter::new(WORD, 0, 0, GIADDR),
        SockFilter::new(IS, 0, 8, 0),
        SockFilter::new(WORD, 0, 0, SOURCE),
        SockFilter::new(KEEP, 0, 0, 0),
        SockFilter::new(WORD, 0, 0, CHADDR),
        SockFilter::new(IS_KEPT, 0, 5, 0),
        SockFilter::new(HALF, 0, 0, SOURCE + 4),
        SockFilter::new(KEEP, 0, 0, 0),
        SockFilter::new(HALF, 0, 0, CHADDR + 4),
        SockFilter::new(IS_KEPT, 0, 1, 0),
        SockFilter::new(RETURN, 0, 0, own),
        SockFilter::new(RETURN, 0, 0, stranger),
    ])
}
