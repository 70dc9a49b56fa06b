use super::{Attributes, Malformed};
use nix::errno::Errno;

const HEADER: usize = 16;
const NLMSG_ERROR: u16 = 2;
const NLMSG_DONE: u16 = 3;
const NLM_F_DUMP_INTR: u16 = 0x10;
const NLM_F_CAPPED: u16 = 0x100;
const NLM_F_ACK_TLVS: u16 = 0x200;
const NLMSGERR_ATTR_MSG: u16 = 1;
const NLMSGERR_ATTR_OFFS: u16 = 2;
/// `struct nfgenmsg`
const NFGENMSG: usize = 4;

/// What the kernel says no to, and the extended ack where it sent one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Of the request at fault.
    pub sequence: u32,
    pub errno: Errno,
    pub message: Option<String>,
    /// Where in the request, in bytes, the attribute at fault is.
    pub offset: Option<usize>,
}

#[derive(Debug)]
pub enum Reply<'a> {
    Data(Attributes<'a>),
    Done,
    /// The request with this sequence number was carried out.
    Ack(u32),
    Refused(Refusal),
}

#[derive(Debug)]
pub struct Message<'a> {
    pub sequence: u32,
    /// The dump was torn by a change in between.
    pub interrupted: bool,
    pub reply: Reply<'a>,
}

impl<'a> Message<'a> {
    /// Takes the first message off `bytes`.
    pub fn take(bytes: &mut &'a [u8]) -> Result<Self, Malformed> {
        let header = bytes.get(..HEADER).ok_or(Malformed("a message header is cut off"))?;
        // The slices are of these lengths by the line above.
        let u32_at = |at: usize| u32::from_ne_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]);
        let u16_at = |at: usize| u16::from_ne_bytes([header[at], header[at + 1]]);
        let (length, kind, flags, sequence) = (u32_at(0) as usize, u16_at(4), u16_at(6), u32_at(8));
        let body = bytes.get(HEADER..length).ok_or(Malformed("a message is longer than the datagram"))?;
        *bytes = bytes.get(length.next_multiple_of(4)..).unwrap_or_default();
        let reply = match kind {
            NLMSG_ERROR => error(body, flags, sequence)?,
            NLMSG_DONE => match body.first_chunk().map(|code| i32::from_ne_bytes(*code)) {
                Some(code) if code != 0 => Reply::Refused(refusal(code, sequence)),
                _ => Reply::Done,
            },
            _ => Reply::Data(Attributes::parse(body.get(NFGENMSG..).ok_or(Malformed("a netfilter header is cut off"))?)?),
        };
        Ok(Self { sequence, interrupted: flags & NLM_F_DUMP_INTR != 0, reply })
    }
}

/// `struct nlmsgerr`: the code, the request (or only its header), then attributes.
fn error(body: &[u8], flags: u16, sequence: u32) -> Result<Reply<'_>, Malformed> {
    const CUT: Malformed = Malformed("an error message is cut off");
    let code = i32::from_ne_bytes(*body.first_chunk().ok_or(CUT)?);
    if code == 0 {
        return Ok(Reply::Ack(sequence));
    }
    let mut refusal = refusal(code, sequence);
    if flags & NLM_F_ACK_TLVS != 0 {
        let request = body.get(4..).ok_or(CUT)?;
        let length = u32::from_ne_bytes(*request.first_chunk().ok_or(CUT)?) as usize;
        let length = if flags & NLM_F_CAPPED != 0 { HEADER } else { length.next_multiple_of(4) };
        let attributes = Attributes::parse(request.get(length..).ok_or(CUT)?)?;
        refusal.message = attributes.string(NLMSGERR_ATTR_MSG).map(str::to_owned);
        refusal.offset = attributes.get(NLMSGERR_ATTR_OFFS).and_then(|at| Some(u32::from_ne_bytes(at.try_into().ok()?) as usize));
    }
    Ok(Reply::Refused(refusal))
}

fn refusal(code: i32, sequence: u32) -> Refusal {
    Refusal { sequence, errno: Errno::from_raw(code.saturating_neg()), message: None, offset: None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn message(kind: u16, flags: u16, body: &[u8]) -> Vec<u8> {
        let length = (HEADER + body.len()) as u32;
        [&length.to_ne_bytes(), &kind.to_ne_bytes()[..], &flags.to_ne_bytes(), &[9, 0, 0, 0], &[0; 4], body].concat()
    }

    #[test]
    fn an_extended_ack_is_read_behind_the_request_at_fault() {
        let request = message(0xa00, 1, b"1234567");
        let text = b"\x09\0\x01\0why?\0\0\0\0\x08\0\x02\0\x18\0\0\0";
        for (flags, request) in
            [(NLM_F_ACK_TLVS, &[&request[..], &[0]].concat()[..]), (NLM_F_ACK_TLVS | NLM_F_CAPPED, &request[..HEADER])]
        {
            let bytes = message(NLMSG_ERROR, flags, &[&(-2i32).to_ne_bytes(), request, text].concat());
            let Reply::Refused(refusal) = Message::take(&mut &bytes[..]).unwrap().reply else { panic!("not refused") };
            assert_eq!(
                refusal,
                Refusal { sequence: 9, errno: Errno::ENOENT, message: Some("why?".to_owned()), offset: Some(24) }
            );
        }
    }

    proptest! {
        #[test]
        fn any_bytes_end_in_messages_or_an_error(
            kind in prop_oneof![Just(NLMSG_ERROR), Just(NLMSG_DONE), any::<u16>()],
            flags: u16,
            body: Vec<u8>,
            tail: Vec<u8>,
        ) {
            let bytes = [message(kind, flags, &body), tail].concat();
            let mut rest = &bytes[..];
            while !rest.is_empty() && Message::take(&mut rest).is_ok() {}
        }
    }
}
