//! What is said, held against another implementation.

use super::*;
use dhcproto::{
    Encodable,
    v4::{DhcpOption, Flags, Message, MessageType, OptionCode},
};
use edge_dhcp_wire::{Request, RequestKind, SHORTEST};
use edge_net::Mac;
use proptest::prelude::*;

/// The same message by dhcproto.
fn oracle(identity: &ClientIdentity, xid: u32, secs: u16, ask: ClientMessage) -> Vec<u8> {
    let unset = Ipv4Addr::UNSPECIFIED;
    let own = if let ClientMessage::Renew { address } = ask { address } else { unset };
    let mut message = Message::new_with_id(xid, own, unset, unset, unset, &identity.mac.bytes());
    message.set_secs(secs);
    if identity.broadcast && !matches!(ask, ClientMessage::Renew { .. }) {
        message.set_flags(Flags::default().set_broadcast());
    }
    let options = message.opts_mut();
    let kind = if matches!(ask, ClientMessage::Discover { .. }) { MessageType::Discover } else { MessageType::Request };
    options.insert(DhcpOption::MessageType(kind));
    match ask {
        ClientMessage::Discover { requested: Some(address) } | ClientMessage::Confirm { address } => {
            options.insert(DhcpOption::RequestedIpAddress(address));
        }
        ClientMessage::Request { address, server } => {
            options.insert(DhcpOption::RequestedIpAddress(address));
            options.insert(DhcpOption::ServerIdentifier(server));
        }
        ClientMessage::Discover { requested: None } | ClientMessage::Renew { .. } => {}
    }
    options.insert(DhcpOption::ClientIdentifier(identity.client_id.clone()));
    options.insert(DhcpOption::MaxMessageSize(1472));
    let wanted = [121, 1, 3, 6, 15, 26, 51, 54, 58, 59, 119];
    options.insert(DhcpOption::ParameterRequestList(wanted.map(OptionCode::from).to_vec()));
    if let Some(hostname) = &identity.hostname {
        options.insert(DhcpOption::Hostname(hostname.clone()));
    }
    let mut bytes = message.to_vec().unwrap();
    bytes.resize(bytes.len().max(SHORTEST), 0);
    bytes
}

fn asks() -> impl Strategy<Value = ClientMessage> {
    // Whatever is a host's address somewhere.
    let address = || (1u32..0xe000_0000).prop_map(Ipv4Addr::from);
    prop_oneof![
        prop::option::of(address()).prop_map(|requested| ClientMessage::Discover { requested }),
        (address(), address()).prop_map(|(address, server)| ClientMessage::Request { address, server }),
        address().prop_map(|address| ClientMessage::Confirm { address }),
        address().prop_map(|address| ClientMessage::Renew { address }),
    ]
}

proptest! {
    #[test]
    fn another_implementation_says_the_same_and_our_server_reads_it(
        (xid, secs, broadcast, ask) in (any::<u32>(), any::<u16>(), any::<bool>(), asks()),
        hostname in prop::option::of("[a-z0-9]{1,63}"),
        client_id in prop::collection::vec(any::<u8>(), 7..24),
    ) {
        let mac = Mac::new([2, 0, 0, 0, 0, 1]).unwrap();
        let identity = ClientIdentity { mac, client_id, hostname, broadcast };
        let bytes = message(&identity, xid, secs, ask);
        prop_assert_eq!(&bytes, &oracle(&identity, xid, secs, ask));
        let read = Request::read(&bytes).unwrap();
        let kind = if matches!(ask, ClientMessage::Discover { .. }) { RequestKind::Discover } else { RequestKind::Request };
        prop_assert_eq!((read.kind, read.xid, read.mac), (kind, xid, mac));
        prop_assert_eq!(read.client_id.as_deref(), Some(&identity.client_id[..]));
        prop_assert_eq!((read.requested, read.parameters.as_deref()), (ask.wanted(), Some(&WANTED[..])));
    }
}
