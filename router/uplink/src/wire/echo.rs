use super::{link::Link, watched};
use nix::libc;
use socket2::{Domain, Protocol, Socket, Type};
use std::{
    io,
    mem::MaybeUninit,
    net::{Ipv4Addr, SocketAddrV4},
    os::fd::AsRawFd,
};
use tokio::io::{Interest, unix::AsyncFd};

/// ICMP echo (RFC 792) out of one uplink: by its device and from its address, whatever the preferred route is.
pub struct Echo {
    socket: AsyncFd<Socket>,
    /// Tells our replies from those to others on this machine.
    id: u16,
}

const ECHO_REPLY: u8 = 0;
const ECHO_REQUEST: u8 = 8;
/// `ICMP_FILTER` (linux/icmp.h): a set bit is a type that is not delivered.
const ICMP_FILTER: libc::c_int = 1;
const ALL_BUT_REPLIES: u32 = !(1 << ECHO_REPLY);

impl Echo {
    pub fn open(link: &Link, from: Ipv4Addr, id: u16) -> io::Result<Self> {
        let socket = link.open_there(|| {
            let socket = Socket::new(Domain::IPV4, Type::RAW.nonblocking(), Some(Protocol::ICMPV4))?;
            only_replies(&socket)?;
            socket.bind_device(Some(link.name().as_str().as_bytes()))?;
            socket.bind(&SocketAddrV4::new(from, 0).into())?;
            Ok(socket)
        })?;
        Ok(Self { socket: watched(socket, Interest::READABLE)?, id })
    }

    pub fn ask(&self, target: Ipv4Addr, sequence: u16) -> io::Result<()> {
        self.socket.get_ref().send_to(&request(self.id, sequence), &SocketAddrV4::new(target, 0).into()).map(drop)
    }

    /// Who answered, and which request.
    pub async fn answered(&self) -> io::Result<(Ipv4Addr, u16)> {
        loop {
            let mut ready = self.socket.readable().await?;
            let mut buffer = [MaybeUninit::uninit(); 128];
            let Ok(length) = ready.try_io(|socket| socket.get_ref().recv(&mut buffer)) else { continue };
            // SAFETY: the kernel wrote the first `length` bytes.
            let packet: Vec<u8> = buffer[..length?].iter().map(|byte| unsafe { byte.assume_init() }).collect();
            if let Some((from, id, sequence)) = reply(&packet)
                && id == self.id
            {
                return Ok((from, sequence));
            }
        }
    }
}

fn only_replies(socket: &Socket) -> io::Result<()> {
    let mask = ALL_BUT_REPLIES;
    let length = size_of_val(&mask) as libc::socklen_t;
    // SAFETY: the descriptor is open, and the pointer and length are those of a value that lives through the call.
    let done = unsafe { libc::setsockopt(socket.as_raw_fd(), libc::SOL_RAW, ICMP_FILTER, (&raw const mask).cast(), length) };
    nix::errno::Errno::result(done)?;
    Ok(())
}

fn request(id: u16, sequence: u16) -> [u8; 8] {
    let mut packet = [ECHO_REQUEST, 0, 0, 0, 0, 0, 0, 0];
    packet[4..6].copy_from_slice(&id.to_be_bytes());
    packet[6..].copy_from_slice(&sequence.to_be_bytes());
    let sum: u32 = packet.chunks(2).map(|pair| u32::from(u16::from_be_bytes([pair[0], pair[1]]))).sum();
    let folded = (sum & 0xffff) + (sum >> 16);
    let folded = (folded & 0xffff) + (folded >> 16);
    packet[2..4].copy_from_slice(&(!(folded as u16)).to_be_bytes());
    packet
}

/// A raw socket receives the IPv4 header too; its length is in the low half of the first byte, in words.
fn reply(packet: &[u8]) -> Option<(Ipv4Addr, u16, u16)> {
    let from: [u8; 4] = packet.get(12..16)?.try_into().ok()?;
    let icmp = packet.get(usize::from(packet[0] & 0x0f) * 4..)?;
    let two = |at: usize| icmp.get(at..at + 2).map(|bytes| u16::from_be_bytes([bytes[0], bytes[1]]));
    (icmp.first() == Some(&ECHO_REPLY)).then_some((from.into(), two(4)?, two(6)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_is_read_and_a_request_is_not() {
        let mut packet = vec![0x45; 20];
        packet.extend(request(7, 9));
        assert_eq!(reply(&packet), None);
        packet[20] = ECHO_REPLY;
        assert_eq!(reply(&packet), Some((Ipv4Addr::new(0x45, 0x45, 0x45, 0x45), 7, 9)));
        assert!((0..packet.len()).all(|length| reply(&packet[..length]).is_none()));
    }

    #[test]
    fn a_request_sums_to_zero() {
        let sum: u32 = request(0xfffe, 0xfff0).chunks(2).map(|pair| u32::from(u16::from_be_bytes([pair[0], pair[1]]))).sum();
        assert_eq!((sum & 0xffff) + (sum >> 16), 0xffff);
    }
}
