use crate::lab::{
    crowd::Cable,
    message::{Answer, Message},
    wire::frame,
};
use std::{
    fs,
    os::unix::net::UnixDatagram,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

const UDP: u8 = 17;

/// The clients' end of a machine's cable: Ethernet frames as datagrams.
pub struct Ethernet {
    socket: UnixDatagram,
    machine: PathBuf,
}

impl Ethernet {
    pub fn new(own: &Path, machine: &Path) -> Self {
        let _ = fs::remove_file(own);
        Self { socket: UnixDatagram::bind(own).expect("a socket"), machine: machine.to_owned() }
    }
}

impl Cable for Ethernet {
    fn send(&self, message: &Message) {
        let bytes = message.bytes();
        let mac = bytes[28..34].try_into().expect("six bytes");
        // A machine that is off hears nothing.
        let _ = self.socket.send_to(&frame(mac, &bytes), &self.machine);
    }

    fn receive(&self, within: Duration) -> Option<Answer> {
        let end = Instant::now() + within;
        loop {
            let left = end.saturating_duration_since(Instant::now()).max(Duration::from_micros(1));
            self.socket.set_read_timeout(Some(left)).expect("an option");
            let mut frame = [0; 2048];
            let length = self.socket.recv(&mut frame).ok()?;
            let (head, message) = frame[..length].split_at_checked(42)?;
            // IPv4 without options, UDP, to a client's port; the machine says other things too.
            if head[12..15] == [8, 0, 0x45] && head[23] == UDP && head[36..38] == [0, 68] {
                return Some(Answer::read(message));
            }
        }
    }
}
