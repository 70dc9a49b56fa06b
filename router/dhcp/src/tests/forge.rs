//! The cases of ISC forge's `tests/dhcp/protocol`, by its names (without `test_`): what they check, not their code. Requests,
//! releases and declines here, the rest beside.

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
    assert_eq!(ack.to, To::Hardware(edge_net::Mac::new(A).expect("a MAC"), ip(1)), "it cannot answer ARP yet");
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
fn v4_request_selecting_success_client_id_empty_pool() {
    let mut desk = one();
    desk.boot(A, id(ID));
    assert!(desk.ask(id(OTHER_ID)(Message::new(DISCOVER, B))).is_none());
    assert_eq!(desk.boot(A, id(ID)), Some(ip(1)), "its owner is served");
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

/// RFC 2131, table 5 demands option 50; a REQUEST that asks for nothing is no reason to take anything from anybody.
#[test]
fn v4_request_initreboot_no_requested_address() {
    let mut desk = one();
    assert!(desk.ask(Message::new(REQUEST, A)).is_none());
    assert_eq!(desk.drops("names-no-address"), 1);
}

#[test]
fn v4_request_renewing_success_and_rebinding_success() {
    let mut desk = one();
    desk.boot(A, plain);
    desk.now += 1800;
    for via in [Via::Unicast, Via::Broadcast] {
        let renewal = plain(Message::new(REQUEST, A).ciaddr(ip(1))).end();
        let ack = desk.ask_via(&renewal, via).expect("an ACK");
        assert_eq!((ack.kind, ack.yiaddr, ack.option(51)), (ACK, ip(1), Some(3600u32.to_be_bytes().to_vec())));
        desk.now += 1300;
    }
}

#[test]
fn v4_release_success() {
    let mut desk = one();
    desk.boot(A, plain);
    assert!(desk.ask(Message::new(RELEASE, A).ciaddr(ip(1)).at_server()).is_none(), "it has no answer");
    assert_eq!(desk.boot(B, id(ID)), Some(ip(1)));
}

#[test]
fn v4_release_success_with_additional_offer() {
    let mut desk = one();
    desk.boot(A, plain);
    desk.ask(id(ID)(Message::new(DISCOVER, [0; 6])));
    desk.ask(Message::new(RELEASE, A).ciaddr(ip(1)).at_server());
    assert_eq!(desk.ask(id(OTHER_ID)(Message::new(DISCOVER, B))).map(|said| said.yiaddr), Some(ip(1)));
}

#[test]
fn v4_release_only_chaddr_same_chaddr() {
    let mut desk = one();
    desk.boot(A, plain);
    desk.ask(Message::new(RELEASE, A).ciaddr(ip(1)).at_server());
    assert_eq!(desk.boot(B, plain), Some(ip(1)));
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
    assert_eq!(desk.owner(ip(1)), Some(Identity::Mac(edge_net::Mac::new(B).expect("a MAC"))));
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
