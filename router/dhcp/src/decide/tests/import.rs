use super::{Office, device, host, ip, mac, service};
use crate::{
    Import,
    clock::Clock,
    decide::import,
    lease::{Binding, Change, Identity, Secs, State},
    show,
};
use edge_config::DeviceId;
use std::net::Ipv4Addr;

const NOW: Secs = super::NOW;

fn lease(address: Ipv4Addr, last: u8) -> Import {
    Import {
        network: "vehicle".parse().expect("a name"),
        address,
        mac: Some(mac(last)),
        client_id: None,
        container: None,
        hostname: None,
        expires: None,
    }
}

fn take(office: &mut Office, lease: &Import, until: Option<Secs>) -> Result<Binding, &'static str> {
    let binding = import(&office.table, &office.scope, lease, until, NOW.into())?;
    office.table.apply(Change::Bind(binding.clone()));
    Ok(binding)
}

/// The same file again, after its devices renewed here: as it was exported, or with ends that have passed.
#[test]
fn what_was_promised_here_is_not_cut_short() {
    let mut office = Office::new(service());
    office.boot(&device(30), NOW);
    let before = office.table.at(ip(1)).expect("a lease").clone();
    for until in [None, Some(NOW + 5)] {
        assert_eq!(take(&mut office, &lease(ip(1), 30), until), Ok(before.clone()));
    }
    let longer = take(&mut office, &lease(ip(1), 30), Some(NOW + 86_400)).expect("it is its own");
    assert_eq!(longer.state, State::Bound { until: NOW + 86_400, logged: NOW + 86_400, lagging: false });
}

#[test]
fn an_attached_container_stays_so() {
    let mut office = Office::new(service());
    let address = office.claim("web", None, NOW).expect("an address");
    let web = Import { mac: None, container: Some("web".to_owned()), ..lease(address, 0) };
    assert_eq!(take(&mut office, &web, None).map(|binding| binding.state), Ok(State::Held));
    assert_eq!(take(&mut office, &Import { address: ip(7), ..web }, None), Err("its owner has another address here"));
}

#[test]
fn cloned_machines_both_keep_their_leases() {
    let mut office = Office::new(service());
    let clone = |address, last| Import { client_id: Some(b"\xffsame".to_vec()), ..lease(address, last) };
    let until = Some(NOW + 1800);
    assert!(matches!(take(&mut office, &clone(ip(1), 30), until).expect("free").identity, Identity::ClientId(_)));
    assert!(matches!(take(&mut office, &clone(ip(2), 31), until).expect("free").identity, Identity::Cloned(..)));
    assert!(office.table.at(ip(1)).is_some_and(|first| first.is_live(NOW)));
}

#[test]
fn who_is_reserved_by_host_name_is_taken_out_and_in_by_it() {
    let mut service = service();
    let device = Some(DeviceId::Hostname("display1".to_owned()));
    service.reservations.push(edge_config::Host { device, ..host("front", None, ip(7)) });
    let mut office = Office::new(service);
    let front = Import { hostname: Some("display1".to_owned()), ..lease(ip(7), 30) };
    let binding = take(&mut office, &front, Some(NOW + 1800)).expect("it is reserved for it");
    let shown = show::lease(&front.network, &office.scope, &binding, &Clock::start(NOW));
    assert_eq!(shown.name.as_deref(), Some("front"));
    assert_eq!(Import::from(shown).hostname, front.hostname);
}
