use super::*;
use crate::dhcp::tests::lease;
use ipnet::Ipv4Net;
use proptest::prelude::*;

const CONFIG: &str = r#"
[[uplink]]
name = "wan"
device = "eth0"
address = "dhcp"
[[uplink]]
name = "lte"
device = "eth1"
address = "dhcp"
[[uplink]]
name = "fibre"
device = "eth2"
address = "203.0.113.2/24"
[[network]]
name = "lan"
address = "192.168.0.1/24"
"#;

fn judged(config: &str, wan: ClientLease, lte: Option<ClientLease>) -> Vec<Result<Usable, String>> {
    let config = edge_config::parse("x", config).unwrap();
    let leases = [("wan", Some(wan)), ("lte", lte)];
    let leases = leases.into_iter().filter_map(|(name, lease)| Some((name.parse().unwrap(), lease?)));
    let mut verdicts = usable(&config, &leases.collect());
    ["wan", "lte"].iter().filter_map(|name| verdicts.remove(*name)).collect()
}

fn verdicts(wan: ClientLease, lte: Option<ClientLease>) -> Vec<Result<UplinkLease, String>> {
    judged(CONFIG, wan, lte).into_iter().map(|verdict| verdict.map(|usable| usable.lease)).collect()
}

fn net(text: &str) -> Ipv4Net {
    text.parse().unwrap()
}

fn with_routes(interface: &str, routes: &[&str]) -> ClientLease {
    ClientLease { routes: routes.iter().map(|to| (net(to), None)).collect(), ..lease(interface, 60) }
}

#[test]
fn a_site_with_the_subnet_of_a_local_network_is_refused() {
    for address in ["192.168.0.77/24", "192.168.0.77/16", "192.168.0.77/30"] {
        let why = verdicts(lease(address, 60), None).remove(0).unwrap_err();
        assert_eq!(
            why,
            format!("the server gives {address}, which overlaps network lan (192.168.0.0/24): renumber one of the two")
        );
    }
    assert!(verdicts(lease("203.0.113.9/25", 60), None)[0].is_err());
    assert!(verdicts(lease("192.168.1.77/24", 60), None)[0].is_ok());
}

#[test]
fn of_two_leases_in_one_subnet_the_first_counts() {
    let found = verdicts(lease("192.0.2.7/24", 60), Some(lease("192.0.2.8/24", 60)));
    assert!(found[0].is_ok());
    assert!(found[1].as_ref().unwrap_err().contains("uplink wan"));
}

#[test]
fn no_route_leads_a_part_of_a_local_network_away() {
    let to = ["192.168.0.128/25", "192.168.0.0/24", "192.168.0.0/16", "10.0.0.0/8"];
    let found = judged(CONFIG, with_routes("192.0.2.7/24", &to), None).remove(0).unwrap();
    assert_eq!(found.lease.routes, [(net("10.0.0.0/8"), None)]);
    assert_eq!(found.refused.len(), 3);
    assert_eq!(found.refused[2], "the route to 192.168.0.0/16 overlaps network lan (192.168.0.0/24)");
}

/// The file says what fibre asks and is asked by; wan was told its name server.
const RELIED_ON: &str = r#"
[[uplink]]
name = "wan"
device = "eth0"
address = "dhcp"
probe = "8.8.8.8"
[[uplink]]
name = "fibre"
device = "eth2"
address = "203.0.113.2/24"
gateway = "203.0.113.1"
dns = ["9.9.9.9"]
probe = "1.1.1.1"
[[uplink]]
name = "lte"
device = "eth1"
address = "dhcp"
[[network]]
name = "lan"
address = "192.168.0.1/24"
"#;

/// What another's traffic needs: by a route or by its own subnet no server takes it, be it exactly or with what is around.
#[test]
fn no_server_takes_what_another_uplink_relies_on() {
    let relied_on = [
        ("203.0.113.1", "uplink fibre (203.0.113.0/24)"),
        ("9.9.9.9", "the name server 9.9.9.9 of uplink fibre"),
        ("1.1.1.1", "the probe 1.1.1.1 of uplink fibre"),
        ("192.0.2.1", "uplink wan (192.0.2.0/24)"),
        ("149.112.112.112", "the name server 149.112.112.112 of uplink wan"),
        ("8.8.8.8", "the probe 8.8.8.8 of uplink wan"),
        ("192.168.0.77", "network lan (192.168.0.0/24)"),
    ];
    let wan = || ClientLease { dns: vec![[149, 112, 112, 112].into()], ..lease("192.0.2.7/24", 60) };
    for (address, whose) in relied_on {
        for length in [8, 16, 24, 30, 32] {
            let to = net(&format!("{address}/{length}")).trunc().to_string();
            let found = judged(RELIED_ON, wan(), Some(with_routes("198.51.100.7/24", &[&to]))).remove(1).unwrap();
            assert!(found.lease.routes.is_empty(), "{to}: {found:?}");
            // A whole /8 may overlap more than one.
            let told = format!("the route to {to} overlaps {}", if length > 8 { whose } else { "" });
            assert!(found.refused[0].starts_with(&told), "{told}: {found:?}");
        }
        for length in [8, 16, 24] {
            let given = format!("{}.77/{length}", address.rsplit_once('.').unwrap().0);
            let found = judged(RELIED_ON, wan(), Some(lease(&given, 60))).remove(1);
            assert!(found.is_err_and(|why| length == 8 || why.contains(whose)), "{given}");
        }
    }
    let own = ClientLease { dns: vec![[10, 1, 1, 1].into()], ..with_routes("198.51.100.7/24", &["10.0.0.0/8"]) };
    let found = judged(RELIED_ON, wan(), Some(own)).remove(1).unwrap();
    assert_eq!((found.lease.routes.len(), found.refused), (1, vec![]), "its own it may lead to");
}

