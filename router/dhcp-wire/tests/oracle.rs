//! The codec held against another implementation, both ways.
#![allow(clippy::unwrap_used, reason = "a test ends where it fails")]

use dhcproto::{
    Decodable, Decoder, Encodable,
    v4::{DhcpOption, Flags, HType, Message, MessageType, Opcode, OptionCode},
};
use edge_dhcp_wire::{
    Header, LONGEST, MessageWriter, Reply, ReplyKind, Request, RequestKind, at,
    header::{BOOTREPLY, ETHERNET},
};
use edge_net::Mac;
use proptest::prelude::*;
use std::{collections::BTreeMap, net::Ipv4Addr};

const MAC: [u8; 6] = [2, 0, 0, 0, 1, 7];

/// Codes that nobody has a meaning for: dhcproto reads any value of them.
const SITE_SPECIFIC: std::ops::RangeInclusive<u8> = 224..=254;

fn decode(bytes: &[u8]) -> Message {
    Message::decode(&mut Decoder::new(bytes)).unwrap()
}

fn addresses() -> impl Strategy<Value = Ipv4Addr> {
    (1u32..u32::MAX).prop_map(Ipv4Addr::from)
}

proptest! {
    #[test]
    fn what_we_write_is_read_by_it_and_what_it_writes_of_that_by_us(
        options in prop::collection::btree_map(SITE_SPECIFIC, prop::collection::vec(any::<u8>(), 1..60), 1..16),
        (xid, yiaddr) in (any::<u32>(), addresses()),
    ) {
        let mut ours = Vec::new();
        let mut writer = MessageWriter::new(&mut ours, LONGEST, 0);
        writer.set(0, &[BOOTREPLY, ETHERNET[0], ETHERNET[1]]);
        writer.set(at::XID, &xid.to_be_bytes());
        writer.set(at::YIADDR, &yiaddr.octets());
        writer.set(at::CHADDR, &MAC);
        options.iter().for_each(|(code, value)| writer.put(*code, value));
        writer.finish(None);

        let message = decode(&ours);
        prop_assert_eq!((message.opcode(), message.htype()), (Opcode::BootReply, HType::Eth));
        prop_assert_eq!((message.xid(), message.yiaddr(), message.chaddr()), (xid, yiaddr, &MAC[..]));
        let theirs = message.to_vec().unwrap();
        for bytes in [&ours, &theirs] {
            let header = Header::read(bytes).unwrap();
            prop_assert_eq!((header.xid(), header.yiaddr(), header.chaddr()), (xid, Some(yiaddr), MAC));
            let read = header.options();
            let found = (0..=255).filter_map(|code| Some((code, read.get(code)?.to_vec())));
            prop_assert_eq!(&found.collect::<BTreeMap<_, _>>(), &options);
        }
    }

    #[test]
    fn a_clients_message_of_its_is_read(
        (xid, broadcast, ciaddr, requested) in (any::<u32>(), any::<bool>(), prop::option::of(addresses()), addresses()),
        (kind, lease, max_size) in (0usize..5, any::<u32>(), 576u16..),
        client_id in prop::collection::vec(any::<u8>(), 2..80),
        hostname in "[a-z][a-z0-9]{0,62}",
        parameters in prop::collection::vec(1u8..=254, 1..40),
    ) {
        let unset = Ipv4Addr::UNSPECIFIED;
        let mut message = Message::new_with_id(xid, ciaddr.unwrap_or(unset), unset, unset, unset, &MAC);
        if broadcast {
            message.set_flags(Flags::default().set_broadcast());
        }
        let kinds = [
            (MessageType::Discover, RequestKind::Discover),
            (MessageType::Request, RequestKind::Request),
            (MessageType::Decline, RequestKind::Decline),
            (MessageType::Release, RequestKind::Release),
            (MessageType::Inform, RequestKind::Inform),
        ];
        let options = [
            DhcpOption::MessageType(kinds[kind].0),
            DhcpOption::ClientIdentifier(client_id.clone()),
            DhcpOption::RequestedIpAddress(requested),
            DhcpOption::AddressLeaseTime(lease),
            DhcpOption::MaxMessageSize(max_size),
            DhcpOption::Hostname(hostname.clone()),
            DhcpOption::ParameterRequestList(parameters.iter().copied().map(OptionCode::from).collect()),
        ];
        for option in options {
            message.opts_mut().insert(option);
        }
        let read = Request::read(&message.to_vec().unwrap()).unwrap();
        prop_assert_eq!((read.kind, read.xid, read.broadcast), (kinds[kind].1, xid, broadcast));
        prop_assert_eq!((read.ciaddr, read.mac), (ciaddr, Mac::new(MAC).unwrap()));
        prop_assert_eq!((read.requested, read.lease, read.max_size), (Some(requested), Some(lease), max_size));
        prop_assert_eq!((read.client_id.as_deref(), read.hostname.as_deref()), (Some(&client_id[..]), Some(&hostname[..])));
        prop_assert_eq!(read.parameters.as_deref(), Some(&parameters[..]));
    }

    #[test]
    fn a_servers_message_of_its_is_read((xid, yiaddr, server) in (any::<u32>(), addresses(), addresses()), kind in 0usize..3) {
        let kinds = [
            (MessageType::Offer, ReplyKind::Offer),
            (MessageType::Ack, ReplyKind::Ack),
            (MessageType::Nak, ReplyKind::Nak),
        ];
        let unset = Ipv4Addr::UNSPECIFIED;
        let mut message = Message::new_with_id(xid, unset, yiaddr, unset, unset, &MAC);
        message.set_opcode(Opcode::BootReply);
        message.opts_mut().insert(DhcpOption::MessageType(kinds[kind].0));
        message.opts_mut().insert(DhcpOption::ServerIdentifier(server));
        let bytes = message.to_vec().unwrap();
        let reply = Reply::read(&bytes).unwrap();
        let (read, options) = reply.kind().unwrap();
        prop_assert_eq!((read, options.array(54)), (kinds[kind].1, Some(server.octets())));
        prop_assert_eq!((reply.header().xid(), reply.header().yiaddr()), (xid, Some(yiaddr)));
        prop_assert_eq!(Request::read(&bytes).is_err(), true);
    }

    #[test]
    fn no_bytes_do_harm(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        let _ = (Request::read(&bytes), edge_dhcp_wire::relay_agent(&bytes));
        let _ = Reply::read(&bytes).map(|reply| reply.kind().is_some());
        prop_assert!(edge_dhcp_wire::without_relay_agent(&bytes).len() <= bytes.len() + 1);
    }
}
