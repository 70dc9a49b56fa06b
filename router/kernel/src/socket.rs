use crate::written::Written;
use edge_host::links;
use edge_net::IfName;
use netlink_packet_core::{
    NLM_F_ACK, NLM_F_ACK_TLVS, NLM_F_CAPPED, NLM_F_DUMP, NLM_F_DUMP_INTR, NLM_F_REQUEST, NetlinkHeader, NetlinkMessage,
    NetlinkPayload, NlasIterator,
};
use netlink_packet_route::RouteNetlinkMessage;
use netlink_sys::{Socket, SocketAddr, protocols::NETLINK_ROUTE};
use nix::{
    errno::Errno,
    libc,
    sys::{
        socket::{self, AddressFamily, SockFlag, SockType, setsockopt, sockopt},
        time::TimeVal,
    },
};
use std::{
    io,
    os::fd::{AsRawFd, OwnedFd},
    sync::Arc,
};

/// The kernel's parts of a dump are at most 32 KiB (`netlink_recvmsg`), and one message at most a page or a few.
const BUFFER: usize = 64 * 1024;
/// Only a kernel under constant change tears more dumps in a row than this.
const ATTEMPTS: u32 = 20;

/// What one exchange with the kernel came to, when not to what was wanted.
#[allow(missing_docs, reason = "the fields are what the messages name")]
#[derive(Debug, thiserror::Error)]
pub enum NetlinkError {
    /// A system call failed, or no answer came in time.
    #[error("the netlink socket failed: {0}")]
    Io(#[from] io::Error),
    /// The kernel's error number, and its words (extended ack) when it gives any.
    #[error("{}{}", .errno.desc(), .text.as_ref().map(|text| format!(" (the kernel says: {text})")).unwrap_or_default())]
    Refused { errno: Errno, text: Option<String> },
    /// What the kernel sent is not what was asked for.
    #[error("the kernel's answer cannot be decoded: {0}")]
    Decode(String),
    /// Never whole, so never used.
    #[error("the kernel's list changed during each of {ATTEMPTS} attempts to read it")]
    Interrupted,
}

impl NetlinkError {
    /// The kernel's error number, where it refused.
    pub fn errno(&self) -> Option<Errno> {
        match self {
            Self::Refused { errno, .. } => Some(*errno),
            _ => None,
        }
    }
}

/// A blocking `NETLINK_ROUTE` socket: the kernel works a request off inside `send`, so the answer is there at once and
/// requests on different sockets happen in the order they were sent.
///
/// The crate rtnetlink builds the messages but does not send them: its exchange takes a torn dump for a whole one, drops
/// messages it cannot decode and the error in an `NLMSG_DONE`, and each of them would be a link that seems to be gone.
pub(crate) struct RouteSocket {
    socket: Socket,
    /// Carries nothing: links are looked for by it.
    names: OwnedFd,
    sequence: u32,
    buffer: Vec<u8>,
    written: Arc<Written>,
}

impl RouteSocket {
    /// Opens one in the calling thread's namespace.
    pub fn open(written: &Arc<Written>) -> io::Result<Self> {
        let mut socket = Socket::new(NETLINK_ROUTE)?;
        socket.bind_auto()?;
        socket.connect(&SocketAddr::new(0, 0))?;
        socket.set_ext_ack(true)?;
        socket.set_cap_ack(true)?;
        // The kernel then refuses dump filters it would ignore.
        socket.set_netlink_get_strict_chk(true)?;
        setsockopt(&socket, sockopt::ReceiveTimeout, &TimeVal::new(5, 0))?;
        let names = socket::socket(AddressFamily::Inet, SockType::Datagram, SockFlag::SOCK_CLOEXEC, None)?;
        Ok(Self { socket, names, sequence: 0, buffer: Vec::with_capacity(BUFFER), written: Arc::clone(written) })
    }

