use super::message::{Answer, Message};
use nix::sched::{CloneFlags, setns};
use socket2::{Domain, Protocol, Socket, Type};
use std::{
    fs::File,
    mem::MaybeUninit,
    net::{Ipv4Addr, SocketAddrV4},
    path::Path,
    time::{Duration, Instant},
};

/// A client's UDP port in a lab's client namespace: takes broadcasts, and unicasts to what address it has.
pub struct Wire(Socket, Ipv4Addr);

impl Wire {
    pub fn open(netns: &Path, link: &str) -> Self {
        Self::on_port(netns, link, 68, Ipv4Addr::BROADCAST)
    }

    /// A relay agent's: it speaks to the server alone.
    pub fn agent(netns: &Path, link: &str) -> Self {
        Self::on_port(netns, link, 67, super::ROUTER)
    }

    fn on_port(netns: &Path, link: &str, port: u16, to: Ipv4Addr) -> Self {
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
                socket
            });
            there.join()
        });
        Self(opened.expect("no panic there"), to)
    }

    pub fn send(&self, message: &Message) {
        self.send_bytes(&message.bytes());
    }

    pub fn send_bytes(&self, bytes: &[u8]) {
        self.0.send_to(bytes, &SocketAddrV4::new(self.1, 67).into()).expect("it is sent");
    }

    /// The next answer within that time, and who sent it.
    pub fn receive(&self, within: Duration) -> Option<(Answer, Ipv4Addr)> {
        self.0.set_read_timeout(Some(within)).expect("an option");
        let mut buffer = [MaybeUninit::uninit(); 1500];
        let (length, from) = self.0.recv_from(&mut buffer).ok()?;
        // SAFETY: the kernel filled that many bytes.
        let bytes: Vec<u8> = buffer[..length].iter().map(|byte| unsafe { byte.assume_init() }).collect();
        Some((Answer::read(&bytes), *from.as_socket_ipv4().expect("IPv4").ip()))
    }

    /// The answer to `message`; the message is sent once.
    pub fn ask(&self, message: &Message) -> Option<Answer> {
        self.send(message);
        let end = Instant::now() + Duration::from_secs(1);
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
