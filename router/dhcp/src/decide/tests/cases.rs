use super::*;
use crate::{ClaimError, DropReason, decide::Moment, lease::Change};

fn with_id(last: u8, id: &[u8]) -> Request {
    Request { client_id: Some(id.into()), ..device(last) }
}

fn renewal_of(last: u8, address: Ipv4Addr) -> Request {
    Request { ciaddr: Some(address), ..request(RequestKind::Request, mac(last)) }
}

fn is_ack(decision: &Decision) -> bool {
    matches!(decision, Decision::Ack { .. })
}

fn is_nak(decision: &Decision) -> bool {
    matches!(decision, Decision::Nak(_))
}

#[test]
fn new_clients_get_the_pool_in_order_without_the_router_and_the_reserved() {
    let mut office = Office::new(service());
    let got: Vec<_> = (30..36).map(|last| office.boot(&device(last), NOW)).collect();
    assert_eq!(got, [1, 2, 6, 7, 8].map(|host| Some(ip(host))).into_iter().chain([None]).collect::<Vec<_>>());
}

#[test]
fn a_client_keeps_its_address_through_release_and_expiry() {
    let mut office = Office::new(service());
    let client = device(30);
    assert_eq!(office.boot(&client, NOW), Some(ip(1)));
    assert_eq!(office.boot(&device(31), NOW), Some(ip(2)));
    let release = Request { kind: RequestKind::Release, ciaddr: Some(ip(1)), server_id: Some(ip(3)), ..client.clone() };
    assert!(matches!(office.ask(&release, NOW + 1), Decision::Note(_)));
    assert_eq!(office.boot(&device(32), NOW + 2), Some(ip(6)), "never used comes before released");
    assert_eq!(office.boot(&client, NOW + 10 * LEASE), Some(ip(1)));
}

#[test]
fn the_longest_unused_goes_first_when_nothing_is_new() {
    let mut office = Office::new(service());
    for last in 30..35 {
        office.boot(&device(last), NOW + Secs::from(last));
    }
    let later = NOW + 100 + LEASE;
    assert_eq!(office.boot(&device(40), later), Some(ip(1)));
    assert_eq!(office.boot(&device(41), later), Some(ip(2)));
    assert!(is_nak(&office.renew(&device(30), ip(1), later + 1)), "its old address is somebody else's now");
}

#[test]
fn reserved_by_mac_whatever_the_client_identifier() {
    let mut office = Office::new(service());
    assert_eq!(office.boot(&with_id(5, b"firmware"), NOW), Some(ip(5)));
    assert_eq!(office.boot(&with_id(5, b"system"), NOW), Some(ip(5)));
    assert_eq!(office.boot(&device(20), NOW), Some(ip(20)), "also outside the pool");
    assert!(is_nak(&office.select(&device(30), ip(20), NOW)));
    assert!(is_nak(&office.select(&device(30), ip(4), NOW)), "a container's");
}

#[test]
fn init_reboot() {
    let mut office = Office::new(service());
    let client = device(30);
    office.boot(&client, NOW);
    assert!(is_ack(&office.reboot(&client, ip(1), NOW + 5)));
    assert!(is_ack(&office.reboot(&client, ip(1), NOW + 5 + LEASE)), "just after expiry, with the address free");
    assert!(is_nak(&office.reboot(&client, ip(2), NOW + 5)), "not the one it has");
    assert!(is_nak(&office.reboot(&client, Ipv4Addr::new(10, 0, 2, 1), NOW)), "another network's");
    assert!(is_nak(&office.reboot(&device(31), ip(3), NOW)), "the router's");
    assert_eq!(
        office.reboot(&device(31), ip(2), NOW),
        Decision::Silence(DropReason::UnknownClient),
        "no record: RFC 2131, 4.3.2"
    );
    assert!(is_ack(&office.reboot(&device(5), ip(5), NOW)), "the configuration is a record");
}

#[test]
fn renewing() {
    let mut office = Office::new(service());
    let client = device(30);
    office.boot(&client, NOW);
    let Decision::Ack { binding, lease: 3600, .. } = office.renew(&client, ip(1), NOW + LEASE / 2) else {
        panic!("it is its own")
    };
    let crate::lease::State::Bound { until, logged, .. } = binding.state else { panic!("it is bound") };
    assert_eq!(
        (until, logged),
        (NOW + LEASE / 2 + LEASE + 1, NOW + LEASE + 1 + LEASE / 8 * 5),
        "the log vouched for that already"
    );
    assert!(is_ack(&office.renew(&device(31), ip(6), NOW)), "a lease this server forgot, and free");
    assert!(is_nak(&office.renew(&device(32), ip(1), NOW)), "somebody else's");
    assert!(is_nak(&office.renew(&client, Ipv4Addr::new(10, 0, 2, 1), NOW)), "another network's");
}

