//! What hostile clients try. Rows that need a real link are in `tests/starve.rs` and `tests/protocol.rs`.

use super::*;
use proptest::prelude::*;

const A: [u8; 6] = [2, 0, 0, 0, 1, 1];
const B: [u8; 6] = [2, 0, 0, 0, 1, 2];

fn plain(message: Message) -> Message {
    message
}

#[test]
fn client_identifiers_of_no_one_and_255_bytes_steal_nothing() {
    let mut desk = Desk::new(service(1, 8));
    assert_eq!(desk.boot(A, plain), Some(ip(1)));
    let long = vec![7; 255];
    assert_eq!(desk.boot(B, |message| message.option(61, &[])), Some(ip(2)));
    assert_eq!(desk.boot([2, 0, 0, 0, 1, 4], |message| message.option(61, &[1])), Some(ip(4)));
    assert_eq!(desk.boot([2, 0, 0, 0, 1, 5], |message| message.option(61, &long)), Some(ip(5)));
    assert_eq!(desk.boot([2, 0, 0, 0, 1, 5], |message| message.option(61, &long)), Some(ip(5)), "and are told again");
    let split = |message: Message| message.option(61, &[7; 200]).option(61, &[7; 200]);
    assert!(desk.ask(split(Message::new(DISCOVER, B))).is_none());
    assert_eq!(desk.drops("bad-client-id"), 1, "no option 61 of 400 bytes can be echoed");
    assert_eq!(desk.boot(A, plain), Some(ip(1)));
}

#[test]
fn a_request_for_another_vlans_address_gets_a_nak() {
    let mut desk = Desk::new(service(1, 8));
    for message in [
        Message::new(REQUEST, A).ciaddr(Ipv4Addr::new(10, 0, 2, 5)),
        Message::new(REQUEST, A).requests(Ipv4Addr::new(10, 0, 2, 5)),
        Message::new(REQUEST, A).requests(Ipv4Addr::new(10, 0, 2, 5)).at_server(),
    ] {
        let nak = desk.ask(message).expect("a NAK");
        assert_eq!((nak.kind, nak.to), (NAK, To::Broadcast));
    }
}

#[test]
fn a_request_to_another_server_is_silence_and_drops_the_offer() {
    let mut desk = Desk::new(service(1, 1));
    assert_eq!(desk.ask(Message::new(DISCOVER, A)).expect("an offer").yiaddr, ip(1));
    assert!(desk.ask(Message::new(REQUEST, A).requests(ip(1)).option(54, &ip(200).octets())).is_none());
    assert_eq!(desk.boot(B, plain), Some(ip(1)));
}

#[test]
fn nobody_takes_the_routers_own_name() {
    let mut desk = Desk::new(NetworkService { own_name: Some("Fire-Truck-1.example".to_owned()), ..service(1, 8) });
    desk.boot(A, |message| message.option(12, b"fire-truck-1"));
    desk.boot(B, |message| message.option(12, b"fire-truck-2"));
    assert_eq!((desk.name(ip(1)), desk.name(ip(2))), (None, Some("fire-truck-2".to_owned())));
    desk.network.scope = Some(Scope::new(NetworkService { own_name: Some("fire-truck-2".to_owned()), ..service(1, 8) }));
    desk.ask(Message::new(REQUEST, B).ciaddr(ip(2)).option(12, b"fire-truck-2"));
    assert_eq!(desk.name(ip(2)), None, "nor keeps it when the router takes it");
}

/// As systemd-networkd sends it. Whose it is must be right nevertheless.
#[test]
fn a_release_names_its_server_by_going_to_it_alone() {
    let mut desk = Desk::new(service(1, 1));
    desk.boot(A, plain);
    let release = |mac| Message::new(RELEASE, mac).ciaddr(ip(1)).end();
    desk.ask_via(&release(A), Via::Broadcast);
    desk.ask_via(&release(B), Via::Unicast);
    assert_eq!((desk.drops("not-its-lease"), desk.boot(B, plain)), (2, None));
    desk.ask_via(&release(A), Via::Unicast);
    assert_eq!(desk.boot(B, plain), Some(ip(1)));
}

/// The client may not hear a broadcast NAK while it renews; it hears the next when it rebinds, and is not left alone till its lease
/// ends.
#[test]
fn a_nak_that_was_not_heard_is_said_again() {
    let mut desk = Desk::new(service(1, 8));
    desk.boot(A, plain);
    let mut smaller = service(4, 8);
    pool_of(&mut smaller).lease = std::time::Duration::from_secs(3600);
    let scope = Scope::new(smaller);
    desk.network.table.settle(scope.range(), scope.excluded());
    desk.network.scope = Some(scope);
    desk.now += 3550;
    for _ in 0..2 {
        assert_eq!(desk.ask(Message::new(REQUEST, A).ciaddr(ip(1))).map(|said| said.kind), Some(NAK));
    }
    assert_eq!(desk.boot(A, plain), Some(ip(4)));
    assert_eq!(desk.owner(ip(1)), None, "and then it is nobody's");
}

#[test]
fn declining_everything_closes_no_pool() {
    let mut desk = Desk::new(service(10, 89));
    for number in 0..200 {
        let mac = [2, 0, 0, 0, 2, number];
        let offer = desk.ask(Message::new(DISCOVER, mac)).expect("an offer");
        desk.ask(Message::new(DECLINE, mac).requests(offer.yiaddr).at_server());
    }
    assert_eq!(desk.network.table.quarantine().len(), 10, "an eighth");
    assert!(desk.boot(A, plain).is_some());
}

