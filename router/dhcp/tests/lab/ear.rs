//! Hears every DHCP message on a cable, whoever sends it, and says of each what state its client is in (RFC 2131 4.3.2).

use nix::{
    libc,
    sched::{CloneFlags, setns},
};
use socket2::{Domain, Protocol, Socket, Type};
use std::{
    fs::File,
    mem::MaybeUninit,
    net::Ipv4Addr,
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
    time::Duration,
};

pub struct Ear {
    heard: Arc<Mutex<Vec<String>>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Ear {
    /// Hears all interfaces of a namespace, from now on.
    pub fn open(netns: &Path) -> Self {
        let namespace = File::open(netns).expect("the namespace is there");
        let opened = std::thread::scope(|scope| {
            let there = scope.spawn(|| {
                setns(&namespace, CloneFlags::CLONE_NEWNET).expect("root may enter it");
                let all = Protocol::from(i32::from((libc::ETH_P_ALL as u16).to_be()));
                Socket::new(Domain::PACKET, Type::DGRAM, Some(all)).expect("a packet socket")
            });
            there.join()
        });
        let socket = opened.expect("no panic there");
        socket.set_read_timeout(Some(Duration::from_millis(100))).expect("an option");
        let (heard, stop) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(false)));
        let (list, stopped) = (heard.clone(), stop.clone());
        let thread = std::thread::spawn(move || {
            while !stopped.load(Ordering::Relaxed) {
                let mut buffer = [MaybeUninit::uninit(); 1500];
                let Ok(length) = socket.recv(&mut buffer) else { continue };
                // SAFETY: the kernel filled that many bytes.
                let packet: Vec<u8> = buffer[..length].iter().map(|byte| unsafe { byte.assume_init() }).collect();
                list.lock().expect("unpoisoned").extend(said(&packet));
            }
        });
        Self { heard, stop, thread: Some(thread) }
    }

    /// What was heard so far, in order: `REQUEST renewing 10.77.0.100`.
    pub fn heard(&self) -> Vec<String> {
        self.heard.lock().expect("unpoisoned").clone()
    }
}

impl Drop for Ear {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// None for what is no DHCP message over IPv4 without options.
fn said(packet: &[u8]) -> Option<String> {
    let udp = packet.get(20..).filter(|_| packet[0] == 0x45 && packet[9] == 17)?;
    let message = udp.get(8..).filter(|_| matches!(udp[..4], [0, 67 | 68, 0, 67 | 68]))?;
    let options = message.get(240..)?;
    let address = |bytes: &[u8]| Some(Ipv4Addr::from(<[u8; 4]>::try_from(bytes.get(..4)?).ok()?));
    let (to, ciaddr, yiaddr) = (address(&packet[16..])?, address(&message[12..])?, address(&message[16..])?);
    let asked = option(options, 50).and_then(address).unwrap_or(Ipv4Addr::UNSPECIFIED);
    let is_selecting = option(options, 54).is_some();
    Some(match option(options, 53)? {
        [1] => "DISCOVER".to_owned(),
        [2] => format!("OFFER {yiaddr}"),
        [3] if is_selecting => format!("REQUEST selecting {asked}"),
        [3] if ciaddr.is_unspecified() => format!("REQUEST rebooting {asked}"),
        [3] if to.is_broadcast() => format!("REQUEST rebinding {ciaddr}"),
        [3] => format!("REQUEST renewing {ciaddr}"),
        [4] => format!("DECLINE {asked}"),
        [5] => format!("ACK {yiaddr}"),
        [6] => "NAK".to_owned(),
        [7] => format!("RELEASE {ciaddr}"),
        other => format!("type {other:?}"),
    })
}

fn option(mut options: &[u8], wanted: u8) -> Option<&[u8]> {
    loop {
        match options {
            [0, rest @ ..] => options = rest,
            [255, ..] | [] | [_] => return None,
            [code, length, rest @ ..] => {
                let (value, rest) = rest.split_at_checked(usize::from(*length))?;
                if *code == wanted {
                    return Some(value);
                }
                options = rest;
            }
        }
    }
}
