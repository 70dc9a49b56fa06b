//! The cases of ISC forge's `tests/dhcp/protocol`, by its names (without `test_`): what they check, not their code.

use super::*;

const A: [u8; 6] = [0, 0, 0, 0, 0, 1];
const B: [u8; 6] = [0, 0, 0, 0, 0, 2];
const ID: &[u8] = &[0, 1, 2, 3, 4, 5, 6];
const OTHER_ID: &[u8] = &[0, 2, 3, 4, 5, 6, 7];

fn plain(message: Message) -> Message {
    message.option(55, &[1])
}

fn id(id: &'static [u8]) -> impl Fn(Message) -> Message {
    move |message| message.option(61, id).option(55, &[1])
}

/// One address, as most of the cases have it.
fn one() -> Desk {
    Desk::new(service(1, 1))
}

#[test]
fn v4_request_selecting_success_chaddr() {
    let mut desk = one();
    let offer = desk.ask(plain(Message::new(DISCOVER, A))).expect("an offer");
    assert_eq!((offer.kind, offer.yiaddr, offer.option(1)), (OFFER, ip(1), Some(vec![255, 255, 255, 0])));
    let ack = desk.ask(plain(Message::new(REQUEST, A).requests(ip(1)).at_server())).expect("an ACK");
    assert_eq!((ack.kind, ack.yiaddr, ack.option(54)), (ACK, ip(1), Some(ip(3).octets().to_vec())));
    assert_eq!(ack.to, To::Hardware(edge_config::Mac::new(A).expect("a MAC"), ip(1)), "it cannot answer ARP yet");
}

#[test]
fn v4_request_selecting_success_chaddr_multiple_pools() {
    let mut desk = Desk::new(service(4, 6));
    let got: Vec<_> = (1..5).map(|last| desk.boot([0, 0, 0, 0, 0, last], plain)).collect();
    assert_eq!(got, [Some(ip(4)), Some(ip(5)), Some(ip(6)), None]);
}

#[test]
fn v4_request_selecting_success_chaddr_empty_pool() {
    let mut desk = one();
    desk.boot(A, plain);
    assert!(desk.ask(plain(Message::new(DISCOVER, B))).is_none());
    assert_eq!(desk.drops("pool-exhausted"), 1);
}

#[test]
fn v4_request_selecting_success_client_id() {
    let mut desk = one();
    let offer = desk.ask(id(ID)(Message::new(DISCOVER, A))).expect("an offer");
    assert_eq!(offer.option(61).as_deref(), Some(ID), "RFC 6842");
    assert_eq!(desk.boot(A, id(ID)), Some(ip(1)));
}

#[test]
fn v4_request_selecting_success_client_id_chaddr_empty_pool() {
    let mut desk = one();
    desk.boot(A, id(ID));
    assert!(desk.ask(id(OTHER_ID)(Message::new(DISCOVER, B))).is_none());
    assert!(desk.ask(id(OTHER_ID)(Message::new(DISCOVER, A))).is_none(), "the same chaddr is another client");
}

#[test]
fn v4_request_selecting_success_second_request_fail() {
    let mut desk = one();
    desk.boot(A, plain);
    let nak = desk.ask(Message::new(REQUEST, B).requests(ip(1)).at_server()).expect("a NAK");
    assert_eq!((nak.kind, nak.option(54), nak.to), (NAK, Some(ip(3).octets().to_vec()), To::Broadcast));
}

#[test]
fn v4_request_initreboot_success() {
    let mut desk = one();
    desk.boot(A, plain);
    let ack = desk.ask(Message::new(REQUEST, A).requests(ip(1))).expect("an ACK");
    assert_eq!((ack.kind, ack.yiaddr), (ACK, ip(1)));
}

#[test]
fn v4_request_initreboot_fail() {
    let mut desk = one();
    desk.boot(A, plain);
    let other_subnet = Message::new(REQUEST, A).requests(Ipv4Addr::new(185, 0, 50, 0));
    assert_eq!(desk.ask(other_subnet).expect("a NAK").kind, NAK);
    assert!(desk.ask(Message::new(REQUEST, B).requests(ip(2))).is_none(), "nothing is known of it: silence");
    assert_eq!(desk.ask(Message::new(REQUEST, B).requests(ip(1))).expect("a NAK").kind, NAK, "somebody else's");
}