#[test]
fn no_name_server_is_in_a_local_network_or_at_another_uplink() {
    let dns = ["192.168.0.5", "203.0.113.1", "192.0.2.1", "9.9.9.9"].map(|server| server.parse().unwrap()).to_vec();
    let lte = ClientLease { dns: dns.clone(), ..lease("198.51.100.7/24", 60) };
    let found = judged(CONFIG, lease("192.0.2.7/24", 60), Some(lte.clone())).remove(1).unwrap();
    assert_eq!(found.lease.dns, [Ipv4Addr::new(9, 9, 9, 9)]);
    assert_eq!(found.refused[0], "the name server 192.168.0.5 is in network lan (192.168.0.0/24)");
    assert_eq!(found.refused.len(), 3);
    // Two may have the same, as two of one provider do.
    let both = judged(CONFIG, ClientLease { dns: dns[3..].to_vec(), ..lease("192.0.2.7/24", 60) }, Some(lte)).remove(1).unwrap();
    assert_eq!(both.lease.dns, dns[3..]);
}

#[test]
fn all_routes_of_a_lease_together_are_no_second_default_route() {
    let eighths: Vec<String> = (0..32).map(|number| format!("{}.0.0.0/8", 32 + number)).collect();
    let halves = ["10.0.0.0/9", "10.128.0.0/9", "11.0.0.0/32", "10.0.0.0/8", "10.1.0.0/16", "10.0.0.0/9"];
    let routes = |to: &[&str]| judged(CONFIG, with_routes("192.0.2.7/24", to), None).remove(0).unwrap();
    let found = routes(&eighths.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!((found.lease.routes.len(), found.refused.len()), (1, 31));
    assert_eq!(found.refused[0], "the route to 33.0.0.0/8 makes them more than a /8 in all");
    let found = routes(&halves);
    assert_eq!(found.lease.routes.len(), 4, "what lies in what is led to already is no more of it: {found:?}");
    assert_eq!(found.refused.len(), 1);
}

#[test]
fn what_the_reader_of_the_lease_left_out_is_told() {
    let given = ClientLease { useless: vec![net("128.0.0.0/1"), net("10.0.0.0/8")], ..lease("192.0.2.7/24", 60) };
    let found = judged(CONFIG, given, None).remove(0).unwrap();
    assert_eq!(found.refused[0], "the route to 128.0.0.0/1 is wider than /8");
    assert!(found.refused[1].contains("next hop"));
}

prop_compose! {
    fn any_lease()(host: [u8; 4], length in 8u8..=30, dns: [[u8; 4]; 2], to: Vec<([u8; 4], u8)>) -> Option<ClientLease> {
        // Few first bytes, so that they meet.
        let near = |[a, b, c, d]: [u8; 4]| Ipv4Addr::new([9, 192, 203, 8][usize::from(a % 4)], [0, 9, 168][usize::from(b % 3)], c % 3, d);
        let interface = edge_net::Interface::new(Ipv4Net::new(near(host), length).unwrap())?;
        let routes = to.into_iter().map(|(to, length)| (Ipv4Net::new(near(to), 8 + length % 25).unwrap().trunc(), None)).collect();
        Some(ClientLease { interface, gateway: None, dns: dns.map(near).to_vec(), routes, ..lease("192.0.2.7/24", 60) })
    }
}

proptest! {
    #[test]
    fn whatever_servers_say_each_keeps_its_own(wan in any_lease(), lte in any_lease()) {
        let config = edge_config::parse("x", RELIED_ON).unwrap();
        let named = [("wan", wan), ("lte", lte)].into_iter().filter_map(|(name, lease)| Some((name.parse::<Name>().unwrap(), lease?)));
        let found: BTreeMap<Name, UplinkLease> =
            usable(&config, &named.collect()).into_iter().filter_map(|(name, verdict)| Some((name, verdict.ok()?.lease))).collect();
        let fixed = ["192.168.0.0/24", "203.0.113.0/24", "9.9.9.9/32", "1.1.1.1/32"].map(net);
        for (name, lease) in &found {
            let led_to: Vec<Ipv4Net> = lease.routes.iter().map(|(to, _)| *to).collect();
            prop_assert!(routes::size(&led_to) <= 1 << 24);
            let others: Vec<&UplinkLease> = found.iter().filter(|(other, _)| *other != name).map(|(_, lease)| lease).collect();
            let of_others = others.iter().flat_map(|other| other.dns.iter().map(|server| Ipv4Net::from(*server)).chain([other.interface.subnet()]));
            let theirs: Vec<Ipv4Net> = of_others.chain(fixed).collect();
            for to in &led_to {
                prop_assert!(theirs.iter().all(|own| !own.contains(to) && !to.contains(own)), "{to} of {name}: {found:?}");
            }
            let subnet = lease.interface.subnet();
            prop_assert!(fixed.iter().all(|own| !own.contains(&subnet) && !subnet.contains(own)), "{subnet} of {name}");
        }
    }
}
