//! Traffic that is counted: UDP packets that are numbered and sent back, and a TCP stream whose retransmissions are known.

use crate::host::Host;
use anyhow::{Context, Result, anyhow};
use nix::{
    libc,
    sys::socket::{setsockopt, sockopt::RcvBufForce},
};
use std::{
    io::{ErrorKind, Read, Write},
    net::{Ipv4Addr, SocketAddrV4, TcpListener, TcpStream, UdpSocket},
    os::fd::AsRawFd,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread::{self, JoinHandle, sleep},
    time::{Duration, Instant},
};

/// How long the last packets may take to come back; waited for only while one is missing.
const STRAGGLERS: Duration = Duration::from_secs(5);
/// Bytes that may wait for a thread that is off the processor: the kernel's default is full after half a second.
const ROOM: usize = 8 << 20;

/// A UDP flow at a fixed rate. Every packet has a number and is sent back to where it came from.
#[derive(Debug)]
pub struct Flow {
    stop: Arc<AtomicBool>,
    back: Arc<AtomicU64>,
    sending: JoinHandle<Result<Count>>,
    /// Ends when the sender's end is closed.
    echoing: Arc<AtomicBool>,
}

/// What came of a flow.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Count {
    pub sent: u64,
    /// The numbers that never came back.
    pub lost: Vec<u64>,
}

impl Flow {
    /// From `from` to `target` at `address`, a packet every `interval`; returns when the first has come back.
    pub fn start(from: &Host, target: &Host, address: SocketAddrV4, interval: Duration) -> Result<Self> {
        let echo = target.space().inside(|| Ok(UdpSocket::bind((Ipv4Addr::UNSPECIFIED, address.port()))?))?;
        let socket = from.space().inside(|| {
            let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?;
            socket.connect(address).with_context(|| format!("{} has no way to {address}", from.name()))?;
            socket.set_nonblocking(true)?;
            Ok(socket)
        })?;
        for socket in [&echo, &socket] {
            setsockopt(socket, RcvBufForce, &ROOM)?;
        }
        let (stop, echoing, back) = (Arc::<AtomicBool>::default(), Arc::<AtomicBool>::default(), Arc::<AtomicU64>::default());
        echo.set_read_timeout(Some(Duration::from_millis(100)))?;
        let over = Arc::clone(&echoing);
        thread::spawn(move || send_back(&echo, &over));
        let sending = {
            let (stop, back) = (Arc::clone(&stop), Arc::clone(&back));
            thread::spawn(move || send(&socket, interval, &stop, &back))
        };
        let flow = Self { stop, back, sending, echoing };
        let what = format!("the first packet from {} to {address} and back", from.name());
        crate::wait_until(&what, Duration::from_secs(20), || Ok(flow.returned() > 0))?;
        Ok(flow)
    }

    /// How many have come back so far.
    pub fn returned(&self) -> u64 {
        self.back.load(Ordering::Relaxed)
    }

    /// Ends it; waits for what is under way.
    pub fn stop(self) -> Result<Count> {
        self.stop.store(true, Ordering::Relaxed);
        let count = self.sending.join().map_err(|_| anyhow!("the sender panicked"))?;
        self.echoing.store(true, Ordering::Relaxed);
        count
    }
}

fn send(socket: &UdpSocket, interval: Duration, stop: &AtomicBool, back: &AtomicU64) -> Result<Count> {
    let mut returned: Vec<bool> = Vec::new();
    let mut next = Instant::now();
    let mut end = None;
    // The ones before the first that came back may have waited for address resolution.
    let mut first = None;
    while end.is_none_or(|end| Instant::now() < end && !returned.iter().skip(first.unwrap_or(0)).all(|back| *back)) {
        if end.is_none() {
            let number = returned.len() as u64;
            returned.push(false);
            // One that cannot be sent is one that does not come back.
            let _ = socket.send(&number.to_be_bytes());
            next += interval;
        }
        let mut packet = [0; 8];
        while socket.recv(&mut packet).is_ok_and(|length| length == 8) {
            let number = usize::try_from(u64::from_be_bytes(packet))?;
            first = first.or(Some(number));
            if let Some(seen) = returned.get_mut(number) {
                *seen = true;
            }
            back.fetch_add(1, Ordering::Relaxed);
        }
        sleep(next.saturating_duration_since(Instant::now()).max(Duration::from_micros(200)).min(interval));
        if end.is_none() && stop.load(Ordering::Relaxed) {
            end = Some(Instant::now() + STRAGGLERS);
        }
    }
    let first = first.unwrap_or(0);
    let lost = (0..).zip(&returned).skip(first).filter(|(_, back)| !**back).map(|(number, _)| number).collect();
    Ok(Count { sent: (returned.len() - first) as u64, lost })
}

