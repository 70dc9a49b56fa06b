//! What a configuration says beyond a range: reservations of each kind, rapid commit, a range that changes.

use super::*;
use crate::{decide::Moment, lease::State, tests::pool_of};

fn reserve(device: DeviceId, address: Ipv4Addr) -> NetworkService {
    let mut service = service();
    service.reservations.push(Host { device: Some(device), ..host("own", None, address) });
    service
}

fn is_nak(decision: &Decision) -> bool {
    matches!(decision, Decision::Nak(_))
}

#[test]
fn reserved_by_client_identifier_whatever_the_mac() {
    let mut office = Office::new(reserve(DeviceId::ClientId(b"gate".to_vec()), ip(30)));
    let gate = |last| Request { client_id: Some(b"gate"[..].into()), ..device(last) };
    assert_eq!(office.boot(&gate(40), NOW), Some(ip(30)));
    assert_eq!(office.boot(&device(40), NOW), Some(ip(1)), "the same MAC without it");
    assert!(is_nak(&office.select(&device(41), ip(30), NOW)), "reserved for another");
    assert_eq!(office.boot(&gate(42), NOW), Some(ip(2)), "a second of that name while the first is there");
    assert_eq!(office.boot(&gate(42), NOW + 2 * LEASE), Some(ip(2)), "which keeps its own");
    assert_eq!(office.boot(&gate(40), NOW + 2 * LEASE), Some(ip(30)));
}

#[test]
fn a_reserved_client_identifier_may_be_a_mac() {
    let id = [&[1][..], &mac(40).bytes()].concat();
    let mut office = Office::new(reserve(DeviceId::ClientId(id.clone()), ip(30)));
    assert_eq!(office.boot(&Request { client_id: Some(id.into()), ..device(40) }, NOW), Some(ip(30)));
}

#[test]
fn reserved_by_host_name_for_the_first_that_has_it() {
    let mut office = Office::new(reserve(DeviceId::Hostname("printer".to_owned()), ip(30)));
    let printer = |last| Request { hostname: hostname::clean(b"printer"), ..device(last) };
    assert_eq!(office.boot(&printer(40), NOW), Some(ip(30)));
    assert_eq!(office.boot(&printer(41), NOW), Some(ip(1)), "the name is nobody's alone, the address is");
    for renewal in 1..=3 {
        let decision = office.renew(&device(40), ip(30), NOW + renewal * LEASE / 2);
        assert!(matches!(decision, Decision::Ack { .. }), "a renewal need not repeat it, the {renewal}. either: {decision:?}");
        assert_eq!(office.table.at(ip(30)).and_then(|binding| binding.hostname.as_deref()), Some("printer"));
    }
    assert_eq!(office.boot(&printer(42), NOW + 4 * LEASE), Some(ip(30)), "a new device after the old one's lease");
    assert_eq!(office.boot(&device(43), NOW), Some(ip(2)), "without a name");
}

#[test]
fn reserved_by_a_host_name_that_only_the_discover_says() {
    let mut office = Office::new(reserve(DeviceId::Hostname("printer".to_owned()), ip(30)));
    let printer = |last| Request { hostname: hostname::clean(b"printer"), ..device(last) };
    assert_eq!(office.discover(&printer(40), NOW), Some(ip(30)));
    assert!(is_nak(&office.select(&device(41), ip(30), NOW + 1)), "it was offered to another");
    let other = Request { hostname: hostname::clean(b"other"), ..device(40) };
    assert!(is_nak(&office.select(&other, ip(30), NOW + 1)), "it says another name");
    assert!(matches!(office.select(&device(40), ip(30), NOW + 1), Decision::Ack { .. }));
    for renewal in 1..=3 {
        let decision = office.renew(&device(40), ip(30), NOW + renewal * LEASE / 2);
        assert!(matches!(decision, Decision::Ack { .. }), "renewal {renewal}: {decision:?}");
    }
}

