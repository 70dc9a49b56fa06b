//! What the client says.

use super::identity::Identity;
use dhcproto::{
    Encodable,
    v4::{DhcpOption, Flags, Message, MessageType, OptionCode},
};
use std::net::Ipv4Addr;

/// RFC 2131 table 5.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ask {
    Discover {
        wish: Option<Ipv4Addr>,
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
    Prolong {
        address: Ipv4Addr,
    },
}

/// Mask, router, DNS, domain, MTU, lease time, server, T1, T2, search list; classless routes before the router they replace.
const WANTED: [u8; 11] = [121, 1, 3, 6, 15, 26, 51, 54, 58, 59, 119];
/// A BOOTP relay may drop what is shorter (RFC 1542 section 2.1).
const SHORTEST: usize = 300;
/// Bytes: the answer fits into one Ethernet frame.
const LONGEST_ANSWER: u16 = 1472;

/// `secs`: since the exchange began.
pub fn message(identity: &Identity, xid: u32, secs: u16, ask: Ask) -> Vec<u8> {
    let unset = Ipv4Addr::UNSPECIFIED;
    let own = if let Ask::Prolong { address } = ask { address } else { unset };
    let mut message = Message::new_with_id(xid, own, unset, unset, unset, &identity.mac.bytes());
    message.set_secs(secs);
    // Who has the address is reached by it.
    if identity.broadcast && own.is_unspecified() {
        message.set_flags(Flags::default().set_broadcast());
    }
    let options = message.opts_mut();
    let kind = if matches!(ask, Ask::Discover { .. }) { MessageType::Discover } else { MessageType::Request };
    options.insert(DhcpOption::MessageType(kind));
    match ask {
        Ask::Discover { wish } => {
            if let Some(wish) = wish {
                options.insert(DhcpOption::RequestedIpAddress(wish));
            }
        }
        Ask::Request { address, server } => {
            options.insert(DhcpOption::RequestedIpAddress(address));
            options.insert(DhcpOption::ServerIdentifier(server));
        }
        Ask::Confirm { address } => {
            options.insert(DhcpOption::RequestedIpAddress(address));
        }
        Ask::Prolong { .. } => {}
    }
    options.insert(DhcpOption::ClientIdentifier(identity.client_id.clone()));
    options.insert(DhcpOption::MaxMessageSize(LONGEST_ANSWER));
    options.insert(DhcpOption::ParameterRequestList(WANTED.map(OptionCode::from).to_vec()));
    if let Some(hostname) = &identity.hostname {
        options.insert(DhcpOption::Hostname(hostname.clone()));
    }
    let mut bytes = message.to_vec().unwrap_or_else(|error| {
        // Every option is shorter than 255 bytes: a host name has 63 at most, a client identifier 23.
        log::error!("a DHCP message cannot be written: {error}");
        Vec::new()
    });
    bytes.resize(bytes.len().max(SHORTEST), 0);
    bytes
}
