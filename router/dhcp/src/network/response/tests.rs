//! Replies, read back by our own reader, and the plain ones by another's.

use super::{Response, ResponseKind};
use crate::{
    NetworkService,
    decide::tests::{ip, mac, request, service},
    tests::pool_of,
};
use dhcproto::{Decodable, Decoder, v4};
use edge_config::DhcpOption;
use edge_dhcp_wire::{Header, Options, Relayed, Request, RequestKind, at};
use std::{net::Ipv4Addr, time::Duration};

const OFFER: ResponseKind = ResponseKind::Offer { address: Ipv4Addr::new(10, 0, 1, 1), lease: 3600 };

fn option(code: u8, value: &[u8]) -> DhcpOption {
    DhcpOption { code, value: value.to_vec(), always: false }
}

fn with(options: Vec<DhcpOption>) -> NetworkService {
    let mut service = service();
    pool_of(&mut service).options = options;
    service
}

fn asking(codes: &[u8]) -> Request {
    Request { parameters: Some(codes.into()), ..request(RequestKind::Discover, mac(30)) }
}

fn encode(kind: ResponseKind, request: &Request, service: &NetworkService) -> Vec<u8> {
    let mut bytes = vec![7; 2000];
    Response { kind, server: ip(3), hostname: Some("device1") }.encode(request, service, &mut bytes);
    bytes
}

/// The codes in the order they are in the options field, without what is not.
fn order(bytes: &[u8]) -> Vec<u8> {
    let (mut codes, mut rest) = (Vec::new(), &bytes[at::OPTIONS..]);
    while rest[0] != 255 {
        codes.push(rest[0]);
        rest = &rest[2 + usize::from(rest[1])..];
    }
    codes
}

fn read(bytes: &[u8]) -> Options<'_> {
    Header::read(bytes).expect("it is long enough").options()
}

#[test]
fn options_come_in_the_order_of_option_55_and_each_once() {
    let service = with(vec![option(42, &[10, 0, 1, 9])]);
    let bytes = encode(OFFER, &asking(&[121, 42, 6, 6, 3, 12, 1, 15, 53, 51]), &service);
    assert_eq!(order(&bytes), [53, 54, 51, 42, 6, 3, 12, 1], "nothing for 121 and 15, and the server's own but once");
}

#[test]
fn an_address_comes_with_its_mask_whatever_is_asked_for() {
    let service = service();
    let ack = ResponseKind::Ack { address: ip(1), lease: 3600, rapid: false };
    for kind in [OFFER, ack] {
        let bytes = encode(kind, &asking(&[3]), &service);
        assert_eq!(order(&bytes), [53, 54, 51, 3, 1]);
        assert_eq!(read(&bytes).get(1), Some(&[255, 255, 255, 0][..]));
    }
    assert_eq!(order(&encode(ResponseKind::Options, &asking(&[3]), &service)), [53, 54, 3]);
}

#[test]
fn another_implementation_reads_the_same() {
    let request = Request { client_id: Some(b"\xff id"[..].into()), ..asking(&[1, 3, 6, 12, 28, 58, 59, 121]) };
    let service = with(vec![option(121, &[0, 10, 0, 1, 3])]);
    let bytes = encode(OFFER, &request, &service);
    let message = v4::Message::decode(&mut Decoder::new(&bytes)).expect("it is a message");
    assert_eq!((message.opcode(), message.xid(), message.yiaddr()), (v4::Opcode::BootReply, 7, ip(1)));
    assert_eq!(
        (message.siaddr(), message.ciaddr(), message.chaddr()),
        (Ipv4Addr::UNSPECIFIED, Ipv4Addr::UNSPECIFIED, &mac(30).bytes()[..])
    );
    let wanted = [
        v4::DhcpOption::MessageType(v4::MessageType::Offer),
        v4::DhcpOption::ServerIdentifier(ip(3)),
        v4::DhcpOption::AddressLeaseTime(3600),
        v4::DhcpOption::ClientIdentifier(b"\xff id".to_vec()),
        v4::DhcpOption::SubnetMask(Ipv4Addr::new(255, 255, 255, 0)),
        v4::DhcpOption::Router(vec![ip(3)]),
        v4::DhcpOption::DomainNameServer(vec![ip(53)]),
        v4::DhcpOption::Hostname("device1".to_owned()),
        v4::DhcpOption::BroadcastAddr(ip(255)),
        v4::DhcpOption::Renewal(1800),
        v4::DhcpOption::Rebinding(3150),
        v4::DhcpOption::ClasslessStaticRoute(vec![("0.0.0.0/0".parse().expect("a net"), ip(3))]),
    ];
    for option in &wanted {
        assert_eq!(message.opts().get(v4::OptionCode::from(option)), Some(option));
    }
    assert_eq!(message.opts().iter().count(), wanted.len());
}