    /// Asks for a change and waits until it is made. `flags`: `NLM_F_CREATE` and its like.
    pub fn write(&mut self, request: RouteNetlinkMessage, flags: u16) -> Result<(), NetlinkError> {
        let bytes = self.send(request, NLM_F_REQUEST | NLM_F_ACK | flags)?;
        self.written.add(1, bytes as u64);
        loop {
            for message in self.receive()? {
                if let NetlinkPayload::Error(_) = message.payload {
                    return Ok(());
                }
            }
        }
    }

    /// The index of a link, `None` when there is none. `SIOCGIFINDEX` (netdevice(7)) works on every socket, in the socket's own
    /// namespace, and costs a hundredth of `RTM_GETLINK`, which tells all about the link.
    pub fn index(&self, name: &IfName) -> Result<Option<u32>, NetlinkError> {
        if !links::is_there(&self.names, name)? {
            return Ok(None);
        }
        let mut request =
            libc::ifreq { ifr_name: [0; libc::IFNAMSIZ], ifr_ifru: libc::__c_anonymous_ifr_ifru { ifru_ifindex: 0 } };
        for (to, byte) in request.ifr_name.iter_mut().zip(name.as_str().bytes()) {
            *to = byte.cast_signed() as libc::c_char;
        }
        // SAFETY: the kernel reads and writes one `ifreq`, which lives until the call is over.
        let asked = unsafe { libc::ioctl(self.names.as_raw_fd(), libc::SIOCGIFINDEX as _, &raw mut request) };
        match Errno::result(asked) {
            // SAFETY: the kernel has filled in the index, and every bit pattern is one.
            Ok(_) => Ok(Some(unsafe { request.ifr_ifru.ifru_ifindex }.cast_unsigned())),
            Err(Errno::ENODEV) => Ok(None),
            Err(errno) => Err(NetlinkError::Io(errno.into())),
        }
    }

    /// Asks for one object.
    pub fn get(&mut self, request: RouteNetlinkMessage) -> Result<RouteNetlinkMessage, NetlinkError> {
        self.send(request, NLM_F_REQUEST)?;
        loop {
            for message in self.receive()? {
                if let NetlinkPayload::InnerMessage(object) = message.payload {
                    return Ok(object);
                }
            }
        }
    }

    /// Asks for all objects of a kind. A list torn by a change meanwhile is read again.
    pub fn dump(&mut self, request: &RouteNetlinkMessage) -> Result<Vec<RouteNetlinkMessage>, NetlinkError> {
        self.dump_by(request, Some)
    }

    /// Like [`RouteSocket::dump`], but of each object keeps only what `keep` makes of it: a link's message is many times as long.
    pub fn dump_by<T>(
        &mut self,
        request: &RouteNetlinkMessage,
        keep: impl Fn(RouteNetlinkMessage) -> Option<T>,
    ) -> Result<Vec<T>, NetlinkError> {
        for _ in 0..ATTEMPTS {
            self.send(request.clone(), NLM_F_REQUEST | NLM_F_DUMP)?;
            if let Some(objects) = self.collect(&keep)? {
                return Ok(objects);
            }
        }
        Err(NetlinkError::Interrupted)
    }

    /// Reads to the end of a dump; `None` when it was torn.
    fn collect<T>(&mut self, keep: impl Fn(RouteNetlinkMessage) -> Option<T>) -> Result<Option<Vec<T>>, NetlinkError> {
        let mut objects = Vec::new();
        let mut torn = false;
        loop {
            for message in self.receive()? {
                torn |= message.header.flags & NLM_F_DUMP_INTR != 0;
                match message.payload {
                    NetlinkPayload::InnerMessage(object) => objects.extend(keep(object)),
                    NetlinkPayload::Done(done) if done.code < 0 => {
                        return Err(refusal(done.code, extended_ack(&done.extended_ack)));
                    }
                    NetlinkPayload::Done(_) => return Ok((!torn).then_some(objects)),
                    _ => {}
                }
            }
        }
    }

    fn send(&mut self, request: RouteNetlinkMessage, flags: u16) -> io::Result<usize> {
        self.sequence = self.sequence.wrapping_add(1);
        let mut header = NetlinkHeader::default();
        header.flags = flags;
        header.sequence_number = self.sequence;
        let mut message = NetlinkMessage::new(header, NetlinkPayload::from(request));
        message.finalize();
        let mut bytes = vec![0; message.buffer_len()];
        message.serialize(&mut bytes);
        self.socket.send(&bytes, 0)
    }

