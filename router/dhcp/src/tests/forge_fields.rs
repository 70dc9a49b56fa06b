//! The rest of ISC forge's cases by its names: fields, DHCPINFORM and what brought Kea down.

use super::*;

const A: [u8; 6] = [0, 0, 0, 0, 0, 1];
const B: [u8; 6] = [0, 0, 0, 0, 0, 2];

fn plain(message: Message) -> Message {
    message.option(55, &[1])
}

fn one() -> Desk {
    Desk::new(service(1, 1))
}

fn with(options: &[(u8, &[u8])]) -> NetworkService {
    let mut service = service(1, 10);
    let option = |(code, value): &(u8, &[u8])| edge_config::DhcpOption { code: *code, value: value.to_vec(), always: false };
    pool_of(&mut service).options = options.iter().map(option).collect();
    service
}

/// Every option that its cases ask for, one at a time.
#[test]
fn v4_options_inform() {
    let configured: [(u8, &[u8]); 19] = [
        (2, &[0, 0, 0, 50]),
        (4, &[199; 8]),
        (5, &[199; 8]),
        (7, &[199; 8]),
        (8, &[199; 8]),
        (9, &[150; 8]),
        (10, &[150; 8]),
        (11, &[150; 8]),
        (13, &[0, 55]),
        (14, b"some-string"),
        (16, &[199; 4]),
        (17, b"some-string"),
        (18, b"some-string"),
        (21, &[199; 8]),
        (22, &[2, 88]),
        (23, &[86]),
        (24, &[0, 0, 0, 85]),
        (25, &[0, 85]),
        (26, &[5, 220]),
    ];
    let mut desk = Desk::new(with(&configured));
    let made: [(u8, &[u8]); 3] = [(1, &[255, 255, 255, 0]), (3, &ip(3).octets()), (6, &ip(53).octets())];
    for (code, value) in configured.into_iter().chain(made) {
        let ack = desk.ask(Message::new(INFORM, A).ciaddr(ip(77)).option(55, &[code])).expect("an ACK");
        assert_eq!(
            (ack.kind, ack.yiaddr, ack.to),
            (ACK, Ipv4Addr::UNSPECIFIED, To::Hardware(edge_net::Mac::new(A).expect("a MAC"), ip(77)))
        );
        assert_eq!(ack.option(code).as_deref(), Some(value));
        assert_eq!((ack.option(51), ack.option(58)), (None, None));
    }
    assert_eq!(desk.network.table.bindings().count(), 0);
}

/// Without `ciaddr`, through a relay agent, and with the server's identifier, which it must not have.
#[test]
fn v4_options_inform_invalid_relay_and_with_serverid() {
    let mut service = with(&[(24, &[0, 0, 0, 85])]);
    pool_of(&mut service).relays = vec![ip(2)];
    let mut desk = Desk::new(service);
    assert!(desk.ask(Message::new(INFORM, A).option(55, &[1])).is_none());
    assert_eq!(desk.drops("names-no-address"), 1);
    let relayed = Message::new(INFORM, A).ciaddr(ip(77)).set(at::GIADDR, &ip(2).octets()).option(55, &[24]);
    let ack = desk.ask(relayed).expect("an ACK");
    assert_eq!((ack.kind, ack.to, ack.option(24)), (ACK, To::Relay(ip(2)), Some(vec![0, 0, 0, 85])));
    let named = desk.ask(Message::new(INFORM, A).ciaddr(ip(77)).at_server().option(55, &[24])).expect("an ACK");
    assert_eq!((named.kind, named.option(24)), (ACK, Some(vec![0, 0, 0, 85])));
}

/// What the client says in these fields does not come back, right or wrong.
#[test]
fn v4_message_fields_ciaddr_and_siaddr() {
    let zeros = [0; 4];
    for nonsense in [[255; 4], ip(1).octets()] {
        let mut desk = one();
        let dress = |message: Message| message.set(at::CIADDR, &nonsense).set(at::SIADDR, &nonsense);
        let offer = desk.ask(dress(Message::new(DISCOVER, A))).expect("an offer");
        assert_eq!((&offer.bytes[at::CIADDR..at::YIADDR], &offer.bytes[at::SIADDR..at::GIADDR]), (&zeros[..], &zeros[..]));
        desk.boot(A, plain);
        let nak = desk.ask(dress(Message::new(REQUEST, B).requests(ip(1)).at_server())).expect("a NAK");
        assert_eq!(nak.kind, NAK);
        assert_eq!((&nak.bytes[at::CIADDR..at::YIADDR], &nak.bytes[at::SIADDR..at::GIADDR]), (&zeros[..], &zeros[..]));
    }
}

