//! What a configuration says beyond a range: reservations of each kind, rapid commit, a range that changes.

use super::*;
use crate::lease::State;

fn device(last: u8) -> Request {
    request(Kind::Discover, mac(last))
}

fn reserve(device: DeviceId, address: Ipv4Addr) -> Service {
    let mut service = service();
    service.reservations.push(Host { device: Some(device), ..host("own", None, address) });
    service
}

fn is_nak(decision: &Decision) -> bool {
    matches!(decision, Decision::Nak { .. })
}

#[test]
fn reserved_by_client_identifier_whatever_the_mac() {
    let mut office = Office::new(reserve(DeviceId::ClientId(b"gate".to_vec()), ip(30)));
    let gate = |last| Request { client_id: Some(b"gate".to_vec()), ..device(last) };
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
    assert_eq!(office.boot(&Request { client_id: Some(id), ..device(40) }, NOW), Some(ip(30)));
}

#[test]
fn reserved_by_host_name_for_the_first_that_has_it() {
    let mut office = Office::new(reserve(DeviceId::Hostname("printer".to_owned()), ip(30)));
    let printer = |last| Request { hostname: Some("printer".to_owned()), ..device(last) };
    assert_eq!(office.boot(&printer(40), NOW), Some(ip(30)));
    assert_eq!(office.boot(&printer(41), NOW), Some(ip(1)), "the name is nobody's alone, the address is");
    assert!(matches!(office.renew(&device(40), ip(30), NOW + LEASE / 2), Decision::Ack { .. }), "a renewal need not repeat it");
    assert_eq!(office.boot(&printer(42), NOW + 3 * LEASE), Some(ip(30)), "a new device after the old one's lease");
    assert_eq!(office.boot(&device(43), NOW), Some(ip(2)), "without a name");
}

#[test]
fn rapid_commit_only_where_both_want_it() {
    let mut service = service();
    let rapid = Request { rapid_commit: true, ..device(30) };
    assert!(matches!(Office::new(service.clone()).ask(&rapid, NOW), Decision::Offer { .. }));
    service.pool.as_mut().expect("a pool").rapid_commit = true;
    let mut office = Office::new(service);
    assert!(matches!(office.ask(&rapid, NOW), Decision::Ack { binding, rapid: true, .. } if binding.address == ip(1)));
    assert_eq!(office.owner(ip(1)), Some(&Identity::Mac(mac(30))));
    assert!(matches!(office.ask(&device(31), NOW), Decision::Offer { .. }));
}

/// The range is now 10.0.1.6 to 10.0.1.8.
fn narrowed() -> Service {
    let mut service = service();
    service.pool.as_mut().expect("a pool").from = ip(6);
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
    moved.address = edge_config::Interface::new("10.0.2.3/24".parse().expect("a subnet")).expect("a host's address");
    moved.pool = Some(Dhcp::new(Ipv4Addr::new(10, 0, 2, 10), Ipv4Addr::new(10, 0, 2, 20)));
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
