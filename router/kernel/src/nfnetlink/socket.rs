use super::{
    Attributes, Malformed, NLM_F_ACK, Refusal, Writer,
    reply::{Message, Reply},
};
use neli::{
    consts::socket::{Msg, NlFamily},
    socket::NlSocket,
    utils::Groups,
};
use nix::{
    errno::Errno,
    sys::socket::{setsockopt, sockopt},
};
use std::{
    io,
    ops::ControlFlow,
    os::fd::{AsRawFd, BorrowedFd},
};

/// `NLM_F_ROOT | NLM_F_MATCH`
const NLM_F_DUMP: u16 = 0x300;
/// Past the largest batch there is: 2,000 rules are 1.3 MB. The kernel reads it in one datagram.
const SEND_BUFFER: usize = 32 << 20;
/// Room for the errors of a batch, each with the message at fault.
const RECEIVE_BUFFER: usize = 4 << 20;
/// The kernel fills at most 32 KiB of a dump's datagram; an error repeats the message at fault, at most 64 KiB and a little.
const DATAGRAM: usize = 128 << 10;
/// Datagrams of one dump: a million conntrack entries are some 10,000.
const MAX_DATAGRAMS: usize = 100_000;
const MAX_DUMPS: usize = 20;

/// Every exchange is over when its call returns: the kernel answers while it takes the request, so nothing here ever blocks or waits.
pub struct Socket {
    socket: NlSocket,
    sequence: u32,
    buffer: Vec<u8>,
}

