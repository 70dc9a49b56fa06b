use super::{link::Link, packet::hardware, watched};
use edge_net::Mac;
use nix::libc;
use socket2::{Domain, Socket, Type};
use std::{
    io,
    mem::MaybeUninit,
    net::Ipv4Addr,
    sync::{Mutex, PoisonError},
};
use tokio::io::{Interest, unix::AsyncFd};

/// Asks whether a neighbour is there (RFC 826): a gateway may leave a ping unanswered, but not this.
pub struct Arp {
    socket: AsyncFd<Socket>,
    index: i32,
    own: (Mac, Ipv4Addr),
    gateway: Ipv4Addr,
    /// The gateway's hardware address, once it has answered.
    known: Mutex<Option<[u8; 6]>>,
}

/// Ethernet, IPv4, and the lengths of their addresses.
const KIND: [u8; 6] = [0, 1, 8, 0, 6, 4];
const REQUEST: [u8; 2] = [0, 1];
const REPLY: [u8; 2] = [0, 2];

impl Arp {
    pub fn open(link: &Link, index: i32, own: (Mac, Ipv4Addr), gateway: Ipv4Addr) -> io::Result<Self> {
        let socket = link.open_there(|| {
            let socket = Socket::new(Domain::PACKET, Type::DGRAM.nonblocking(), None)?;
            socket.bind(&hardware(index, libc::ETH_P_ARP, None))?;
            Ok(socket)
        })?;
        Ok(Self { socket: watched(socket, Interest::READABLE)?, index, own, gateway, known: Mutex::default() })
    }

    /// Who answered the last time is asked alone (RFC 1122 section 2.3.2.1), as a broadcast a second wakes the whole link; who did not
    /// may have been replaced.
    pub fn ask(&self) -> io::Result<()> {
        let (mac, address) = self.own;
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner).take();
        let to = hardware(self.index, libc::ETH_P_ARP, Some(known.unwrap_or([0xff; 6])));
        let request = [&KIND[..], &REQUEST, &mac.bytes(), &address.octets(), &[0; 6], &self.gateway.octets()].concat();
        self.socket.get_ref().send_to(&request, &to).map(drop)
    }

    /// Returns when the gateway has answered.
    pub async fn answered(&self) -> io::Result<()> {
        loop {
            let mut ready = self.socket.readable().await?;
            let mut buffer = [MaybeUninit::uninit(); 64];
            let Ok(length) = ready.try_io(|socket| socket.get_ref().recv(&mut buffer)) else { continue };
            // SAFETY: the kernel wrote the first `length` bytes.
            let packet: Vec<u8> = buffer[..length?].iter().map(|byte| unsafe { byte.assume_init() }).collect();
            if is_answer(&packet, self.gateway, self.own.1) {
                *self.known.lock().unwrap_or_else(PoisonError::into_inner) = sender(&packet);
                return Ok(());
            }
        }
    }
}

fn is_answer(packet: &[u8], gateway: Ipv4Addr, own: Ipv4Addr) -> bool {
    let field = |from: usize, length: usize| packet.get(from..from + length);
    field(0, 6) == Some(&KIND)
        && field(6, 2) == Some(&REPLY)
        && field(14, 4) == Some(&gateway.octets())
        && field(24, 4) == Some(&own.octets())
}

/// `ar$sha`
fn sender(packet: &[u8]) -> Option<[u8; 6]> {
    packet.get(8..14)?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_gateways_answer_to_us_counts() {
        let [gateway, own, other] = [1, 2, 3].map(|host| Ipv4Addr::new(192, 0, 2, host));
        let packet = |operation: [u8; 2], from: Ipv4Addr, to: Ipv4Addr| {
            [&KIND[..], &operation, &[2; 6], &from.octets(), &[4; 6], &to.octets()].concat()
        };
        assert!(is_answer(&packet(REPLY, gateway, own), gateway, own));
        assert_eq!(sender(&packet(REPLY, gateway, own)), Some([2; 6]));
        assert!(!is_answer(&packet(REQUEST, gateway, own), gateway, own));
        assert!(!is_answer(&packet(REPLY, other, own), gateway, own));
        assert!(!is_answer(&packet(REPLY, gateway, other), gateway, own));
        assert!(!is_answer(&packet(REPLY, gateway, own)[..27], gateway, own));
    }
}