/// With room for some 50,000 clients.
fn spacious() -> Desk {
    let mut service = service(1, 1);
    service.address = edge_net::Interface::new("10.0.1.3/16".parse().expect("a net")).expect("an address");
    let pool = pool_of(&mut service);
    (pool.from, pool.to) = (Ipv4Addr::new(10, 0, 2, 0), Ipv4Addr::new(10, 0, 200, 0));
    Desk::new(service)
}

fn mac(number: u32) -> [u8; 6] {
    let [_, b, c, d] = number.to_be_bytes();
    [2, 9, 9, b, c, d]
}

/// A power cut is over: what the socket keeps of their DISCOVERs is answered before the first REQUEST is seen.
#[test]
fn sixteen_thousand_that_start_at_once_get_what_they_were_offered() {
    let mut desk = spacious();
    let mut at_once = |message| {
        desk.now = NOW;
        desk.ask(message).expect("an answer")
    };
    let offers: Vec<_> = (0..20_000).map(|number| at_once(Message::new(DISCOVER, mac(number))).yiaddr).collect();
    for (number, offered) in (0..).zip(offers).skip(4000) {
        let ack = at_once(Message::new(REQUEST, mac(number)).requests(offered).at_server());
        assert_eq!((ack.kind, ack.yiaddr), (ACK, offered), "client {number}: those before pushed nobody out");
    }
}

#[test]
fn a_flood_of_offers_is_bounded_and_short() {
    let mut desk = spacious();
    let mut offered = std::collections::BTreeSet::new();
    for number in 0..40_000 {
        let mut bytes = Vec::new();
        let answer = desk.network.answer(&Message::new(DISCOVER, mac(number)).end(), Via::Broadcast, NOW.into(), &mut bytes);
        assert!(answer.reply.is_some(), "an offer");
        offered.insert(bytes[at::YIADDR..at::SIADDR].to_vec());
    }
    assert!(offered.len() <= 16_385, "{} addresses are on offer at a time", offered.len());
    assert_eq!(desk.network.table.bindings().count(), 0);
}

#[test]
fn overload_that_points_to_itself_ends() {
    let mut desk = Desk::new(service(1, 8));
    let looping = Message::new(DISCOVER, A).set(at::FILE, &[52, 1, 3]).set(at::SNAME, &[52, 1, 3]).option(52, &[3]);
    assert_eq!(desk.ask(looping).expect("an offer").kind, OFFER);
    let hidden = Message::new(DISCOVER, A).set(at::FILE, &[50, 4, 10, 0, 1, 7, 255]).option(52, &[1]);
    assert_eq!(desk.ask(hidden).expect("an offer").kind, OFFER);
}

/// ISC dhcpd leaked memory for labels of more than 63 bytes in option 81, and overflowed a counter by options asked for again
/// and again; Kea stopped at a unicast message whose options it looked up in no subnet.
#[test]
fn cve_2022_2929_2022_2928_and_2025_40779() {
    let mut desk = Desk::new(service(1, 8));
    let fqdn = [&[0, 0, 0, 200][..], &[b'a'; 200]].concat();
    assert!(desk.ask(Message::new(DISCOVER, A).option(81, &fqdn)).is_some());
    let again = [1; 255];
    let offer = desk.ask(Message::new(DISCOVER, A).option(55, &again).option(55, &again)).expect("an offer");
    assert_eq!(offer.option(1).map(|mask| mask.len()), Some(4));
    let unicast = Message::new(DISCOVER, A).ciaddr(Ipv4Addr::new(192, 0, 2, 1)).option(55, &[1, 3, 43, 60]).option(60, b"x");
    desk.network.answer(&unicast.end(), Via::Unicast, (NOW + 100).into(), &mut Vec::new());
    assert_eq!(desk.boot(A, plain), Some(ip(1)));
}

#[test]
fn bootp_is_not_answered() {
    let mut desk = Desk::new(service(1, 8));
    let mut bootp = Message::new(DISCOVER, A).0;
    bootp.truncate(at::OPTIONS);
    bootp.resize(300, 0);
    assert!(desk.ask_bytes(&bootp).is_none());
    assert_eq!(desk.drops("bootp"), 1);
}

proptest! {
    /// Whatever a device calls itself, what is kept is a label or nothing.
    #[test]
    fn every_name_that_is_kept_is_a_label(sent in prop::collection::vec(any::<u8>(), 0..255)) {
        let mut desk = Desk::new(service(1, 8));
        desk.boot(A, |message| message.option(12, &sent));
        let name = desk.network.table.at(ip(1)).expect("bound").hostname.clone().unwrap_or_else(|| "a".into());
        prop_assert!((1..=63).contains(&name.len()) && &*name != "localhost");
        prop_assert!(name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'));
    }

    /// Options and areas in any order: never a panic, and never an address of somebody else.
    #[test]
    fn any_message_leaves_others_their_addresses(
        kind in 1u8..9, ciaddr in 0u8..10, areas in prop::collection::vec(any::<u8>(), 192), options in prop::collection::vec(any::<u8>(), 0..300),
    ) {
        let mut desk = Desk::new(service(1, 2));
        desk.boot(A, plain);
        let said = desk.ask(Message::new(kind, B).ciaddr(ip(ciaddr)).set(at::SNAME, &areas).raw(&options));
        prop_assert!(said.is_none_or(|said| said.yiaddr != ip(1)));
        prop_assert_eq!(desk.boot(A, plain), Some(ip(1)));
    }
}
