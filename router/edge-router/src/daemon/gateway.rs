//! Whether an uplink's gateway answers: one ICMP echo (RFC 792) each, all at the same time.

use edge_kernel::namespace;
use socket2::{Domain, Protocol, SockAddr, Socket, Type};
use std::{
    io,
    mem::MaybeUninit,
    net::{Ipv4Addr, SocketAddrV4},
    path::{Path, PathBuf},
    sync::atomic::{AtomicU32, Ordering},
    time::{Duration, Instant},
};

/// A gateway is one hop away; what takes longer is not what one calls online.
const PATIENCE: Duration = Duration::from_millis(500);
static COUNT: AtomicU32 = AtomicU32::new(0);

const ECHO_REPLY: u8 = 0;
const ECHO_REQUEST: u8 = 8;

/// Milliseconds until each answered; `None` where none did or none was asked.
pub async fn ping_all(gateways: Vec<Option<Ipv4Addr>>, netns: Option<PathBuf>) -> Vec<Option<u32>> {
    let asked: Vec<_> = gateways
        .into_iter()
        .map(|gateway| {
            let netns = netns.clone();
            tokio::task::spawn_blocking(move || ping(netns.as_deref(), gateway?).ok())
        })
        .collect();
    let mut answers = Vec::new();
    for one in asked {
        answers.push(one.await.ok().flatten());
    }
    answers
}

fn ping(netns: Option<&Path>, gateway: Ipv4Addr) -> io::Result<u32> {
    let socket = namespace::run_in(netns, || Socket::new(Domain::IPV4, Type::RAW, Some(Protocol::ICMPV4)))?;
    socket.connect(&SockAddr::from(SocketAddrV4::new(gateway, 0)))?;
    let started = Instant::now();
    let request = echo();
    socket.send(&request)?;
    loop {
        let left = PATIENCE.checked_sub(started.elapsed()).filter(|left| !left.is_zero());
        socket.set_read_timeout(Some(left.ok_or(io::ErrorKind::TimedOut)?))?;
        let mut buffer = [MaybeUninit::uninit(); 256];
        let length = socket.recv(&mut buffer)?;
        // SAFETY: the kernel wrote the first `length` bytes.
        let packet: Vec<u8> = buffer[..length].iter().map(|byte| unsafe { byte.assume_init() }).collect();
        if is_reply(&packet, &request) {
            return Ok(u32::try_from(started.elapsed().as_millis()).unwrap_or(u32::MAX));
        }
    }
}

/// Type, code, checksum, and four bytes of identifier and sequence that no other request under way has.
fn echo() -> [u8; 8] {
    let mut packet = [ECHO_REQUEST, 0, 0, 0, 0, 0, 0, 0];
    let nonce = COUNT.fetch_add(1, Ordering::Relaxed) ^ std::process::id().rotate_left(16);
    packet[4..].copy_from_slice(&nonce.to_be_bytes());
    let sum: u32 = packet.chunks(2).map(|pair| u32::from(u16::from_be_bytes([pair[0], pair[1]]))).sum();
    let folded = (sum & 0xffff) + (sum >> 16);
    let folded = (folded & 0xffff) + (folded >> 16);
    packet[2..4].copy_from_slice(&(!(folded as u16)).to_be_bytes());
    packet
}

/// A raw socket receives the IPv4 header too; its length is in the low half of the first byte, in words.
fn is_reply(packet: &[u8], request: &[u8; 8]) -> bool {
    let Some(header) = packet.first().map(|first| usize::from(first & 0x0f) * 4) else { return false };
    packet.get(header..header + 8).is_some_and(|icmp| icmp[0] == ECHO_REPLY && icmp[4..] == request[4..])
}