    /// One datagram's messages that answer the last request; what a request given up on left behind is passed over.
    fn receive(&mut self) -> Result<Vec<NetlinkMessage<RouteNetlinkMessage>>, NetlinkError> {
        self.buffer.clear();
        let length = loop {
            match self.socket.recv(&mut self.buffer, libc::MSG_TRUNC) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                received => break received?,
            }
        };
        if length > self.buffer.len() {
            return Err(NetlinkError::Decode(format!("a message of {length} bytes is longer than {BUFFER}")));
        }
        let mut messages = Vec::new();
        let mut rest = &self.buffer[..];
        while !rest.is_empty() {
            let message = NetlinkMessage::<RouteNetlinkMessage>::deserialize(rest)
                .map_err(|error| NetlinkError::Decode(error.to_string()))?;
            let length = (message.header.length as usize).next_multiple_of(4).clamp(16, rest.len().max(16));
            rest = rest.get(length..).unwrap_or_default();
            if message.header.sequence_number != self.sequence {
                continue;
            }
            if let NetlinkPayload::Error(error) = &message.payload
                && let Some(code) = error.code
            {
                return Err(refusal(code.get(), error_text(message.header.flags, &error.header)));
            }
            messages.push(message);
        }
        Ok(messages)
    }
}

fn refusal(code: i32, text: Option<String>) -> NetlinkError {
    NetlinkError::Refused { errno: Errno::from_raw(-code), text }
}

/// The words in an `NLMSG_ERROR`: behind the request's header, and behind its body unless that was left out.
fn error_text(flags: u16, payload: &[u8]) -> Option<String> {
    if flags & NLM_F_ACK_TLVS == 0 {
        return None;
    }
    let length = u32::from_ne_bytes(payload.get(..4)?.try_into().ok()?) as usize;
    let skipped = if flags & NLM_F_CAPPED != 0 { 16 } else { length.next_multiple_of(4) };
    extended_ack(payload.get(skipped..)?)
}

/// `NLMSGERR_ATTR_MSG` (include/uapi/linux/netlink.h).
fn extended_ack(attributes: &[u8]) -> Option<String> {
    const MESSAGE: u16 = 1;
    let message = NlasIterator::new(attributes).map_while(Result::ok).find(|attribute| attribute.kind() == MESSAGE)?;
    let text = String::from_utf8_lossy(message.value());
    Some(text.trim_end_matches('\0').to_owned())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn attribute(kind: u16, text: &str) -> Vec<u8> {
        let length = 4 + text.len() as u16;
        let mut bytes = [length.to_ne_bytes(), kind.to_ne_bytes()].concat();
        bytes.extend(text.as_bytes());
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        bytes
    }

    #[test]
    fn the_kernels_words_are_found_behind_the_request_or_its_header() {
        let words = [attribute(2, "abcd"), attribute(1, "Nexthop has invalid gateway\0")].concat();
        let header = |length: u32| [&length.to_ne_bytes()[..], &[0; 12]].concat();
        let capped = [header(60), words.clone()].concat();
        let whole = [header(18), vec![7; 4], words].concat();
        let found = Some("Nexthop has invalid gateway".to_owned());
        assert_eq!(error_text(NLM_F_ACK_TLVS | NLM_F_CAPPED, &capped), found);
        assert_eq!(error_text(NLM_F_ACK_TLVS, &whole), found);
        assert_eq!(error_text(0, &whole), None);
    }

    #[test]
    fn a_torn_answer_has_no_words_and_does_no_harm() {
        for payload in [&[][..], &[1], &[0xff; 16], &[0xff; 40], &[16, 0, 0, 0]] {
            assert_eq!(error_text(NLM_F_ACK_TLVS, payload), None);
            assert_eq!(error_text(NLM_F_ACK_TLVS | NLM_F_CAPPED, payload), None);
        }
    }
}
