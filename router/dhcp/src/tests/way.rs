//! Which way a reply goes to a client that has its address (RFC 2131, 4.1).

use super::*;
use edge_net::Mac;

const A: [u8; 6] = [2, 0, 0, 0, 1, 1];

fn to_a(host: u8) -> To {
    To::Hardware(Mac::new(A).expect("a MAC"), ip(host))
}

fn renewal(desk: &mut Desk, via: Via, host: u8, id: &[u8]) -> To {
    let ack = desk.ask_via(&Message::new(REQUEST, A).ciaddr(ip(host)).option(61, id).end(), via).expect("an answer");
    assert_eq!((ack.kind, ack.yiaddr), (ACK, ip(host)));
    ack.to
}

fn boot(desk: &mut Desk, id: &[u8]) -> Option<Ipv4Addr> {
    desk.boot(A, |message| message.option(61, id))
}

#[test]
fn a_renewal_needs_no_arp_where_the_client_was_heard_from_its_own_mac() {
    let mut desk = Desk::new(service(1, 8));
    assert_eq!(boot(&mut desk, b"one"), Some(ip(1)));
    assert_eq!(renewal(&mut desk, Via::Unicast, 1, b"one"), to_a(1));
    assert_eq!(renewal(&mut desk, Via::Unicast, 1, b"one"), to_a(1), "still");
    assert_eq!(renewal(&mut desk, Via::Stranger(None), 1, b"one"), To::Address(ip(1)), "a bridge speaks for it now");
    assert_eq!(renewal(&mut desk, Via::Unicast, 1, b"one"), To::Address(ip(1)));
    assert_eq!(renewal(&mut desk, Via::Broadcast, 1, b"one"), to_a(1), "and no longer");
}

#[test]
fn arp_is_asked_after_a_restart_until_the_client_is_heard() {
    let mut desk = Desk::new(service(1, 8));
    assert_eq!(boot(&mut desk, b"one"), Some(ip(1)));
    let logged = Vec::from_iter(desk.network.table.changes(None));
    logged.into_iter().for_each(|change| desk.network.table.apply(change.recovered()));
    assert_eq!(renewal(&mut desk, Via::Unicast, 1, b"one"), To::Address(ip(1)));
}

/// ipvlan tells its children apart by the address, which each has by now.
#[test]
fn clients_that_share_a_mac_renew_each_by_its_own_address() {
    let mut desk = Desk::new(service(1, 8));
    assert_eq!((boot(&mut desk, b"one"), boot(&mut desk, b"two")), (Some(ip(1)), Some(ip(2))));
    assert_eq!(renewal(&mut desk, Via::Unicast, 1, b"one"), to_a(1));
    assert_eq!(renewal(&mut desk, Via::Unicast, 2, b"two"), to_a(2));
}

/// The first child of an ipvlan that asks here has a MAC that is nobody else's yet, and its parent swallows what is not to a child's
/// address.
#[test]
fn who_asks_twice_did_not_hear() {
    let mut desk = Desk::new(service(1, 8));
    let mut way = |message: Message| desk.ask(message).map(|said| (said.kind, said.to));
    let discover = || Message::new(DISCOVER, A).option(61, b"one");
    assert_eq!(way(discover()), Some((OFFER, to_a(1))));
    assert_eq!(way(discover()), Some((OFFER, To::Broadcast)));
    let request = || Message::new(REQUEST, A).option(61, b"one").requests(ip(1)).at_server();
    assert_eq!(way(request()), Some((ACK, To::Broadcast)));
    assert_eq!(way(discover()), Some((OFFER, to_a(1))), "and the next time it is tried anew");
}