#[derive(Debug, thiserror::Error)]
pub enum NfnetlinkError {
    #[error("cannot {doing} over netlink: {source}")]
    Io { doing: &'static str, source: io::Error },
    #[error("the kernel refuses: {}{}", .0.errno.desc(), .0.message.as_ref().map(|m| format!(" ({m})")).unwrap_or_default())]
    Refused(Refusal),
    #[error(transparent)]
    Malformed(#[from] Malformed),
    #[error("a message has an attribute longer than 65,535 bytes")]
    TooLong,
    #[error("the list changed each of {MAX_DUMPS} times it was read")]
    Interrupted,
    #[error("the kernel stopped before the end of its answer")]
    Silent,
}

impl Socket {
    /// In the network namespace the calling thread is in, for as long as it lives.
    pub fn open(family: NlFamily) -> Result<Self, NfnetlinkError> {
        let io = |doing| move |source| NfnetlinkError::Io { doing, source };
        let socket = NlSocket::connect(family, None, Groups::empty()).map_err(io("open a socket"))?;
        socket.enable_ext_ack(true).map_err(io("ask for extended errors"))?;
        // SAFETY: the descriptor is open and is borrowed no longer than `socket` lives.
        let fd = unsafe { BorrowedFd::borrow_raw(socket.as_raw_fd()) };
        setsockopt(&fd, sockopt::SndBufForce, &SEND_BUFFER).map_err(|e| io("set the send buffer")(e.into()))?;
        setsockopt(&fd, sockopt::RcvBufForce, &RECEIVE_BUFFER).map_err(|e| io("set the receive buffer")(e.into()))?;
        Ok(Self { socket, sequence: 0, buffer: vec![0; DATAGRAM] })
    }

    /// A list, `decode`d entry by entry (`None`: not of interest), read again when it changed meanwhile.
    pub fn dump<T>(
        &mut self,
        kind: u16,
        family: u8,
        body: impl Fn(&mut Writer),
        decode: impl Fn(Attributes) -> Result<Option<T>, Malformed>,
    ) -> Result<Vec<T>, NfnetlinkError> {
        for _ in 0..MAX_DUMPS {
            let (mut entries, mut torn, mut malformed) = (Vec::new(), false, None);
            let sequence = self.ask(kind, NLM_F_DUMP, family, &body)?;
            self.receive(sequence, |message| {
                torn |= message.interrupted;
                match message.reply {
                    Reply::Data(attributes) => match decode(attributes) {
                        Ok(entry) => entries.extend(entry),
                        // Read on to the end: the next dump must find the socket free.
                        Err(error) => malformed = Some(error),
                    },
                    Reply::Done | Reply::Ack(_) => return ControlFlow::Break(Ok(())),
                    // A table was removed while its content was listed.
                    Reply::Refused(Refusal { errno: Errno::EINTR, .. }) => {
                        torn = true;
                        return ControlFlow::Break(Ok(()));
                    }
                    Reply::Refused(refusal) => return ControlFlow::Break(Err(NfnetlinkError::Refused(refusal))),
                }
                ControlFlow::Continue(())
            })?;
            match malformed {
                Some(error) => return Err(error.into()),
                None if torn => continue,
                None => return Ok(entries),
            }
        }
        Err(NfnetlinkError::Interrupted)
    }

    /// One object; `None` when there is none.
    pub fn get<T>(
        &mut self,
        kind: u16,
        family: u8,
        body: impl Fn(&mut Writer),
        decode: impl Fn(Attributes) -> Result<T, Malformed>,
    ) -> Result<Option<T>, NfnetlinkError> {
        let sequence = self.ask(kind, 0, family, &body)?;
        self.receive(sequence, |message| {
            ControlFlow::Break(match message.reply {
                Reply::Data(attributes) => decode(attributes).map(Some).map_err(NfnetlinkError::from),
                Reply::Refused(Refusal { errno: Errno::ENOENT, .. }) => Ok(None),
                Reply::Refused(refusal) => Err(NfnetlinkError::Refused(refusal)),
                Reply::Done | Reply::Ack(_) => Ok(None),
            })
        })
    }

    pub fn execute(&mut self, kind: u16, family: u8, body: impl Fn(&mut Writer)) -> Result<(), NfnetlinkError> {
        let sequence = self.ask(kind, NLM_F_ACK, family, &body)?;
        self.receive(sequence, |message| match message.reply {
            Reply::Ack(_) => ControlFlow::Break(Ok(())),
            Reply::Refused(refusal) => ControlFlow::Break(Err(NfnetlinkError::Refused(refusal))),
            Reply::Data(_) | Reply::Done => ControlFlow::Continue(()),
        })
    }

    /// Sends messages numbered 1, 2, … of which the one numbered `last` asks for an ack.
    pub fn batch(&mut self, messages: Writer, last: u32) -> Result<(), NfnetlinkError> {
        self.send(&messages.finish().ok_or(NfnetlinkError::TooLong)?)?;
        let mut outcome = Err(NfnetlinkError::Silent);
        loop {
            match self.datagram()? {
                None => return outcome,
                Some(length) => {
                    let mut rest = &self.buffer[..length];
                    while !rest.is_empty() {
                        match Message::take(&mut rest)?.reply {
                            Reply::Refused(refusal) if !matches!(outcome, Err(NfnetlinkError::Refused(_))) => {
                                outcome = Err(NfnetlinkError::Refused(refusal))
                            }
                            Reply::Ack(sequence) if sequence == last && matches!(outcome, Err(NfnetlinkError::Silent)) => {
                                outcome = Ok(())
                            }
                            _ => {}
                        }
                    }
                }
            }
        }
    }

    fn ask(&mut self, kind: u16, flags: u16, family: u8, body: impl Fn(&mut Writer)) -> Result<u32, NfnetlinkError> {
        self.sequence = self.sequence.wrapping_add(1);
        let mut writer = Writer::default();
        writer.message(kind, flags, self.sequence, family, 0, body);
        self.send(&writer.finish().ok_or(NfnetlinkError::TooLong)?)?;
        Ok(self.sequence)
    }

    /// Gives the answers to `sequence` to `each` until it breaks.
    fn receive<T>(
        &mut self,
        sequence: u32,
        mut each: impl FnMut(Message) -> ControlFlow<Result<T, NfnetlinkError>>,
    ) -> Result<T, NfnetlinkError> {
        for _ in 0..MAX_DATAGRAMS {
            let length = self.datagram()?.ok_or(NfnetlinkError::Silent)?;
            let mut rest = &self.buffer[..length];
            while !rest.is_empty() {
                let message = Message::take(&mut rest)?;
                if message.sequence != sequence {
                    continue;
                }
                if let ControlFlow::Break(outcome) = each(message) {
                    return outcome;
                }
            }
        }
        Err(NfnetlinkError::Silent)
    }

    /// Its length in the buffer; `None` when there is none.
    fn datagram(&mut self) -> Result<Option<usize>, NfnetlinkError> {
        match self.socket.recv(&mut self.buffer, Msg::DONTWAIT | Msg::TRUNC) {
            Ok((length, _)) if length > self.buffer.len() => Err(Malformed("a datagram is longer than the buffer").into()),
            Ok((length, _)) => Ok(Some(length)),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
            Err(source) => Err(NfnetlinkError::Io { doing: "receive an answer", source }),
        }
    }

    /// What an exchange that failed half-way left behind is thrown away first.
    fn send(&mut self, bytes: &[u8]) -> Result<(), NfnetlinkError> {
        while matches!(self.datagram(), Ok(Some(_))) {}
        self.socket.send(bytes, Msg::empty()).map(drop).map_err(|source| NfnetlinkError::Io { doing: "send a request", source })
    }
}
