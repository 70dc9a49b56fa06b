use super::control::Control;
use crate::way::Via;
use edge_net::Mac;
use nix::{errno::Errno, libc};
use std::{array, borrow::Cow, io, mem, net::Ipv4Addr, ops::Range, os::fd::RawFd, ptr};

/// Messages taken from the kernel with one call, and answered together.
const BATCH: usize = 64;
/// Ethernet's MTU: a client's message is never longer.
const LONGEST: usize = 1500;

/// A message as it came in.
#[derive(Clone, Debug)]
pub struct Packet<'a> {
    pub ifindex: u32,
    pub from: Ipv4Addr,
    pub via: Via,
    pub bytes: Cow<'a, [u8]>,
}

/// What a socket hears.
#[derive(Clone, Copy)]
pub enum Origin {
    /// A UDP socket, what comes from the client itself or by a relay agent.
    Own,
    /// A packet socket, what somebody else broadcasts, or a client from another address or port than is usual.
    Strangers,
}

impl Packet<'_> {
    /// For when the answer has to wait.
    pub fn to_owned(&self) -> Packet<'static> {
        Packet { ifindex: self.ifindex, from: self.from, via: self.via, bytes: Cow::Owned(self.bytes.to_vec()) }
    }
}

/// Room for the messages of one call, used again for those of the next.
pub struct Inbox {
    buffers: Vec<[u8; LONGEST]>,
    heads: Vec<Head>,
}

struct Head {
    ifindex: u32,
    from: Ipv4Addr,
    via: Via,
    /// Which buffer, and what of it.
    at: usize,
    message: Range<usize>,
}

/// Whence a message came, as the kernel fills it in: on a UDP socket the first, on a packet socket the second.
#[derive(Clone, Copy)]
union Sender {
    internet: libc::sockaddr_in,
    link: libc::sockaddr_ll,
}

impl Default for Inbox {
    fn default() -> Self {
        Self { buffers: vec![[0; LONGEST]; BATCH], heads: Vec::with_capacity(BATCH) }
    }
}

impl Inbox {
    pub fn packets(&self) -> impl Iterator<Item = Packet<'_>> {
        self.heads.iter().map(|head| {
            let bytes = Cow::Borrowed(&self.buffers[head.at][head.message.clone()]);
            Packet { ifindex: head.ifindex, from: head.from, via: head.via, bytes }
        })
    }

    /// Takes what is there, up to a batch.
    pub(super) fn fill(&mut self, socket: RawFd, origin: Origin) -> io::Result<()> {
        self.heads.clear();
        // SAFETY: both kinds are plain data for which zeros are valid.
        let mut senders: [Sender; BATCH] = unsafe { mem::zeroed() };
        let mut controls = [Control::empty(); BATCH];
        let mut vectors: [libc::iovec; BATCH] =
            array::from_fn(|at| libc::iovec { iov_base: self.buffers[at].as_mut_ptr().cast(), iov_len: LONGEST });
        let mut headers: [libc::mmsghdr; BATCH] = array::from_fn(|at| {
            // SAFETY: `mmsghdr` is plain data for which zeros are valid.
            let mut header: libc::mmsghdr = unsafe { mem::zeroed() };
            header.msg_hdr.msg_name = (&raw mut senders[at]).cast();
            header.msg_hdr.msg_namelen = size_of::<Sender>() as libc::socklen_t;
            header.msg_hdr.msg_iov = &raw mut vectors[at];
            header.msg_hdr.msg_iovlen = 1;
            header.msg_hdr.msg_control = (&raw mut controls[at]).cast();
            header.msg_hdr.msg_controllen = size_of::<Control>() as _;
            header
        });
        // SAFETY: headers, addresses, control data and vectors are live and of the lengths they name.
        let received =
            unsafe { libc::recvmmsg(socket, headers.as_mut_ptr(), BATCH as u32, libc::MSG_DONTWAIT as _, ptr::null_mut()) };
        let received = Errno::result(received)? as usize;
        for (at, header) in headers.iter().enumerate().take(received) {
            let length = (header.msg_len as usize).min(LONGEST);
            let head = match origin {
                // SAFETY: an address is plain data of which any bytes are valid.
                Origin::Own => own(at, length, &controls[at], unsafe { &senders[at].internet }),
                // SAFETY: so is this kind.
                Origin::Strangers => strangers(at, &self.buffers[at][..length], unsafe { &senders[at].link }),
            };
            self.heads.extend(head);
        }
        Ok(())
    }
}

fn own(at: usize, length: usize, control: &Control, sender: &libc::sockaddr_in) -> Option<Head> {
    let (ifindex, to) = control.arrival()?;
    let via = if to.is_broadcast() { Via::Broadcast } else { Via::Unicast };
    Some(Head { ifindex, from: Ipv4Addr::from(u32::from_be(sender.sin_addr.s_addr)), via, at, message: 0..length })
}

/// `packet`: with its IP header, which is known to have no options, and that of UDP. The sums of both are not looked at: between
/// virtual interfaces they are not made.
fn strangers(at: usize, packet: &[u8], sender: &libc::sockaddr_ll) -> Option<Head> {
    const IP: usize = 20;
    const UDP: usize = 8;
    const SOURCE: usize = 12;
    const CHADDR: usize = IP + UDP + 28;
    let ip: &[u8; IP + UDP] = packet.first_chunk()?;
    let from = Ipv4Addr::new(ip[SOURCE], ip[SOURCE + 1], ip[SOURCE + 2], ip[SOURCE + 3]);
    // Behind it there may be padding of the frame's.
    let end = IP + usize::from(u16::from_be_bytes([ip[IP + 4], ip[IP + 5]]));
    let message = IP + UDP..end.min(packet.len());
    let [a, b, c, d, e, f, ..] = sender.sll_addr;
    let speaks_for_itself = packet.get(CHADDR..CHADDR + 6) == Some(&[a, b, c, d, e, f]);
    let via = if speaks_for_itself { Via::Broadcast } else { Via::Stranger(Mac::new([a, b, c, d, e, f]).ok()) };
    let ifindex = u32::try_from(sender.sll_ifindex).ok()?;
    (message.start <= message.end).then_some(Head { ifindex, from, via, at, message })
}
