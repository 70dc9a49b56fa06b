use crate::{
    Header, Options,
    code::{self, message_type},
    header::BOOTREPLY,
};
use edge_net::Mac;
use std::net::Ipv4Addr;

/// A server's message to an Ethernet client.
#[derive(Clone, Copy)]
pub struct Reply<'a> {
    header: Header<'a>,
    /// Whom it is for.
    pub mac: Mac,
}

/// What a server says (option 53).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplyKind {
    Offer,
    Ack,
    Nak,
}

impl<'a> Reply<'a> {
    /// None for what is no such message; also one of BOOTP is, which has no kind.
    pub fn read(message: &'a [u8]) -> Option<Self> {
        let header = Header::read(message)?;
        let is_reply = header.op() == BOOTREPLY && header.is_ethernet() && header.has_cookie();
        let mac = Mac::new(header.chaddr()).ok()?;
        is_reply.then_some(Self { header, mac })
    }

    pub fn header(&self) -> Header<'a> {
        self.header
    }

    /// With what else it says.
    pub fn kind(&self) -> Option<(ReplyKind, Options<'a>)> {
        let options = self.header.options();
        let kind = match options.byte(code::MESSAGE_TYPE)? {
            message_type::OFFER => ReplyKind::Offer,
            message_type::ACK => ReplyKind::Ack,
            message_type::NAK => ReplyKind::Nak,
            _ => return None,
        };
        Some((kind, options))
    }
}

/// The relay agent a server answers to; none where this is no server's message.
pub fn relay_agent(message: &[u8]) -> Option<Ipv4Addr> {
    Header::read(message).filter(|header| header.op() == BOOTREPLY)?.giaddr()
}
