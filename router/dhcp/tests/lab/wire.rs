use super::message::{Answer, Message};
use nix::{
    libc,
    sched::{CloneFlags, setns},
    sys::socket::{MsgFlags, SockaddrLike},
};
use socket2::{Domain, Protocol, Socket, Type};
use std::{
    fs::File,
    mem::MaybeUninit,
    net::{Ipv4Addr, SocketAddrV4},
    os::fd::AsRawFd,
    path::Path,
    time::{Duration, Instant},
};

/// A client's UDP port in a lab's client namespace: takes broadcasts, and unicasts to what address it has.
///
/// A client's broadcasts go out as frames from its own hardware address, as those of a machine do.
pub struct Wire {
    udp: Socket,
    raw: Socket,
    link: u32,
    agent: bool,
}

impl Wire {
    pub fn open(netns: &Path, link: &str) -> Self {
        Self::on_port(netns, link, 68)
    }

    /// A relay agent's: it speaks to the server alone.
    pub fn agent(netns: &Path, link: &str) -> Self {
        Self { agent: true, ..Self::on_port(netns, link, 67) }
    }

    fn on_port(netns: &Path, link: &str, port: u16) -> Self {
        let namespace = File::open(netns).expect("the namespace is there");
        let opened = std::thread::scope(|scope| {
            let there = scope.spawn(|| {
                setns(&namespace, CloneFlags::CLONE_NEWNET).expect("root may enter it");
                let socket = Socket::new(Domain::IPV4, Type::DGRAM, Some(Protocol::UDP)).expect("a socket");
                socket.set_broadcast(true).expect("an option");
                socket.set_reuse_address(true).expect("an option");
                socket.set_recv_buffer_size(1 << 20).expect("an option");
                socket.bind_device(Some(link.as_bytes())).expect("the interface is there");
                socket.bind(&SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, port).into()).expect("the port is free");
                let raw = Socket::new(Domain::PACKET, Type::RAW, None).expect("a packet socket");
                let index = nix::net::if_::if_nametoindex(link).expect("the interface is there");
                (socket, raw, index)
            });
            there.join()
        });
        let (udp, raw, link) = opened.expect("no panic there");
        Self { udp, raw, link, agent: false }
    }

    pub fn send(&self, message: &Message) {
        self.send_bytes(&message.bytes());
    }

    /// In a frame from the client's own hardware address.
    pub fn send_bytes(&self, bytes: &[u8]) {
        if self.agent {
            self.udp.send_to(bytes, &SocketAddrV4::new(super::ROUTER, 67).into()).expect("it is sent");
            return;
        }
        let chaddr = bytes.get(28..34).and_then(|mac| mac.try_into().ok()).unwrap_or([2, 0, 0, 0, 1, 5]);
        self.send_from(chaddr, bytes);
    }

    /// In a frame from any hardware address.
    pub fn send_from(&self, source: [u8; 6], bytes: &[u8]) {
        self.send_frame(&frame(source, bytes));
    }

    pub fn send_frame(&self, frame: &[u8]) {
        let address = LinkAddr::of(self.link);
        nix::sys::socket::sendto(self.raw.as_raw_fd(), frame, &address.0, MsgFlags::empty()).expect("it is sent");
    }

    /// As any program may send, from the interface's own hardware address and to the server alone.
    pub fn send_udp(&self, bytes: &[u8], to: Ipv4Addr) {
        self.udp.send_to(bytes, &SocketAddrV4::new(to, 67).into()).expect("it is sent");
    }

    /// The next answer within that time, and who sent it.
    pub fn receive(&self, within: Duration) -> Option<(Answer, Ipv4Addr)> {
        self.udp.set_read_timeout(Some(within)).expect("an option");
        let mut buffer = [MaybeUninit::uninit(); 1500];
        let (length, from) = self.udp.recv_from(&mut buffer).ok()?;
        // SAFETY: the kernel filled that many bytes.
        let bytes: Vec<u8> = buffer[..length].iter().map(|byte| unsafe { byte.assume_init() }).collect();
        Some((Answer::read(&bytes), *from.as_socket_ipv4().expect("IPv4").ip()))
    }

    /// The answer to `message`, which is sent once. An ACK waits for the disk, whoever else writes there.
    pub fn ask(&self, message: &Message) -> Option<Answer> {
        self.ask_for(message, Duration::from_secs(10))
    }

    /// The answer to `message`, which is sent again and again as a client does: the server may only just begin to listen.
    pub fn ask_again(&self, message: &Message) -> Option<Answer> {
        (0..80).find_map(|_| self.ask_for(message, Duration::from_millis(250)))
    }

    pub fn is_not_answered(&self, message: &Message) -> bool {
        self.ask_for(message, Duration::from_secs(1)).is_none()
    }

    fn ask_for(&self, message: &Message, patience: Duration) -> Option<Answer> {
        self.send(message);
        let end = Instant::now() + patience;
        while let Some(left) = end.checked_duration_since(Instant::now()).filter(|left| !left.is_zero()) {
            if let Some((answer, _)) = self.receive(left)
                && answer.xid == message.xid()
            {
                return Some(answer);
            }
        }
        None
    }
}

/// A client's broadcast, from any hardware address.
pub fn frame(source: [u8; 6], bytes: &[u8]) -> Vec<u8> {
    frame_of(source, SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, 68), bytes)
}

/// And from any address and port.
pub fn frame_of(source: [u8; 6], from: SocketAddrV4, bytes: &[u8]) -> Vec<u8> {
    let (udp, ip) = (8 + bytes.len() as u16, 28 + bytes.len() as u16);
    let mut frame = vec![0xff; 6];
    frame.extend(source);
    frame.extend([8, 0, 0x45, 0]);
    frame.extend(ip.to_be_bytes());
    frame.extend([0, 0, 0, 0, 64, 17, 0, 0]);
    frame.extend(from.ip().octets());
    // To everybody; UDP's checksum may be left out.
    frame.extend([255, 255, 255, 255]);
    frame.extend(from.port().to_be_bytes());
    frame.extend([0, 67]);
    let sum: u32 = frame[14..34].chunks(2).map(|pair| u32::from(u16::from_be_bytes([pair[0], pair[1]]))).sum();
    let sum = !((sum & 0xffff) + (sum >> 16)) as u16;
    frame[24..26].copy_from_slice(&sum.to_be_bytes());
    frame.extend(udp.to_be_bytes());
    frame.extend([0, 0]);
    frame.extend(bytes);
    frame
}

/// An interface, as a packet socket addresses it.
struct LinkAddr(nix::sys::socket::LinkAddr);

impl LinkAddr {
    fn of(ifindex: u32) -> Self {
        let address = libc::sockaddr_ll {
            sll_family: libc::AF_PACKET as u16,
            sll_protocol: 0,
            sll_ifindex: ifindex as i32,
            sll_hatype: 0,
            sll_pkttype: 0,
            sll_halen: 6,
            sll_addr: [0xff; 8],
        };
        let length = size_of::<libc::sockaddr_ll>() as libc::socklen_t;
        // SAFETY: the pointer and length are those of a whole sockaddr_ll with its family set.
        let address = unsafe { nix::sys::socket::LinkAddr::from_raw((&raw const address).cast(), Some(length)) };
        Self(address.expect("it is one"))
    }
}