#[test]
fn about_every_second_renewal_needs_no_write() {
    let mut office = Office::new(service());
    office.boot(&device(30), NOW);
    let mut writes = 0;
    for renewal in 1..=10 {
        // No client is exact.
        let decision = decide(&office.table, &office.scope, &renewal_of(30, ip(1)), (NOW + renewal * (LEASE / 2 + 100)).into());
        let Decision::Ack { binding, lease: 3600, .. } = decision else { panic!("renewal {renewal}: {decision:?}") };
        let change = Change::Bind(binding);
        writes += u32::from(!office.table.says(&change));
        office.table.apply(change);
    }
    assert_eq!(writes, 5);
}

#[test]
fn while_nothing_can_be_written_a_lease_is_what_the_log_has_left() {
    let mut office = Office::new(service());
    let named = |name: &str| Request { hostname: hostname::clean(name.as_bytes()), ..renewal_of(30, ip(1)) };
    office.boot(&named("old"), NOW);
    let logged = LEASE + 1 + LEASE / 8 * 5;
    for (after, given, is_written) in
        [(LEASE / 2, 3600, true), (3000, 2850, true), (logged - 61, 60, true), (logged - 60, 3600, false)]
    {
        let moment = Moment { now: NOW + after, lagging: false, log_fails: true, asks_enough: false };
        let decision = decide(&office.table, &office.scope, &named("new"), moment);
        let Decision::Ack { binding, lease, .. } = decision else { panic!("after {after} s: {decision:?}") };
        assert_eq!((lease, office.table.says(&Change::Bind(binding))), (given, is_written), "after {after} s");
    }
}

#[test]
fn a_changed_configuration_naks_and_frees() {
    let mut office = Office::new(service());
    office.boot(&device(30), NOW);
    let mut changed = service();
    changed.reservations.push(host("printer", Some(mac(77)), ip(1)));
    office.reconfigure(changed);
    assert_eq!(office.boot(&device(77), NOW + 1), Some(ip(2)), "its address is promised to another until that one asks");
    assert!(is_nak(&office.renew(&device(30), ip(1), NOW + 2)));
    assert!(is_ack(&office.renew(&device(77), ip(2), NOW + 3)), "that one may not have heard it");
    assert_eq!(office.boot(&device(30), NOW + 4), Some(ip(6)), "it has heard it");
    assert!(is_nak(&office.renew(&device(77), ip(2), NOW + 5)), "now its own is free");
    assert_eq!(office.boot(&device(77), NOW + 6), Some(ip(1)));
}

#[test]
fn who_hears_no_nak_keeps_its_address_to_the_end_of_its_lease() {
    let mut office = Office::new(service());
    office.boot(&device(30), NOW);
    let mut changed = service();
    changed.reservations.push(host("printer", Some(mac(77)), ip(1)));
    office.reconfigure(changed);
    for after in [1800, 3150, 3599] {
        assert!(is_nak(&office.renew(&device(30), ip(1), NOW + after)), "after {after} s");
        assert_eq!(office.boot(&device(77), NOW + after), Some(ip(2)), "after {after} s");
    }
    assert_eq!(office.boot(&device(77), NOW + LEASE + 1), Some(ip(1)));
}

#[test]
fn a_reservation_for_the_address_a_device_has_keeps_it() {
    let mut office = Office::new(service());
    let client = with_id(30, b"\xff machine");
    assert_eq!(office.boot(&client, NOW), Some(ip(1)));
    let mut changed = service();
    changed.reservations.push(host("printer", Some(mac(30)), ip(1)));
    office.reconfigure(changed);
    assert!(is_ack(&office.renew(&client, ip(1), NOW + 1)));
    assert_eq!(office.discover(&client, NOW + 2), Some(ip(1)));
    assert!(is_ack(&office.select(&client, ip(1), NOW + 2)));
    assert_eq!(office.owner(ip(1)), Some(&Identity::Mac(mac(30))));
}

#[test]
fn client_identifiers() {
    let mut office = Office::new(service());
    let ours = [&[1][..], &mac(30).bytes()].concat();
    assert_eq!(office.boot(&with_id(30, &ours), NOW), Some(ip(1)));
    assert_eq!(office.boot(&device(30), NOW), Some(ip(1)), "its MAC says the same");
    assert_eq!(office.boot(&with_id(31, &ours), NOW), Some(ip(2)), "another's MAC as identifier steals nothing");
    assert_eq!(office.boot(&with_id(30, b"ipvlan 1"), NOW), Some(ip(6)), "children of one MAC are told apart");
    assert_eq!(office.boot(&with_id(30, b"ipvlan 2"), NOW), Some(ip(7)));
    assert!(office.table.shares_mac(mac(30), &Identity::ClientId(b"ipvlan 1"[..].into())));
    assert_eq!(office.boot(&with_id(30, b"x"), NOW), Some(ip(1)), "too short to be one");
}