#[test]
fn a_reply_has_at_least_300_bytes_and_at_most_what_option_57_says() {
    let options: Vec<_> = (150..200).map(|code| option(code, &[code; 100])).collect();
    let service = with(options);
    let all: Vec<u8> = (150..200).chain([3, 6, 1]).collect();
    assert_eq!(encode(OFFER, &asking(&[1]), &service).len(), 300);
    for (max_size, most) in [(576, 548), (1000, 972), (1500, 1472), (65_535, 1472)] {
        let bytes = encode(OFFER, &Request { max_size, ..asking(&all) }, &service);
        assert!(bytes.len() <= most && bytes.len() + 102 > most, "{max_size}: {}", bytes.len());
        let options = read(&bytes);
        for vital in [1, 3, 6, 51, 53, 54] {
            assert!(options.get(vital).is_some(), "{max_size}: option {vital} is asked for last and needed most");
        }
        assert_eq!(options.get(150), Some(&[150; 100][..]));
    }
}

#[test]
fn what_does_not_fit_goes_to_file_and_sname_and_option_52_says_so() {
    let service = with(vec![
        option(66, b"10.0.1.9"),
        option(67, b"boot"),
        option(150, &[1; 120]),
        option(151, &[2; 60]),
        option(152, &[3; 40]),
    ]);
    let bytes = encode(OFFER, &asking(&[150, 151, 152]), &service);
    let options = read(&bytes);
    assert_eq!(options.byte(52), None, "it fits");
    assert_eq!((&bytes[at::FILE..at::FILE + 5], &bytes[at::SNAME..at::SNAME + 9]), (&b"boot\0"[..], &b"10.0.1.9\0"[..]));
    assert_eq!(bytes[at::SIADDR..at::SIADDR + 4], [10, 0, 1, 9]);

    let long = Request { client_id: Some(vec![9; 200].into()), ..asking(&[150, 151, 152]) };
    let bytes = encode(OFFER, &long, &service);
    let options = read(&bytes);
    assert!(bytes.len() <= 548);
    assert_eq!(options.byte(52), Some(3));
    for (code, byte, size) in [(61, 9, 200), (150, 1, 120), (151, 2, 60), (152, 3, 40)] {
        assert_eq!(options.get(code), Some(&vec![byte; size][..]), "option {code}");
    }
}

#[test]
fn what_goes_to_file_leaves_room_to_say_so() {
    for (id, size) in (90..=110).flat_map(|id| (1..=255).map(move |size| (id, size))) {
        let service = with(vec![option(150, &vec![1; size])]);
        let relayed = Some(Relayed { agent: Ipv4Addr::new(10, 0, 1, 9), information: vec![1; 200].into() });
        let request = Request { client_id: Some(vec![9; id].into()), relayed, ..asking(&[150]) };
        let bytes = encode(OFFER, &request, &service);
        assert!(bytes.len() <= 548, "{} bytes with a client identifier of {id} and an option of {size}", bytes.len());
        assert_eq!(read(&bytes).get(61).map(<[u8]>::len), Some(id));
    }
}

#[test]
fn a_long_option_is_split_and_joined_again() {
    for size in [255, 256, 510, 511, 700] {
        let value: Vec<u8> = (0..size).map(|at| at as u8).collect();
        let service = with(vec![option(119, &value)]);
        let bytes = encode(OFFER, &Request { max_size: 1500, ..asking(&[119]) }, &service);
        assert_eq!(read(&bytes).get(119), Some(&value[..]), "{size} bytes");
        assert_eq!(order(&bytes).iter().filter(|code| **code == 119).count(), usize::div_ceil(size, 255));
    }
}

