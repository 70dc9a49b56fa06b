use super::{
    filter, links,
    packet::{address, listen, open, readable},
};
use edge_host::arp;
use edge_net::Mac;
use nix::{
    libc,
    sys::socket::{LinkAddr, MsgFlags, recvfrom, sendto},
};
use socket2::Socket;
use std::{
    io,
    net::Ipv4Addr,
    os::fd::AsRawFd,
    sync::atomic::{AtomicBool, Ordering},
};
use tokio::io::{Interest, unix::AsyncFd};

/// A packet socket for ARP. It hears nothing unless somebody waits for an answer, as networks are full of ARP.
pub struct ArpSocket {
    socket: AsyncFd<Socket>,
    hears: AtomicBool,
}

impl ArpSocket {
    /// To be called on a tokio runtime, with what [`arp_socket`] opened.
    pub fn new(socket: Socket) -> io::Result<Self> {
        Ok(Self { socket: readable(socket)?, hears: false.into() })
    }

    pub fn listen(&self, on: bool) {
        if self.hears.load(Ordering::Relaxed) == on {
            return;
        }
        match filter::all_or_nothing(self.socket.get_ref(), on) {
            Ok(()) => self.hears.store(on, Ordering::Relaxed),
            // Tried again with the next that is asked for.
            Err(error) => log::debug!("DHCP: ARP is not heard: {error}"),
        }
    }

    pub async fn receive(&self) -> io::Result<(u32, Ipv4Addr, Mac)> {
        loop {
            if let Some(heard) = self.socket.async_io(Interest::READABLE, |socket| Ok(take(socket)?)).await? {
                return Ok(heard);
            }
        }
    }

    /// Asks who has `address`; false where that cannot be sent.
    pub fn probe(&self, ifindex: u32, address: Ipv4Addr) -> bool {
        let own = links::hardware_address(ifindex, self.socket.as_raw_fd());
        own.is_some_and(|own| self.send(ifindex, &arp::probe(own, address)).is_ok())
    }

    fn send(&self, ifindex: u32, packet: &[u8]) -> nix::Result<()> {
        let broadcast = address(libc::ETH_P_ARP, ifindex, [0xff; 6])?;
        sendto(self.socket.as_raw_fd(), packet, &broadcast, MsgFlags::MSG_DONTWAIT).map(drop)
    }
}

/// Which hears nothing yet. By a filter, as bind(2) takes no protocol for the one before (packet(7) does not say so).
pub fn arp_socket() -> io::Result<Socket> {
    let socket = open()?;
    filter::all_or_nothing(&socket, false)?;
    listen(&socket, libc::ETH_P_ARP)?;
    Ok(socket)
}

fn take(socket: &Socket) -> nix::Result<Option<(u32, Ipv4Addr, Mac)>> {
    let mut buffer = [0; 64];
    let (length, from) = recvfrom::<LinkAddr>(socket.as_raw_fd(), &mut buffer)?;
    let ifindex = from.and_then(|from| u32::try_from(from.ifindex()).ok());
    let claimed = arp::claimed(buffer.get(..length).unwrap_or_default());
    Ok(ifindex.zip(claimed).map(|(ifindex, (address, mac))| (ifindex, address, mac)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use nix::sched::{CloneFlags, unshare};
    use std::{process::Command, time::Duration};
    use tokio::time::timeout;

    #[tokio::test]
    async fn it_hears_while_it_is_told_to() {
        // Of this thread alone, which runs nothing else.
        unshare(CloneFlags::CLONE_NEWNET).expect("root may have a namespace");
        let ip = Command::new("ip").args(["link", "set", "lo", "up"]).status().expect("iproute2");
        assert!(ip.success());
        let arp = ArpSocket::new(arp_socket().expect("a socket")).expect("a runtime");
        let ifindex = nix::net::if_::if_nametoindex("lo").expect("it is there");
        let answer = [&[0, 1, 8, 0, 6, 4, 0, 2][..], &[2, 0, 0, 0, 0, 9, 10, 0, 1, 9], &[0; 10]].concat();
        for on in [false, true, true, false, true, false] {
            arp.listen(on);
            arp.send(ifindex, &answer).expect("it is sent");
            let heard = timeout(Duration::from_millis(if on { 10_000 } else { 100 }), arp.receive()).await;
            let heard = heard.ok().map(|heard| heard.expect("a socket").1);
            assert_eq!(heard, on.then_some(Ipv4Addr::new(10, 0, 1, 9)), "told to: {on}");
        }
    }
}
