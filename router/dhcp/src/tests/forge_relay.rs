//! ISC forge's `test_v4_relay.py`: the same clients behind a relay agent. On a real link: `tests/relay.rs`.

use super::*;

const A: [u8; 6] = [0, 0, 0, 0, 0, 1];
const B: [u8; 6] = [0, 0, 0, 0, 0, 2];
const ID: &[u8] = &[0, 1, 2, 3, 4, 5, 6];
const OTHER_ID: &[u8] = &[0, 2, 3, 4, 5, 6, 7];

fn agent() -> Ipv4Addr {
    ip(2)
}

/// One address, and an agent that may ask for it.
fn one() -> Desk {
    let mut service = service(1, 1);
    pool_of(&mut service).relays = vec![agent()];
    Desk::new(service)
}

fn relayed(kind: u8, mac: [u8; 6]) -> Message {
    plain(Message::new(kind, mac))
}

fn plain(message: Message) -> Message {
    message.set(at::GIADDR, &agent().octets()).set(3, &[1])
}

fn id(id: &'static [u8]) -> impl Fn(Message) -> Message {
    move |message| plain(message).option(61, id)
}

#[test]
fn v4_request_relay_selecting_success_chaddr_and_empty_pool() {
    let mut desk = one();
    let offer = desk.ask(relayed(DISCOVER, A)).expect("an offer");
    assert_eq!((offer.kind, offer.yiaddr, offer.to), (OFFER, ip(1), To::Relay(agent())));
    assert_eq!(offer.bytes[at::GIADDR..at::CHADDR], agent().octets());
    assert_eq!(desk.boot(A, plain), Some(ip(1)));
    assert!(desk.ask(relayed(DISCOVER, B)).is_none());
}

#[test]
fn v4_request_relay_selecting_success_client_id_and_empty_pool() {
    let mut desk = one();
    assert_eq!(desk.boot(A, id(ID)), Some(ip(1)));
    assert!(desk.ask(id(OTHER_ID)(Message::new(DISCOVER, B))).is_none());
    assert!(desk.ask(id(OTHER_ID)(Message::new(DISCOVER, A))).is_none(), "the same chaddr is another client");
}

#[test]
fn v4_request_relay_selecting_success_second_request_fail() {
    let mut desk = one();
    desk.boot(A, plain);
    let nak = desk.ask(relayed(REQUEST, B).requests(ip(1)).at_server()).expect("a NAK");
    assert_eq!((nak.kind, nak.to, nak.bytes[at::FLAGS]), (NAK, To::Relay(agent()), 0x80));
}

#[test]
fn v4_request_relay_initreboot() {
    let mut desk = one();
    assert!(desk.ask(relayed(REQUEST, A).requests(ip(1))).is_none(), "no leases");
    assert!(desk.ask(relayed(REQUEST, A)).is_none(), "no requested address");
    desk.boot(A, plain);
    let kind = |desk: &mut Desk, mac, address| desk.ask(relayed(REQUEST, mac).requests(address)).map(|said| said.kind);
    assert_eq!(kind(&mut desk, A, ip(1)), Some(ACK));
    assert_eq!(kind(&mut desk, A, Ipv4Addr::new(185, 0, 50, 0)), Some(NAK));
    assert_eq!(kind(&mut desk, B, ip(1)), Some(NAK));
}

/// A client renews by itself and rebinds through the agent.
#[test]
fn v4_request_relay_renewing_success_and_rebinding_success() {
    let mut desk = one();
    desk.boot(A, plain);
    let renewal = Message::new(REQUEST, A).ciaddr(ip(1)).end();
    let ack = desk.ask_via(&renewal, Via::Unicast).expect("an ACK");
    assert_eq!((ack.kind, ack.to), (ACK, To::Address(ip(1))));
    let ack = desk.ask(relayed(REQUEST, A).ciaddr(ip(1))).expect("an ACK");
    assert_eq!((ack.kind, ack.yiaddr, ack.to), (ACK, ip(1), To::Relay(agent())));
}

#[test]
fn v4_relay_release_success_with_additional_offer_and_only_chaddr() {
    let mut desk = one();
    desk.boot(A, plain);
    desk.ask(id(ID)(Message::new(DISCOVER, [0; 6])));
    desk.ask(relayed(RELEASE, B).ciaddr(ip(1)).at_server());
    assert_eq!(desk.boot(B, plain), None, "not its own");
    desk.ask(relayed(RELEASE, A).ciaddr(ip(1)).at_server());
    assert_eq!(desk.boot(B, plain), Some(ip(1)));
}

#[test]
fn v4_relay_decline_success() {
    let mut desk = one();
    desk.boot(A, plain);
    desk.ask(relayed(DECLINE, A).requests(ip(1)).at_server());
    assert!(desk.ask(relayed(DISCOVER, B)).is_none(), "it rests");
    desk.now += 3600;
    assert_eq!(desk.boot(B, plain), Some(ip(1)));
}

/// The agent's address is of no subnet here, and a link that would be changes nothing: who may relay is configured.
#[test]
fn v4_rai_option5_link_selection_ignore() {
    let mut desk = one();
    let stranger = |message: Message| message.set(at::GIADDR, &[192, 0, 2, 1]).requests(ip(1));
    assert!(desk.ask(stranger(Message::new(REQUEST, B))).is_none());
    assert!(desk.ask(stranger(Message::new(REQUEST, B)).option(82, &[5, 4, 10, 0, 1, 0])).is_none());
    assert_eq!(desk.drops("relay-not-allowed"), 2);
}

#[test]
fn v4_rai_option11_server_identifier_override() {
    let mut desk = one();
    desk.boot(A, plain);
    let other = ip(35).octets();
    let request = || relayed(REQUEST, A).requests(ip(1)).option(54, &other);
    assert!(desk.ask(request()).is_none(), "it names another server");
    let ack = desk.ask(request().option(82, &[11, 4, other[0], other[1], other[2], other[3]])).expect("an ACK");
    assert_eq!((ack.kind, ack.yiaddr, ack.option(54)), (ACK, ip(1), Some(other.to_vec())));
    assert_eq!(ack.option(82), Some([&[11, 4][..], &other].concat()));
}