fn send_back(socket: &UdpSocket, over: &AtomicBool) {
    let mut packet = [0; 64];
    while !over.load(Ordering::Relaxed) {
        if let Ok((length, from)) = socket.recv_from(&mut packet) {
            let _ = socket.send_to(&packet[..length], from);
        }
    }
}

/// A TCP connection that carries a little all the time.
#[derive(Debug)]
pub struct Stream {
    from: Host,
    needless_before: u32,
    stop: Arc<AtomicBool>,
    sending: JoinHandle<Result<StreamCount>>,
    receiving: JoinHandle<Result<u64>>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StreamCount {
    pub sent: u64,
    pub received: u64,
    /// Segments sent again (tcp(7), `tcpi_total_retrans`).
    pub retransmitted: u32,
    /// Segments that had not been lost but only answered late, as happens on a busy machine: told by the receiver (RFC 2883), and counted
    /// for all connections of the sender's machine since this one began.
    pub needless: u32,
}

impl Stream {
    /// From `from` to `target` at `address`: 8 KiB every `interval`.
    pub fn start(from: &Host, target: &Host, address: SocketAddrV4, interval: Duration) -> Result<Self> {
        let listener = target.space().inside(|| Ok(TcpListener::bind((Ipv4Addr::UNSPECIFIED, address.port()))?))?;
        let to = std::net::SocketAddr::V4(address);
        let connect = || {
            TcpStream::connect_timeout(&to, Duration::from_secs(5))
                .with_context(|| format!("{} cannot connect to {address}", from.name()))
        };
        let mut stream = from.space().inside(connect)?;
        let (mut accepted, _) = listener.accept()?;
        let needless_before = needless(from)?;
        let stop = Arc::<AtomicBool>::default();
        let receiving = thread::spawn(move || {
            let (mut bytes, mut received) = (vec![0; 64 << 10], 0);
            loop {
                match accepted.read(&mut bytes) {
                    Ok(0) => return Ok(received),
                    Ok(length) => received += length as u64,
                    Err(error) if error.kind() == ErrorKind::Interrupted => {}
                    Err(error) => return Err(error.into()),
                }
            }
        });
        let stopped = Arc::clone(&stop);
        let sending = thread::spawn(move || {
            let mut sent = 0;
            stream.set_write_timeout(Some(Duration::from_secs(5)))?;
            while !stopped.load(Ordering::Relaxed) {
                stream.write_all(&[0x5a; 8 << 10]).context("the stream broke")?;
                sent += 8 << 10;
                sleep(interval);
            }
            Ok(StreamCount { sent, retransmitted: retransmitted(&stream)?, ..StreamCount::default() })
        });
        Ok(Self { from: from.clone(), needless_before, stop, sending, receiving })
    }

    pub fn stop(self) -> Result<StreamCount> {
        self.stop.store(true, Ordering::Relaxed);
        let count = self.sending.join().map_err(|_| anyhow!("the sender panicked"))??;
        let received = self.receiving.join().map_err(|_| anyhow!("the receiver panicked"))??;
        Ok(StreamCount { received, needless: needless(&self.from)? - self.needless_before, ..count })
    }
}

/// `TCPDSACKRecv` of a machine (Linux, networking/snmp_counter): names on one line, their numbers on the next.
fn needless(host: &Host) -> Result<u32> {
    let text = host.space().inside(|| Ok(std::fs::read_to_string("/proc/thread-self/net/netstat")?))?;
    let mut lines = text.lines().filter(|line| line.starts_with("TcpExt:"));
    let (names, numbers) = (lines.next().unwrap_or_default(), lines.next().unwrap_or_default());
    let found = names.split(' ').zip(numbers.split(' ')).find(|(name, _)| *name == "TCPDSACKRecv");
    let (_, number) = found.context("the kernel does not count TCPDSACKRecv")?;
    Ok(number.parse()?)
}

fn retransmitted(stream: &TcpStream) -> Result<u32> {
    // SAFETY: all of it are numbers, for which zeroes are values.
    let mut info: libc::tcp_info = unsafe { std::mem::zeroed() };
    let mut length = size_of::<libc::tcp_info>() as libc::socklen_t;
    // SAFETY: the kernel writes at most `length` bytes to `info`, which lives until the call is over.
    let asked = unsafe {
        libc::getsockopt(stream.as_raw_fd(), libc::IPPROTO_TCP, libc::TCP_INFO, (&raw mut info).cast(), &raw mut length)
    };
    nix::errno::Errno::result(asked)?;
    Ok(info.tcpi_total_retrans)
}