#[test]
fn v4_request_initreboot_no_leases() {
    assert!(one().ask(Message::new(REQUEST, A).requests(ip(1))).is_none());
}

#[test]
fn v4_release_success() {
    let mut desk = one();
    desk.boot(A, plain);
    assert!(desk.ask(Message::new(RELEASE, A).ciaddr(ip(1)).at_server()).is_none(), "it has no answer");
    assert_eq!(desk.boot(B, id(ID)), Some(ip(1)));
}

#[test]
fn v4_release_fail_with_different_chaddr_client_id() {
    for (mac, client_id) in [(B, OTHER_ID), (A, OTHER_ID), (B, ID)] {
        let mut desk = one();
        desk.boot(A, id(ID));
        desk.ask(Message::new(RELEASE, mac).option(61, client_id).ciaddr(ip(1)).at_server());
        assert_eq!(desk.boot([0, 0, 0, 0, 0, 9], plain), None, "it is not released by {mac:?}");
        assert_eq!(desk.drops("not-its-lease"), 1);
    }
}

#[test]
fn v4_release_fail_only_chaddr_different_chaddr() {
    let mut desk = one();
    desk.boot(A, plain);
    desk.ask(Message::new(RELEASE, B).ciaddr(ip(1)).at_server());
    assert_eq!(desk.boot(B, plain), None);
}

#[test]
fn v4_release_leases_expired() {
    let mut desk = one();
    desk.boot(A, plain);
    desk.now += 3602;
    assert_eq!(desk.boot(B, plain), Some(ip(1)));
    assert!(desk.ask(Message::new(RELEASE, A).ciaddr(ip(1)).at_server()).is_none());
    assert_eq!(desk.owner(ip(1)), Some(Identity::Mac(edge_config::Mac::new(B).expect("a MAC"))));
}

#[test]
fn v4_decline_success_long_and_short_decline_period() {
    let mut desk = one();
    desk.boot(A, id(ID));
    assert!(desk.ask(id(ID)(Message::new(DECLINE, A).requests(ip(1)).at_server())).is_none());
    assert_eq!(desk.boot(B, plain), None, "it rests");
    desk.now += 3600;
    assert_eq!(desk.boot(B, plain), Some(ip(1)));
}

#[test]
fn v4_decline_fail_without_serverid_requested_address_or_with_another_identity() {
    let decline = |mac, client_id| Message::new(DECLINE, mac).option(61, client_id);
    for wrong in [
        decline(A, ID).requests(ip(1)),
        decline(A, ID).at_server(),
        decline(A, OTHER_ID).requests(ip(1)).at_server(),
        decline(B, ID).requests(ip(1)).at_server(),
    ] {
        let mut desk = one();
        desk.boot(A, id(ID));
        desk.ask(wrong);
        assert_eq!(desk.boot(A, id(ID)), Some(ip(1)), "it still has it");
    }
}

#[test]
fn v4_options_inform() {
    let mut service = service(1, 10);
    let option = |code, value: &[u8]| edge_config::DhcpOption { code, value: value.to_vec(), always: false };
    service.pool.as_mut().expect("a pool").options = vec![
        option(2, &[0, 0, 0, 50]),
        option(4, &[199; 8]),
        option(13, &[0, 55]),
        option(14, b"some-string"),
        option(22, &[2, 88]),
    ];
    let mut desk = Desk::new(service);
    for (code, value) in
        [(1, &[255, 255, 255, 0][..]), (2, &[0, 0, 0, 50]), (4, &[199; 8]), (13, &[0, 55]), (14, b"some-string"), (22, &[2, 88])]
    {
        let ack = desk.ask(Message::new(INFORM, A).ciaddr(ip(77)).option(55, &[code])).expect("an ACK");
        assert_eq!(
            (ack.kind, ack.yiaddr, ack.to),
            (ACK, Ipv4Addr::UNSPECIFIED, To::Hardware(edge_config::Mac::new(A).expect("a MAC"), ip(77)))
        );
        assert_eq!(ack.option(code).as_deref(), Some(value));
        assert_eq!((ack.option(51), ack.option(58)), (None, None));
    }
    assert_eq!(desk.network.table.bindings().count(), 0);
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
    assert_eq!(desk.boot(B, id(ID)), Some(ip(1)));
}