#[test]
fn two_machines_of_one_image_do_not_share_an_address() {
    let mut office = Office::new(service());
    let (first, second) = (with_id(30, b"machine-id"), with_id(31, b"machine-id"));
    assert_eq!(office.discover(&first, NOW), Some(ip(1)));
    assert_eq!(office.discover(&second, NOW), Some(ip(1)), "nobody can tell yet");
    assert!(is_ack(&office.select(&first, ip(1), NOW)));
    assert!(is_nak(&office.select(&second, ip(1), NOW)));
    assert_eq!(office.boot(&second, NOW), Some(ip(2)));
    assert!(is_ack(&office.renew(&first, ip(1), NOW + LEASE / 2)));
    assert!(is_ack(&office.renew(&second, ip(2), NOW + LEASE / 2)));
}

#[test]
fn a_release_must_name_the_lease_its_owner_and_this_server() {
    let client = with_id(30, b"owner");
    let release = Request { kind: RequestKind::Release, ciaddr: Some(ip(1)), server_id: Some(ip(3)), ..client.clone() };
    let spoofed = [
        Request { mac: mac(31), ..release.clone() },
        Request { client_id: None, ..release.clone() },
        Request { client_id: Some(b"other"[..].into()), ..release.clone() },
        Request { ciaddr: Some(ip(2)), ..release.clone() },
        Request { ciaddr: None, ..release.clone() },
        Request { server_id: Some(ip(9)), ..release.clone() },
        Request { server_id: None, ..release.clone() },
    ];
    let mut office = Office::new(service());
    office.boot(&client, NOW);
    for (at, spoofed) in spoofed.iter().enumerate() {
        assert_eq!(office.ask(spoofed, NOW), Decision::Silence(DropReason::NotItsLease), "case {at}");
    }
    assert!(matches!(office.ask(&release, NOW), Decision::Note(_)));
}

#[test]
fn a_declined_address_rests_and_the_quarantine_is_small() {
    let mut office = Office::new(service());
    let client = device(30);
    let decline =
        |address| Request { kind: RequestKind::Decline, requested: Some(address), server_id: Some(ip(3)), ..client.clone() };
    office.boot(&client, NOW);
    assert_eq!(office.ask(&decline(ip(2)), NOW), Decision::Silence(DropReason::NotItsLease));
    assert!(matches!(office.ask(&decline(ip(1)), NOW), Decision::Note(_)));
    assert_eq!(office.boot(&client, NOW), Some(ip(2)));
    assert!(is_nak(&office.select(&device(31), ip(1), NOW)));
    assert!(matches!(office.ask(&decline(ip(2)), NOW + 1), Decision::Note(_)));
    assert_eq!(office.table.quarantine().len(), 1, "an eighth of the pool");
    assert_eq!(office.boot(&client, NOW + 2), Some(ip(6)), "the older one is out again, but others come first");
    assert_eq!(office.boot(&device(31), NOW + 2 + super::super::QUARANTINE), Some(ip(1)));
}

/// More strangers in the pool than the quarantine holds: who tries one after the other comes to the end of them, and around again.
#[test]
fn squatters_are_tried_once_before_the_rest_of_the_pool() {
    let mut office = Office::new(service());
    let client = device(30);
    let mut tried = Vec::new();
    for at in 0..7 {
        let address = office.boot(&client, NOW + at).expect("an address");
        tried.push(address);
        let decline = Request { kind: RequestKind::Decline, requested: Some(address), server_id: Some(ip(3)), ..client.clone() };
        assert!(matches!(office.ask(&decline, NOW + at), Decision::Note(_)));
    }
    assert_eq!(tried, [1, 2, 6, 7, 8, 1, 2].map(ip));
}

#[test]
fn another_servers_offer_taken_frees_ours() {
    let mut office = Office::new(service());
    let client = device(30);
    assert_eq!(office.discover(&client, NOW), Some(ip(1)));
    let other = Request { kind: RequestKind::Request, requested: Some(ip(1)), server_id: Some(ip(200)), ..client };
    assert!(matches!(office.ask(&other, NOW), Decision::Withdraw(_)));
    assert_eq!(office.discover(&device(31), NOW), Some(ip(1)));
}

