use super::{
    arp::{ArpSocket, arp_socket},
    filter,
    inbox::{Inbox, Origin},
    links::Links,
    outbox::Outbox,
    packet::{self, listen, readable},
};
use crate::{SocketError, lock::lock};
use edge_dhcp_wire::SERVER_PORT;
use edge_host::netns;
use edge_net::Mac;
use nix::{
    errno::Errno,
    libc,
    sys::socket::{setsockopt, sockopt},
};
use socket2::{Domain, Protocol, Socket, Type};
use std::{
    io,
    net::{Ipv4Addr, SocketAddrV4},
    os::fd::{AsRawFd, RawFd},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard},
};
use tokio::io::{Interest, unix::AsyncFd};

/// Emptied outboxes that are kept: the two of the batch at hand, and those that wait for the disk.
const SPARE: usize = 64;
/// Bytes the kernel keeps for us while we are busy or do not get the processor, and as much for its own needs: some 13,000 clients that
/// start at the same moment. It takes them only while there are so many.
const BUFFER: usize = 8 << 20;
/// The same of strangers, who get few answers.
const BUFFER_OF_STRANGERS: usize = 4 << 20;

/// One UDP socket for all interfaces of a namespace: an interface may come, go and come back without anything to reopen.
/// And a packet socket that only sends, one that only receives, and one for ARP.
pub struct Sockets {
    udp: AsyncFd<Socket>,
    /// See [`super::filter`].
    strangers: AsyncFd<Socket>,
    raw: Socket,
    arp: ArpSocket,
    links: Links,
    netns: Option<PathBuf>,
    spare: Mutex<Vec<Outbox>>,
}

impl Sockets {
    pub fn open(netns: Option<&Path>) -> Result<Self, SocketError> {
        let udp_failed = |source| SocketError::Open { what: "UDP port 67", source };
        let packet_failed = |source| SocketError::Open { what: "a packet socket", source };
        let links_failed = |source| SocketError::Open { what: "a netlink socket", source };
        let (udp, strangers, raw, arp, links) = within(netns, || {
            let udp = udp().map_err(udp_failed)?;
            let strangers = strangers().map_err(packet_failed)?;
            let raw = packet::open().map_err(packet_failed)?;
            let arp = arp_socket().map_err(packet_failed)?;
            let links = Links::open().map_err(links_failed)?;
            Ok((udp, strangers, raw, arp, links))
        })?;
        let arp = ArpSocket::new(arp).map_err(packet_failed)?;
        let (udp, strangers) = (readable(udp).map_err(udp_failed)?, readable(strangers).map_err(packet_failed)?);
        let (netns, spare) = (netns.map(Path::to_owned), Mutex::default());
        Ok(Self { udp, strangers, raw, arp, links, netns, spare })
    }

    /// Waits for messages and takes what is there, up to a batch.
    pub async fn receive(&self, inbox: &mut Inbox) -> io::Result<()> {
        loop {
            let (socket, whose, ready) = tokio::select! {
                own = self.udp.readable() => (&self.udp, Origin::Own, own),
                strangers = self.strangers.readable() => (&self.strangers, Origin::Strangers, strangers),
            };
            ready?.retain_ready();
            match socket.try_io(Interest::READABLE, |socket| inbox.fill(socket.as_raw_fd(), whose)) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                result => return result,
            }
        }
    }

    /// Asks who has `address`; false where that cannot be sent.
    pub fn probe(&self, ifindex: u32, address: Ipv4Addr) -> bool {
        self.arp.probe(ifindex, address)
    }

    pub fn listen_arp(&self, on: bool) {
        self.arp.listen(on);
    }

    pub async fn receive_arp(&self) -> io::Result<(u32, Ipv4Addr, Mac)> {
        self.arp.receive().await
    }

    /// The namespace they are in.
    pub fn netns(&self) -> &Option<PathBuf> {
        &self.netns
    }

    /// To be called before names are asked for, once for what came in together (see [`Links::refresh`]).
    pub fn refresh_links(&self) {
        self.links.refresh();
    }

    /// The name of an interface in that namespace.
    pub fn link(&self, ifindex: u32) -> Option<Arc<str>> {
        self.links.name(ifindex, self.raw_fd())
    }

    /// An empty one, with room left by messages that went.
    pub fn outbox(&self) -> Outbox {
        self.spare().pop().unwrap_or_default()
    }

    /// Sends what is in it and keeps its room.
    pub fn send(&self, mut outbox: Outbox) {
        outbox.send(self.raw_fd(), self.raw.as_raw_fd());
        self.put_back(outbox);
    }

    /// Keeps the room of what is not to be sent.
    pub fn put_back(&self, mut outbox: Outbox) {
        outbox.clear();
        let mut spare = self.spare();
        if spare.len() < SPARE {
            spare.push(outbox);
        }
    }

    fn spare(&self) -> MutexGuard<'_, Vec<Outbox>> {
        lock(&self.spare)
    }

    /// SIOCGIFINDEX, netdevice(7).
    pub fn ifindex(&self, link: &str) -> Option<u32> {
        // SAFETY: `ifreq` is plain data for which zeros are valid.
        let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
        // The last byte stays zero.
        let room = request.ifr_name.len() - 1;
        request.ifr_name[..room].iter_mut().zip(link.bytes()).for_each(|(room, byte)| *room = byte as libc::c_char);
        // SAFETY: the descriptor is open and `request` is an `ifreq` that lives through the call.
        let result = unsafe { libc::ioctl(self.raw_fd(), libc::SIOCGIFINDEX as libc::Ioctl, &mut request) };
        Errno::result(result).ok()?;
        // SAFETY: the call filled this member of the union.
        u32::try_from(unsafe { request.ifr_ifru.ifru_ifindex }).ok()
    }

    fn raw_fd(&self) -> RawFd {
        self.udp.as_raw_fd()
    }
}

/// Runs `open` in the network namespace at `path`, or here.
fn within<T: Send>(path: Option<&Path>, open: impl FnOnce() -> Result<T, SocketError> + Send) -> Result<T, SocketError> {
    let Some(path) = path else { return open() };
    netns::run_in(Some(path), || Ok(open())).map_err(|source| SocketError::Namespace { path: path.to_owned(), source })?
}

fn udp() -> io::Result<Socket> {
    let socket = Socket::new(Domain::IPV4, Type::DGRAM.nonblocking(), Some(Protocol::UDP))?;
    // A socket that is given up is closed when its task ends, and the next one does not wait for that.
    socket.set_reuse_address(true)?;
    socket.set_broadcast(true)?;
    setsockopt(&socket, sockopt::Ipv4PacketInfo, &true)?;
    setsockopt(&socket, sockopt::RcvBufForce, &BUFFER)?;
    filter::own(&socket)?;
    socket.bind(&SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, SERVER_PORT).into())?;
    Ok(socket)
}

/// Hears nothing before its filter is there.
fn strangers() -> io::Result<Socket> {
    let socket = packet::open()?;
    setsockopt(&socket, sockopt::RcvBufForce, &BUFFER_OF_STRANGERS)?;
    filter::strangers(&socket, SERVER_PORT)?;
    listen(&socket, libc::ETH_P_IP)?;
    Ok(socket)
}