#[test]
fn option_82_comes_back_unchanged_and_last_also_with_a_nak() {
    let relayed = Relayed { agent: ip(2), information: vec![1, 4, 0, 1, 2, 3, 2, 2, 9, 9].into() };
    let request = Request { relayed: Some(relayed.clone()), ..asking(&(0..=254).collect::<Vec<_>>()) };
    let service = with((150..200).map(|code| option(code, &[code; 50])).collect());
    for kind in [OFFER, ResponseKind::Ack { address: ip(1), lease: 60, rapid: false }, ResponseKind::Nak("no")] {
        let bytes = encode(kind, &request, &service);
        assert_eq!(read(&bytes).get(82), Some(&relayed.information[..]));
        assert_eq!(order(&bytes).last(), Some(&82));
        assert_eq!(bytes[at::GIADDR..at::GIADDR + 4], ip(2).octets());
        let is_nak = matches!(kind, ResponseKind::Nak(_));
        assert_eq!(bytes[at::FLAGS] == 0x80, is_nak, "a relay must broadcast a NAK (RFC 2131, 4.3.2)");
    }
}

#[test]
fn a_nak_has_its_reason_and_the_client_identifier_and_nothing_else() {
    let request = Request { client_id: Some(vec![0, 1].into()), ciaddr: Some(ip(9)), ..asking(&[1, 3, 6]) };
    let bytes = encode(ResponseKind::Nak("no"), &request, &service());
    assert_eq!(order(&bytes), [53, 54, 61, 56]);
    assert_eq!(bytes[at::CIADDR..at::CHADDR], [0; 16]);
}

#[test]
fn only_an_ack_repeats_ciaddr_and_an_inform_gets_no_lease() {
    let request = Request { ciaddr: Some(ip(9)), ..asking(&[1, 51, 58, 59]) };
    let options = encode(ResponseKind::Options, &request, &service());
    assert_eq!(order(&options), [53, 54, 1]);
    assert_eq!(options[at::CIADDR..at::SIADDR], [10, 0, 1, 9, 0, 0, 0, 0]);
    assert_eq!(encode(OFFER, &request, &service())[at::CIADDR..at::YIADDR], [0; 4]);
}

#[test]
fn t1_and_t2_are_the_configured_part_of_any_lease() {
    let timers = |lease, renew: Option<u64>, rebind: Option<u64>| {
        let mut service = service();
        let pool = pool_of(&mut service);
        (pool.renew, pool.rebind) = (renew.map(Duration::from_secs), rebind.map(Duration::from_secs));
        let bytes = encode(ResponseKind::Offer { address: ip(1), lease }, &asking(&[58, 59]), &service);
        let seconds = |code| read(&bytes).array(code).map(u32::from_be_bytes);
        (seconds(58), seconds(59))
    };
    assert_eq!(timers(3600, Some(600), Some(1200)), (Some(600), Some(1200)));
    assert_eq!(timers(1800, Some(600), Some(1200)), (Some(300), Some(600)));
    assert_eq!(timers(2700, Some(2400), Some(3150)), (Some(1800), Some(2362)), "T1 before T2 where the client asks for less");
    assert_eq!(timers(2700, Some(2400), None), (Some(1800), Some(2362)));
    assert_eq!(timers(60, Some(1), None), (Some(1), Some(52)));
    assert_eq!(timers(60, Some(2400), Some(2401)), (Some(39), Some(40)), "also where seconds are too long");
    assert_eq!(timers(u32::MAX, Some(1800), None), (Some(2_147_483_647), Some(3_758_096_383)));
}

/// Few clients ask for them.
#[test]
fn t1_and_t2_of_the_file_are_told_to_everybody() {
    let mut service = service();
    assert_eq!(order(&encode(OFFER, &asking(&[1]), &service)), [53, 54, 51, 1]);
    pool_of(&mut service).renew = Some(Duration::from_secs(600));
    assert_eq!(order(&encode(OFFER, &asking(&[1]), &service)), [53, 54, 51, 1, 58, 59]);
    let options = Request { ciaddr: Some(ip(9)), ..asking(&[1]) };
    assert_eq!(order(&encode(ResponseKind::Options, &options, &service)), [53, 54, 1], "but with a lease only");
}

#[test]
fn an_option_that_is_always_sent_is_sent_unasked() {
    let service = with(vec![DhcpOption { always: true, ..option(150, &[1]) }, option(151, &[2])]);
    assert_eq!(order(&encode(OFFER, &asking(&[1]), &service)), [53, 54, 51, 1, 150]);
    let silent = request(RequestKind::Discover, mac(30));
    assert_eq!(order(&encode(OFFER, &silent, &service)), [53, 54, 51, 1, 3, 6, 28, 150]);
}

#[test]
fn a_rapid_ack_says_so() {
    let bytes = encode(ResponseKind::Ack { address: ip(1), lease: 60, rapid: true }, &asking(&[1]), &service());
    assert_eq!(order(&bytes), [53, 54, 51, 80, 1]);
}
