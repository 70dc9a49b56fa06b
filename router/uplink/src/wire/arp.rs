use super::{link::Link, packet::hardware, watched};
use edge_host::arp;
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
        self.socket.get_ref().send_to(&arp::request(mac, address, self.gateway), &to).map(drop)
    }

    /// Returns when the gateway has answered.
    pub async fn answered(&self) -> io::Result<()> {
        loop {
            let mut ready = self.socket.readable().await?;
            let mut buffer = [MaybeUninit::uninit(); 64];
            let Ok(length) = ready.try_io(|socket| socket.get_ref().recv(&mut buffer)) else { continue };
            // SAFETY: the kernel wrote the first `length` bytes.
            let packet: Vec<u8> = buffer[..length?].iter().map(|byte| unsafe { byte.assume_init() }).collect();
            if let Some(from) = arp::answer(&packet, self.gateway, self.own.1) {
                *self.known.lock().unwrap_or_else(PoisonError::into_inner) = Some(from);
                return Ok(());
            }
        }
    }
}