/// lwIP and ESP8266: without a name in the DISCOVER.
#[test]
fn reserved_by_a_host_name_that_only_the_request_says() {
    let mut office = Office::new(reserve(DeviceId::Hostname("printer".to_owned()), ip(30)));
    let printer = |last| Request { hostname: hostname::clean(b"printer"), ..device(last) };
    assert_eq!(office.discover(&device(40), NOW), Some(ip(1)));
    assert!(is_nak(&office.select(&printer(40), ip(2), NOW + 1)), "what it was not offered");
    assert!(matches!(office.select(&printer(40), ip(1), NOW + 1), Decision::Ack { .. }));
    assert!(is_nak(&office.renew(&printer(40), ip(1), NOW + LEASE / 2)), "it moves when it renews");
    assert_eq!(office.discover(&device(40), NOW + LEASE / 2), Some(ip(30)), "the name is known by now");
    assert!(matches!(office.select(&printer(40), ip(30), NOW + LEASE / 2), Decision::Ack { .. }));
    for renewal in 2..=4 {
        let decision = office.renew(&device(40), ip(30), NOW + renewal * LEASE / 2);
        assert!(matches!(decision, Decision::Ack { .. }), "renewal {renewal}: {decision:?}");
    }
    // A second of that name keeps what it has while the first is there.
    assert_eq!(office.discover(&device(41), NOW + LEASE), Some(ip(1)));
    assert!(matches!(office.select(&printer(41), ip(1), NOW + LEASE), Decision::Ack { .. }));
    assert!(matches!(office.renew(&printer(41), ip(1), NOW + LEASE * 3 / 2), Decision::Ack { .. }));
}

#[test]
fn what_was_offered_before_it_got_reserved_is_its_owners() {
    let mut office = Office::new(service());
    assert_eq!(office.discover(&device(40), NOW), Some(ip(1)));
    office.reconfigure(reserve(DeviceId::Hostname("printer".to_owned()), ip(1)));
    assert!(is_nak(&office.select(&device(40), ip(1), NOW + 1)));
}

#[test]
fn what_is_on_offer_stays_so_when_the_configuration_changes() {
    let mut office = Office::new(service());
    assert_eq!(office.discover(&device(40), NOW), Some(ip(1)));
    office.reconfigure(service());
    assert_eq!(office.discover(&device(41), NOW), Some(ip(2)));
    assert!(matches!(office.select(&device(40), ip(1), NOW + 1), Decision::Ack { .. }));
}

#[test]
fn rapid_commit_only_where_both_want_it() {
    let mut service = service();
    let rapid = Request { rapid_commit: true, ..device(30) };
    assert!(matches!(Office::new(service.clone()).ask(&rapid, NOW), Decision::Offer { .. }));
    pool_of(&mut service).rapid_commit = true;
    let mut office = Office::new(service);
    assert!(matches!(office.ask(&rapid, NOW), Decision::Ack { binding, rapid: true, .. } if binding.address == ip(1)));
    assert_eq!(office.owner(ip(1)), Some(&Identity::Mac(mac(30))));
    assert!(matches!(office.ask(&device(31), NOW), Decision::Offer { .. }));
}

/// The range is now 10.0.1.6 to 10.0.1.8.
fn narrowed() -> NetworkService {
    let mut service = service();
    pool_of(&mut service).from = ip(6);
    service
}

#[test]
fn a_lease_outside_a_changed_range_stays_to_its_end_and_then_moves() {
    let mut office = Office::new(service());
    let client = device(30);
    assert_eq!(office.boot(&client, NOW), Some(ip(1)));
    office.reconfigure(narrowed());
    let Decision::Ack { binding, lease, .. } = office.renew(&client, ip(1), NOW + 1800) else { panic!("it has half of it left") };
    assert_eq!((binding.address, lease), (ip(1), 1800), "what is left, and no more");
    assert!(matches!(binding.state, State::Bound { until, .. } if until == NOW + LEASE + 1));
    assert!(matches!(office.reboot(&client, ip(1), NOW + 3000), Decision::Ack { lease: 600, .. }));
    assert_eq!(office.boot(&device(31), NOW + 3000), Some(ip(6)), "nobody else gets it");
    assert!(is_nak(&office.renew(&client, ip(1), NOW + LEASE - 30)), "the rest is not worth an answer");
    assert_eq!(office.boot(&client, NOW + LEASE - 30), Some(ip(7)), "it moves");
}