/// A configured boot server is in an offer and not in a NAK.
#[test]
fn v4_message_fields_siaddr_configured() {
    let mut desk = Desk::new(with(&[(edge_config::DhcpOption::TFTP_SERVER, b"192.0.2.234")]));
    let offer = desk.ask(Message::new(DISCOVER, A)).expect("an offer");
    assert_eq!(offer.bytes[at::SIADDR..at::GIADDR], [192, 0, 2, 234]);
    let nak = desk.ask(Message::new(REQUEST, A).requests(Ipv4Addr::new(10, 0, 2, 5)).at_server()).expect("a NAK");
    assert_eq!((nak.kind, &nak.bytes[at::SIADDR..at::GIADDR]), (NAK, &[0; 4][..]));
}

#[test]
fn v4_fields_xid_flags_and_chaddr_come_back() {
    let mut desk = one();
    let message = plain(Message::new(DISCOVER, A).set(at::XID, &[1, 2, 3, 4]).set(at::FLAGS, &[0x80, 0x01]).set(8, &[0, 99]));
    let offer = desk.ask(message).expect("an offer");
    assert_eq!((&offer.bytes[at::XID..8], &offer.bytes[at::FLAGS..at::CIADDR]), (&[1, 2, 3, 4][..], &[0x80, 0x01][..]));
    assert_eq!((&offer.bytes[at::CHADDR..at::CHADDR + 6], offer.bytes[3], &offer.to), (&A[..], 0, &To::Broadcast));
}

/// Client identifiers and host names that brought Kea down; here each costs its sender an answer at most.
#[test]
fn cve_2019_6472_and_6473() {
    let mut desk = Desk::new(service(1, 2));
    let rubbish = [&[0xff, 0xff, 0xff, 0x7f, 0, 0, 0, 0x7f][..], &[0; 40]].concat();
    let long_id = [&[0][..], &[0x12; 253]].concat();
    for killer in [
        Message::new(DISCOVER, A).option(61, &long_id),
        Message::new(DISCOVER, A).raw(&[12]).raw(&rubbish),
        Message::new(DISCOVER, A).raw(&[12, 0, 0]),
        Message::new(DISCOVER, A).raw(&[15]).raw(&rubbish),
        Message::new(DISCOVER, A).raw(&[81]).raw(&rubbish),
        Message::new(DISCOVER, A).set(1, &[0x2c]).raw(&[61, 7, 1]).raw(&rubbish),
    ] {
        desk.ask(killer);
    }
    desk.now += 60;
    assert_eq!(desk.boot(B, |message| message.option(61, b"\0id")), Some(ip(1)));
}

/// No hardware address, a lease of 3,584 seconds asked for, and a padding that is an option: Kea wrote a lease it could not read, a
/// hundred times, and did not start again.
#[test]
fn cve_2019_6474() {
    let mut desk = Desk::new(service(1, 2));
    let killer = || {
        let fixed = Message::new(REQUEST, A).set(1, &[0, 0, 2]).ciaddr(Ipv4Addr::new(0, 0, 0, 0));
        let options = [0x5c, 0xff, 2, 0xf9, 55, 4, 1, 0x1c, 3, 0x2b, 51, 4, 0, 0, 0x0e, 7];
        fixed.raw(&options).raw(b"Padding\0").raw(&[61, 7, 1, 0, 0, 0x6c, 0x82, 0xdc, 0x4e])
    };
    for _ in 0..101 {
        assert!(desk.ask(killer()).is_none());
    }
    assert_eq!((desk.drops("not-ethernet"), desk.network.table.bindings().count()), (101, 0));
    assert_eq!(desk.boot(B, plain), Some(ip(1)));
}

/// As whoever says nothing of it; a mask comes with every address.
#[test]
fn an_empty_parameter_request_list_is_none() {
    let mut desk = one();
    let offer = desk.ask(Message::new(DISCOVER, A).option(55, &[])).expect("an offer");
    assert_eq!((offer.option(1), offer.option(3)), (Some(vec![255, 255, 255, 0]), Some(ip(3).octets().to_vec())));
    let other = desk.ask(Message::new(DISCOVER, A).option(55, &[3])).expect("an offer");
    assert_eq!((other.option(1), other.option(6)), (Some(vec![255, 255, 255, 0]), None));
}