#[test]
fn a_wish_is_granted_when_nobody_ever_had_it() {
    let mut office = Office::new(service());
    assert_eq!(office.boot(&Request { requested: Some(ip(7)), ..device(30) }, NOW), Some(ip(7)));
    for unfit in [ip(7), ip(5), ip(3), ip(0), ip(255), ip(9), Ipv4Addr::new(192, 168, 0, 1)] {
        assert_eq!(office.discover(&Request { requested: Some(unfit), ..device(31) }, NOW), Some(ip(1)), "{unfit}");
    }
}

#[test]
fn lease_times() {
    let mut office = Office::new(service());
    for (asked, given) in [(None, 3600), (Some(0), 60), (Some(600), 600), (Some(u32::MAX), 3600)] {
        let decision = office.ask(&Request { lease: asked, ..device(30) }, NOW);
        assert!(matches!(decision, Decision::Offer { lease, .. } if lease == given), "{asked:?}: {decision:?}");
    }
}

#[test]
fn containers() {
    let mut office = Office::new(service());
    assert_eq!(office.claim("container1", None, NOW), Ok(ip(4)));
    assert_eq!(office.claim("web", None, NOW), Ok(ip(1)));
    assert_eq!(office.claim("web", None, NOW + 1), Ok(ip(1)), "again the same");
    assert_eq!(office.claim("db", Some(ip(100)), NOW), Ok(ip(100)), "any of the subnet, if it insists");
    assert_eq!(office.boot(&device(30), NOW + 10 * LEASE), Some(ip(2)), "held is never idle");
    let in_use =
        |address, owner: &str| ClaimError::InUse { address, network: "vehicle".parse().unwrap(), owner: owner.to_owned() };
    assert_eq!(office.claim("x", Some(ip(2)), NOW + 10 * LEASE), Err(in_use(ip(2), "02:00:00:00:01:1e")));
    assert_eq!(office.claim("x", Some(ip(1)), NOW), Err(in_use(ip(1), "web")));
    assert!(matches!(office.claim("x", Some(ip(5)), NOW), Err(ClaimError::ReservedForOther { .. })));
    assert!(matches!(office.claim("x", Some(ip(3)), NOW), Err(ClaimError::Router { .. })));
    assert!(matches!(office.claim("x", Some(ip(255)), NOW), Err(ClaimError::NotInSubnet { .. })));
    assert!(matches!(office.claim("container1", Some(ip(9)), NOW), Err(ClaimError::ReservedElsewhere { .. })));
    assert!(matches!(office.claim("device5", None, NOW), Ok(address) if address != ip(5)), "that name is a device's");
    assert!(matches!(office.claim("", None, NOW), Err(ClaimError::BadName(0))));
}

/// Any other address may be somebody's whom the other server gave it to.
#[test]
fn where_another_server_gives_addresses_containers_have_reserved_ones() {
    let relay = Some(edge_config::Dhcp::Relay(edge_config::DhcpRelay { servers: vec![[10, 9, 0, 2].into()] }));
    let mut office = Office::new(NetworkService { dhcp: relay, ..service() });
    assert_eq!(office.claim("container1", None, NOW), Ok(ip(4)));
    assert!(matches!(office.claim("web", None, NOW), Err(ClaimError::GivenElsewhere { .. })));
    assert_eq!(office.claim("web", Some(ip(9)), NOW), Ok(ip(9)), "its user insists");
    assert_eq!(office.claim("web", None, NOW), Ok(ip(9)), "it has it");
}

#[test]
fn without_a_pool_containers_get_any_address_and_devices_silence() {
    let mut office = Office::new(NetworkService { dhcp: None, ..service() });
    assert_eq!(office.ask(&device(30), NOW), Decision::Silence(DropReason::NoPool));
    assert_eq!(office.claim("a", None, NOW), Ok(ip(1)));
    assert_eq!(office.claim("b", None, NOW), Ok(ip(2)));
    assert_eq!(office.claim("c", None, NOW), Ok(ip(6)));
    assert_eq!(office.claim("container1", None, NOW), Ok(ip(4)));
}

#[test]
fn a_flood_of_discovers_closes_the_pool_for_seconds_only() {
    let mut office = Office::new(service());
    for last in 100..200 {
        office.discover(&device(last), NOW);
    }
    assert_eq!(office.boot(&device(30), NOW + 1), None);
    assert_eq!(office.boot(&device(5), NOW + 1), Some(ip(5)), "the reserved do not notice");
    assert_eq!(office.boot(&device(30), NOW + super::super::OFFER), Some(ip(1)));
}