#[test]
fn a_lease_outside_a_changed_subnet_ends_at_once() {
    let mut office = Office::new(service());
    office.boot(&device(30), NOW);
    let mut moved = service();
    moved.address = edge_net::Interface::new("10.0.2.3/24".parse().expect("a subnet")).expect("a host's address");
    moved.dhcp = Some(Dhcp::Server(DhcpServer::new(Ipv4Addr::new(10, 0, 2, 10), Ipv4Addr::new(10, 0, 2, 20))));
    moved.reservations.clear();
    office.reconfigure(moved);
    assert!(is_nak(&office.renew(&device(30), ip(1), NOW + 10)));
}

#[test]
fn a_lease_whose_address_got_reserved_for_another_ends_at_once() {
    let mut office = Office::new(service());
    office.boot(&device(30), NOW);
    office.reconfigure(reserve(DeviceId::Mac(mac(77)), ip(1)));
    assert!(is_nak(&office.renew(&device(30), ip(1), NOW + 10)));
}

/// The office, with ARP before a first offer.
fn probing() -> Office {
    let mut service = service();
    pool_of(&mut service).probe = true;
    Office::new(service)
}

fn is_probe_of(decision: &Decision, address: Ipv4Addr) -> bool {
    matches!(decision, Decision::Probe { address: asked, .. } if *asked == address)
}

#[test]
fn an_address_is_asked_for_before_its_first_offer_to_somebody_and_not_again() {
    let mut office = probing();
    assert!(is_probe_of(&office.ask(&device(30), NOW), ip(1)));
    assert!(is_probe_of(&office.ask(&device(31), NOW), ip(2)), "the first is kept for its client meanwhile");
    assert!(is_probe_of(&office.ask(&device(30), NOW), ip(1)), "not answered yet");
    office.table.clear(ip(1), NOW);
    assert_eq!(office.boot(&device(30), NOW + 1), Some(ip(1)));
    assert_eq!(office.boot(&device(30), NOW + 10 * LEASE), Some(ip(1)), "its own: whoever else has it is at fault");
    assert_eq!(office.discover(&device(5), NOW), Some(ip(5)), "reserved");
}

#[test]
fn while_enough_is_asked_for_others_are_offered_unasked_and_those_asked_for_are_waited_for() {
    let mut office = probing();
    assert!(is_probe_of(&office.ask(&device(30), NOW), ip(1)));
    let moment = Moment { asks_enough: true, ..NOW.into() };
    let decide = |last| decide(&office.table, &office.scope, &device(last), moment);
    assert!(matches!(decide(31), Decision::Offer { address, .. } if address == ip(2)));
    assert!(is_probe_of(&decide(30), ip(1)));
}

#[test]
fn an_address_with_a_former_owner_is_asked_for_too() {
    let mut office = probing();
    for last in 30..35 {
        office.ask(&device(last), NOW);
        [1, 2, 6, 7, 8].iter().for_each(|host| office.table.clear(ip(*host), NOW));
        office.boot(&device(last), NOW + Secs::from(last));
    }
    assert!(is_probe_of(&office.ask(&device(40), NOW + 2 * LEASE), ip(1)));
}

#[test]
fn one_that_answers_to_everything_closes_no_pool() {
    let mut office = probing();
    assert!(is_probe_of(&office.ask(&device(30), NOW), ip(1)));
    for change in super::super::quarantine(&office.table, &office.scope, ip(1), NOW) {
        office.table.apply(change);
    }
    assert_eq!(office.discover(&device(30), NOW), Some(ip(2)), "the quarantine is full: offered unasked");
    assert!(is_nak(&office.select(&device(31), ip(1), NOW)), "it rests");
}

#[test]
fn behind_a_relay_nobody_would_hear() {
    let relayed = Some(edge_dhcp_wire::Relayed { agent: ip(99), information: Default::default() });
    assert!(matches!(probing().ask(&Request { relayed, ..device(30) }, NOW), Decision::Offer { .. }));
}
