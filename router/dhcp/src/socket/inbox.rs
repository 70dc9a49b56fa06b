use super::{control::Control, filter::Whose};
use nix::{errno::Errno, libc};
use std::{array, borrow::Cow, io, mem, net::Ipv4Addr, os::fd::RawFd, ptr};

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

/// How a message came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Via {
    /// Broadcast by the client itself.
    Broadcast,
    /// To this server alone.
    Unicast,
    /// Broadcast, and from another hardware address than the client's.
    Stranger,
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
    /// Which buffer, and how much of it.
    at: usize,
    length: usize,
}

impl Default for Inbox {
    fn default() -> Self {
        Self { buffers: vec![[0; LONGEST]; BATCH], heads: Vec::with_capacity(BATCH) }
    }
}

impl Inbox {
    pub fn packets(&self) -> impl Iterator<Item = Packet<'_>> {
        self.heads.iter().map(|head| {
            let bytes = Cow::Borrowed(&self.buffers[head.at][..head.length]);
            Packet { ifindex: head.ifindex, from: head.from, via: head.via, bytes }
        })
    }

    /// Takes what is there, up to a batch.
    pub(super) fn fill(&mut self, socket: RawFd, whose: Whose) -> io::Result<()> {
        self.heads.clear();
        // SAFETY: `sockaddr_in` is plain data for which zeros are valid.
        let mut senders: [libc::sockaddr_in; BATCH] = unsafe { mem::zeroed() };
        let mut controls = [Control::empty(); BATCH];
        let mut vectors: [libc::iovec; BATCH] =
            array::from_fn(|at| libc::iovec { iov_base: self.buffers[at].as_mut_ptr().cast(), iov_len: LONGEST });
        let mut headers: [libc::mmsghdr; BATCH] = array::from_fn(|at| {
            // SAFETY: `mmsghdr` is plain data for which zeros are valid.
            let mut header: libc::mmsghdr = unsafe { mem::zeroed() };
            header.msg_hdr.msg_name = (&raw mut senders[at]).cast();
            header.msg_hdr.msg_namelen = size_of::<libc::sockaddr_in>() as libc::socklen_t;
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
            let Some((ifindex, to)) = controls[at].arrival() else { continue };
            let via = match whose {
                Whose::Stranger => Via::Stranger,
                Whose::Own if to.is_broadcast() => Via::Broadcast,
                Whose::Own => Via::Unicast,
            };
            let from = Ipv4Addr::from(u32::from_be(senders[at].sin_addr.s_addr));
            self.heads.push(Head { ifindex, from, via, at, length: (header.msg_len as usize).min(LONGEST) });
        }
        Ok(())
    }
}
