//! What the client says.

use super::identity::ClientIdentity;
use edge_dhcp_wire::{
    LONGEST, MessageWriter, at,
    code::{self, message_type},
    header::{BOOTREQUEST, BROADCAST, ETHERNET},
};
use std::net::Ipv4Addr;

/// RFC 2131 table 5.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientMessage {
    Discover {
        requested: Option<Ipv4Addr>,
    },
    /// SELECTING
    Request {
        address: Ipv4Addr,
        server: Ipv4Addr,
    },
    /// INIT-REBOOT
    Confirm {
        address: Ipv4Addr,
    },
    /// RENEWING and REBINDING
    Renew {
        address: Ipv4Addr,
    },
}

/// Classless routes before the router they replace.
const WANTED: [u8; 11] = [
    code::CLASSLESS_ROUTES,
    code::SUBNET_MASK,
    code::ROUTER,
    code::DNS,
    code::DOMAIN,
    code::MTU,
    code::LEASE_TIME,
    code::SERVER_ID,
    code::RENEWAL,
    code::REBINDING,
    code::SEARCH,
];
/// Bytes: the answer fits into one Ethernet frame.
const LONGEST_ANSWER: u16 = LONGEST as u16;

impl ClientMessage {
    fn message_type(self) -> u8 {
        match self {
            ClientMessage::Discover { .. } => message_type::DISCOVER,
            ClientMessage::Request { .. } | ClientMessage::Confirm { .. } | ClientMessage::Renew { .. } => message_type::REQUEST,
        }
    }

    /// Option 50.
    fn wanted(self) -> Option<Ipv4Addr> {
        match self {
            ClientMessage::Discover { requested } => requested,
            ClientMessage::Request { address, .. } | ClientMessage::Confirm { address } => Some(address),
            ClientMessage::Renew { .. } => None,
        }
    }
}

/// `secs`: since the exchange began.
pub fn message(identity: &ClientIdentity, xid: u32, secs: u16, ask: ClientMessage) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut writer = MessageWriter::new(&mut bytes, LONGEST, 0);
    let [htype, hlen] = ETHERNET;
    writer.set(0, &[BOOTREQUEST, htype, hlen]);
    writer.set(at::XID, &xid.to_be_bytes());
    writer.set(at::SECS, &secs.to_be_bytes());
    // Who has the address is reached by it.
    if let ClientMessage::Renew { address } = ask {
        writer.set(at::CIADDR, &address.octets());
    } else if identity.broadcast {
        writer.set(at::FLAGS, &BROADCAST.to_be_bytes());
    }
    writer.set(at::CHADDR, &identity.mac.bytes());
    if let Some(hostname) = &identity.hostname {
        writer.put(code::HOST_NAME, hostname.as_bytes());
    }
    if let Some(address) = ask.wanted() {
        writer.put(code::REQUESTED_ADDRESS, &address.octets());
    }
    writer.put(code::MESSAGE_TYPE, &[ask.message_type()]);
    if let ClientMessage::Request { server, .. } = ask {
        writer.put(code::SERVER_ID, &server.octets());
    }
    writer.put(code::PARAMETERS, &WANTED);
    writer.put(code::MAX_SIZE, &LONGEST_ANSWER.to_be_bytes());
    writer.put(code::CLIENT_ID, &identity.client_id);
    writer.finish(None);
    bytes
}

#[cfg(test)]
mod tests;
