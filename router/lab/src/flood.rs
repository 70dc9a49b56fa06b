//! A flood of UDP packets from everybody to everybody, and who received what of it.
//!
//! Each packet says who sent it, how, and at which turn of the test, so that every receipt can be held against what was allowed then.

use crate::host::Host;
use anyhow::{Context, Result, anyhow};
use nix::{
    errno::Errno,
    libc,
    poll::{PollFd, PollFlags, PollTimeout, poll},
    sys::socket::{
        AddressFamily, LinkAddr, MsgFlags, SockFlag, SockProtocol, SockType, SockaddrIn, bind, recvfrom, sendto, setsockopt,
        socket, sockopt,
    },
};
use std::{
    collections::BTreeMap,
    net::{Ipv4Addr, SocketAddrV4},
    os::fd::{AsFd, AsRawFd, OwnedFd},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    thread::{self, JoinHandle},
};

const MAGIC: &[u8; 8] = b"edgflood";
/// IPv4's protocol number of UDP.
const UDP: u8 = 17;
/// Senders' ports start here, one for each way to send; nobody is written to on them, so no packet of the flood is another's answer.
const FIRST_PORT: u16 = 20_000;

/// One who takes part: it sends to every target, from its own address and from those that are not its own, and receives.
#[derive(Debug, Clone)]
pub struct Member {
    pub host: Host,
    /// Its own address first.
    pub sources: Vec<Ipv4Addr>,
    /// A mark of its packets (`SO_MARK`) that leads them past its gateway, by a rule of the test; they come from its own address.
    pub bypass: Option<u32>,
}

/// A packet that somebody received. Members and targets are numbered as they were given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Receipt {
    pub sender: usize,
    pub way: Way,
    pub target: usize,
    pub receiver: usize,
    /// The turns it was sent and received at.
    pub sent: u32,
    pub received: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Way {
    /// As it should be.
    Honest,
    /// From an address that is not the sender's: which of its sources.
    Spoofed(usize),
    /// To the target's own link address.
    Bypass,
}

#[derive(Debug)]
pub struct Flood {
    stop: Arc<AtomicBool>,
    turn: Arc<AtomicU32>,
    receipts: Arc<Mutex<BTreeMap<Receipt, u64>>>,
    threads: Vec<JoinHandle<Result<()>>>,
}

impl Flood {
    /// Goes on until it is stopped, as fast as one processor can.
    pub fn start(members: &[Member], targets: &[SocketAddrV4]) -> Result<Self> {
        let (stop, turn, receipts) = (Arc::default(), Arc::<AtomicU32>::default(), Arc::<Mutex<BTreeMap<_, _>>>::default());
        let mut senders = Vec::new();
        let mut ears = Vec::new();
        for (number, member) in members.iter().enumerate() {
            senders.extend(member.senders(number)?);
            ears.push(member.ear()?);
        }
        let targets = targets.to_vec();
        let sending = {
            let (stop, turn) = (Arc::clone(&stop), Arc::clone(&turn));
            thread::spawn(move || send(&senders, &targets, &stop, &turn))
        };
        let receiving = {
            let (stop, turn, receipts) = (Arc::clone(&stop), Arc::clone(&turn), Arc::clone(&receipts));
            thread::spawn(move || receive(&ears, &stop, &turn, &receipts))
        };
        Ok(Self { stop, turn, receipts, threads: vec![sending, receiving] })
    }

    /// The next turn begins, and this is its number; the first is 0.
    pub fn next_turn(&self) -> u32 {
        self.turn.fetch_add(1, Ordering::SeqCst) + 1
    }

    /// All receipts so far, and how many of each.
    pub fn receipts(&self) -> BTreeMap<Receipt, u64> {
        self.receipts.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Ends it; what was under way is received.
    pub fn stop(mut self) -> Result<BTreeMap<Receipt, u64>> {
        self.stop.store(true, Ordering::SeqCst);
        for thread in self.threads.drain(..) {
            thread.join().map_err(|_| anyhow!("a thread of the flood panicked"))??;
        }
        Ok(self.receipts())
    }
}

impl Drop for Flood {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
    }
}

/// A socket, and what is said of the packets it sends.
struct Sender {
    socket: OwnedFd,
    member: usize,
    way: Way,
}

impl Member {
    fn senders(&self, member: usize) -> Result<Vec<Sender>> {
        let honest = self
            .sources
            .iter()
            .enumerate()
            .map(|(number, source)| (if number == 0 { Way::Honest } else { Way::Spoofed(number) }, *source, None));
        let own = *self.sources.first().context("a member needs an address")?;
        let ways: Vec<_> = honest.chain(self.bypass.map(|mark| (Way::Bypass, own, Some(mark)))).collect();
        let open = || {
            let opened = ways.iter().zip(FIRST_PORT..).map(|(&(way, source, mark), port)| {
                let socket = sender(SocketAddrV4::new(source, port), mark)?;
                Ok(Sender { socket, member, way })
            });
            opened.collect::<Result<Vec<_>>>()
        };
        self.host.space().inside(open).with_context(|| format!("cannot flood from {}", self.host.name()))
    }

    /// Every IPv4 packet that comes in by any card.
    fn ear(&self) -> Result<OwnedFd> {
        let open = || {
            let flags = SockFlag::SOCK_NONBLOCK | SockFlag::SOCK_CLOEXEC;
            let socket = socket(AddressFamily::Packet, SockType::Datagram, flags, SockProtocol::EthAll)?;
            setsockopt(&socket, sockopt::RcvBufForce, &(32 << 20))?;
            Ok(socket)
        };
        self.host.space().inside(open).with_context(|| format!("cannot listen on {}", self.host.name()))
    }
}

