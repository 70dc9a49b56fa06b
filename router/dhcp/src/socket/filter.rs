//! Two sockets hear clients, and a classic BPF program on each tells whose broadcast a message is. The UDP socket takes those of
//! clients that speak for themselves and have no address yet. UDP does not say where a frame came from, so a packet socket takes those of
//! who speaks for others, each with the address of its sender; and those from any other address or port than a client's, which the
//! kernel's filters let no UDP socket have (a client that has an address of elsewhere still).

use edge_dhcp_wire::CLIENT_PORT;
use nix::libc;
use socket2::{SockFilter, Socket};
use std::io;

/// Offsets in a UDP packet.
const FROM_PORT: u32 = 0;
const PORT: u32 = 2;
const GIADDR: u32 = 8 + 24;
const CHADDR: u32 = 8 + 28;
const CHADDR_END: u32 = CHADDR + 6;

/// Offsets in an IP packet (RFC 791, 3.1), and of UDP behind a header without options.
const FRAGMENT: u32 = 6;
const PROTOCOL: u32 = 9;
const UDP: u32 = 20;
const WITHOUT_OPTIONS: u32 = 0x45;
/// Of the fragment field: more follow, or some came before.
const IS_FRAGMENT: u32 = 0x3fff;

/// The source in an Ethernet header, source and destination in an IP header, and how the frame was addressed (filter.h, packet(7)).
const SOURCE: u32 = libc::SKF_LL_OFF as u32 + 6;
const IP_SOURCE: u32 = libc::SKF_NET_OFF as u32 + 12;
const DESTINATION: u32 = libc::SKF_NET_OFF as u32 + 16;
const PACKET_TYPE: u32 = (libc::SKF_AD_OFF + libc::SKF_AD_PKTTYPE) as u32;

const LENGTH: u16 = (libc::BPF_LD | libc::BPF_W | libc::BPF_LEN) as u16;
const WORD: u16 = (libc::BPF_LD | libc::BPF_W | libc::BPF_ABS) as u16;
const HALF: u16 = (libc::BPF_LD | libc::BPF_H | libc::BPF_ABS) as u16;
const BYTE: u16 = (libc::BPF_LD | libc::BPF_B | libc::BPF_ABS) as u16;
const KEEP: u16 = (libc::BPF_MISC | libc::BPF_TAX) as u16;
const IS: u16 = (libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K) as u16;
const IS_KEPT: u16 = (libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_X) as u16;
const IS_AT_LEAST: u16 = (libc::BPF_JMP | libc::BPF_JGE | libc::BPF_K) as u16;
const HAS_ANY: u16 = (libc::BPF_JMP | libc::BPF_JSET | libc::BPF_K) as u16;
const RETURN: u16 = (libc::BPF_RET | libc::BPF_K) as u16;

/// How many bytes to take.
const ALL: u32 = u32::MAX;
const NOTHING: u32 = 0;

/// For a UDP socket: broadcasts of a client without an address whose source is its hardware address (`chaddr`), what a relay agent passes
/// on, and whatever is no broadcast.
pub fn own(socket: &Socket) -> io::Result<()> {
    let before = [
        SockFilter::new(LENGTH, 0, 0, 0),
        SockFilter::new(IS_AT_LEAST, 0, 16, CHADDR_END),
        SockFilter::new(WORD, 0, 0, DESTINATION),
        SockFilter::new(IS, 0, 14, u32::MAX),
        SockFilter::new(WORD, 0, 0, GIADDR),
        SockFilter::new(IS, 0, 12, 0),
        SockFilter::new(WORD, 0, 0, IP_SOURCE),
        SockFilter::new(IS, 0, 11, 0),
        SockFilter::new(HALF, 0, 0, FROM_PORT),
        SockFilter::new(IS, 0, 9, CLIENT_PORT.into()),
    ];
    let program = before.into_iter().chain(speaks_for_itself(0, ALL, NOTHING));
    socket.attach_filter(&program.collect::<Vec<_>>())
}

/// For a packet socket without Ethernet header: every other broadcast to the server's port. That of another VLAN, which nobody takes
/// out of its tag here, is none.
pub fn strangers(socket: &Socket, port: u16) -> io::Result<()> {
    let before = [
        SockFilter::new(BYTE, 0, 0, PACKET_TYPE),
        SockFilter::new(IS, 0, 24, libc::PACKET_BROADCAST.into()),
        SockFilter::new(BYTE, 0, 0, 0),
        SockFilter::new(IS, 0, 22, WITHOUT_OPTIONS),
        SockFilter::new(BYTE, 0, 0, PROTOCOL),
        SockFilter::new(IS, 0, 20, libc::IPPROTO_UDP as u32),
        SockFilter::new(HALF, 0, 0, FRAGMENT),
        SockFilter::new(HAS_ANY, 18, 0, IS_FRAGMENT),
        SockFilter::new(WORD, 0, 0, DESTINATION),
        SockFilter::new(IS, 0, 16, u32::MAX),
        SockFilter::new(HALF, 0, 0, UDP + PORT),
        SockFilter::new(IS, 0, 14, port.into()),
        SockFilter::new(WORD, 0, 0, UDP + GIADDR),
        SockFilter::new(IS, 0, 12, 0),
        SockFilter::new(WORD, 0, 0, IP_SOURCE),
        SockFilter::new(IS, 0, 11, 0),
        SockFilter::new(HALF, 0, 0, UDP + FROM_PORT),
        SockFilter::new(IS, 0, 9, CLIENT_PORT.into()),
    ];
    let program = before.into_iter().chain(speaks_for_itself(UDP, NOTHING, ALL));
    socket.attach_filter(&program.collect::<Vec<_>>())
}

/// For a socket that is to hear only now and then.
pub fn all_or_nothing(socket: &Socket, all: bool) -> io::Result<()> {
    socket.attach_filter(&[SockFilter::new(RETURN, 0, 0, if all { ALL } else { NOTHING })])
}

/// Ends a program; `yes` is returned by the last but one instruction.
fn speaks_for_itself(udp: u32, yes: u32, no: u32) -> [SockFilter; 10] {
    [
        SockFilter::new(WORD, 0, 0, SOURCE),
        SockFilter::new(KEEP, 0, 0, 0),
        SockFilter::new(WORD, 0, 0, udp + CHADDR),
        SockFilter::new(IS_KEPT, 0, 5, 0),
        SockFilter::new(HALF, 0, 0, SOURCE + 4),
        SockFilter::new(KEEP, 0, 0, 0),
        SockFilter::new(HALF, 0, 0, udp + CHADDR + 4),
        SockFilter::new(IS_KEPT, 0, 1, 0),
        SockFilter::new(RETURN, 0, 0, yes),
        SockFilter::new(RETURN, 0, 0, no),
    ]
}