fn sender(source: SocketAddrV4, mark: Option<u32>) -> Result<OwnedFd> {
    let flags = SockFlag::SOCK_NONBLOCK | SockFlag::SOCK_CLOEXEC;
    let socket = socket(AddressFamily::Inet, SockType::Datagram, flags, None)?;
    // An address that is not (yet, or any longer) its own.
    setsockopt(&socket, sockopt::IpFreebind, &true)?;
    if let Some(mark) = mark {
        setsockopt(&socket, sockopt::Mark, &mark)?;
    }
    bind(socket.as_raw_fd(), &SockaddrIn::from(source))?;
    Ok(socket)
}

fn send(senders: &[Sender], targets: &[SocketAddrV4], stop: &AtomicBool, turn: &AtomicU32) -> Result<()> {
    while !stop.load(Ordering::SeqCst) {
        for sender in senders {
            for (number, target) in targets.iter().enumerate() {
                let packet = write(sender, number, turn.load(Ordering::SeqCst));
                // Links go and come here: what cannot be sent just now is sent in the next round.
                let _ = sendto(sender.socket.as_raw_fd(), &packet, &SockaddrIn::from(*target), MsgFlags::empty());
            }
        }
        // The box must have its turn on a machine of one processor.
        thread::yield_now();
    }
    Ok(())
}

fn receive(ears: &[OwnedFd], stop: &AtomicBool, turn: &AtomicU32, receipts: &Mutex<BTreeMap<Receipt, u64>>) -> Result<()> {
    loop {
        let was_stopped = stop.load(Ordering::SeqCst);
        let mut fds: Vec<_> = ears.iter().map(|ear| PollFd::new(ear.as_fd(), PollFlags::POLLIN)).collect();
        match poll(&mut fds, PollTimeout::from(100_u8)) {
            Ok(0) if was_stopped => return Ok(()),
            Ok(_) | Err(Errno::EINTR) => {}
            Err(errno) => return Err(errno.into()),
        }
        for (receiver, ear) in ears.iter().enumerate() {
            let heard = receive_all(ear, receiver, turn)?;
            let mut receipts = receipts.lock().unwrap_or_else(PoisonError::into_inner);
            for receipt in heard {
                *receipts.entry(receipt).or_default() += 1;
            }
        }
    }
}

/// Everything one has received until now.
fn receive_all(ear: &OwnedFd, receiver: usize, turn: &AtomicU32) -> Result<Vec<Receipt>> {
    let mut heard = Vec::new();
    let mut packet = [0; 256];
    loop {
        match recvfrom::<LinkAddr>(ear.as_raw_fd(), &mut packet) {
            Ok((length, card)) => {
                let incoming = card.is_some_and(|card| card.pkttype() != libc::PACKET_OUTGOING);
                // Read after the packet, so that it is never before the turn of its sending.
                let received = turn.load(Ordering::SeqCst);
                heard.extend(read(&packet[..length], receiver, received).filter(|_| incoming));
            }
            Err(Errno::EAGAIN) => return Ok(heard),
            // A card that went down is told by an error of its own, and is no end.
            Err(Errno::ENETDOWN | Errno::EINTR) => {}
            Err(errno) => return Err(errno).context("cannot read the flood"),
        }
    }
}

fn write(sender: &Sender, target: usize, turn: u32) -> Vec<u8> {
    let way = match sender.way {
        Way::Honest => 0,
        Way::Bypass => u8::MAX,
        Way::Spoofed(number) => number as u8,
    };
    let mut packet = MAGIC.to_vec();
    packet.extend(std::process::id().to_be_bytes());
    packet.extend([sender.member as u8, way, target as u8]);
    packet.extend(turn.to_be_bytes());
    packet
}

/// An IPv4 packet of this flood.
fn read(packet: &[u8], receiver: usize, received: u32) -> Option<Receipt> {
    let header = usize::from(packet.first()? & 0x0f) * 4;
    if packet[0] >> 4 != 4 || *packet.get(9)? != UDP {
        return None;
    }
    let payload = packet.get(header + 8..)?.strip_prefix(MAGIC)?;
    let payload = payload.strip_prefix(&std::process::id().to_be_bytes())?;
    let way = match *payload.get(1)? {
        0 => Way::Honest,
        u8::MAX => Way::Bypass,
        number => Way::Spoofed(number.into()),
    };
    let sent = u32::from_be_bytes(*payload.get(3..)?.first_chunk()?);
    Some(Receipt { sender: (*payload.first()?).into(), way, target: (*payload.get(2)?).into(), receiver, sent, received })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_nothing_else() {
        let socket = sender(SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0), None).unwrap();
        let sender = Sender { socket, member: 3, way: Way::Spoofed(2) };
        let mut packet = vec![0x45; 20];
        packet[9] = UDP;
        packet.extend([0; 8]);
        packet.extend(write(&sender, 5, 70_000));
        let receipt = Receipt { sender: 3, way: Way::Spoofed(2), target: 5, receiver: 1, sent: 70_000, received: 70_001 };
        assert_eq!(read(&packet, 1, 70_001), Some(receipt));
        for length in 0..packet.len() {
            assert_eq!(read(&packet[..length], 1, 70_001), None, "cut to {length} bytes");
        }
    }
}
