//! Which ssh sessions a change of the file ends, and what it says of it.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test ends where it fails")]

use edge_config::Config;
use edge_net::{Interface, Name};
use edge_plan::{
    Facts, Space, UplinkLease, desired,
    guard::{Session, Side, ended},
};
use proptest::prelude::*;
use std::net::SocketAddr;

const FILE: &str = r#"[system]
ssh-from = ["lan", "hold", "wan", "lte"]

[[uplink]]
name = "wan"
device = "eth0"
address = "192.0.2.2/24"
gateway = "192.0.2.1"

[[uplink]]
name = "lte"
device = "eth5"
address = "198.51.100.2/24"
gateway = "198.51.100.1"

[[network]]
name = "lan"
trunk = "eth1"
vlan = 1
address = "10.0.1.1/24"

[[network]]
name = "hold"
ports = ["eth2", "eth3"]
address = "10.0.2.1/24"
"#;

fn config(text: &str) -> Config {
    edge_config::parse("test.toml", text).unwrap_or_else(|errors| panic!("{text}\n{}", errors.render(false)))
}

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

fn session(link: &str, local: &str, remote: &str) -> Session {
    let at = |address: &str, port| SocketAddr::new(address.parse().unwrap(), port);
    let link = (!link.is_empty()).then(|| link.parse().unwrap());
    Session { space: Space::Host, local: at(local, 22), remote: at(remote, 50_000), link, ports: Vec::new() }
}

fn lan() -> Session {
    session("br-lan", "10.0.1.1", "10.0.1.20")
}

fn hold() -> Session {
    session("br-hold", "10.0.2.1", "10.0.2.20")
}

fn wan() -> Session {
    session("eth0", "192.0.2.2", "203.0.113.9")
}

/// `lan: line 2: words`, or why not.
fn told_of(session: &Session, before: Option<&str>, after: &str, facts: &Facts) -> String {
    let (before, then) = (before.map(config), config(after));
    let before = before.as_ref().map(|config| Side { config, facts });
    let ends = ended(std::slice::from_ref(session), before, Side { config: &then, facts });
    ends.first().map_or("stays".to_owned(), |end| {
        let line = end.why.at.as_ref().map(|at| format!("line {}: ", at.line(after).unwrap()));
        format!("{}: {}{}", end.from, line.unwrap_or_default(), end.why.words)
    })
}

/// What becomes of it where this table is left out, and its name in `ssh-from`.
fn without(session: &Session, zone: &str) -> String {
    let is_it = |table: &&str| table.starts_with("[[") && table.contains(&format!("name = \"{zone}\""));
    let tables: Vec<_> = FILE.split("\n\n").filter(|table| !is_it(table)).collect();
    let after = tables.join("\n\n").replace(&format!("\"{zone}\", "), "").replace(&format!(", \"{zone}\""), "");
    assert!(!after.contains(&format!("\"{zone}\"")), "{after}");
    told_of(session, Some(FILE), &after, &Facts::default())
}

/// What becomes of it where `from` is replaced.
fn changed(session: &Session, from: &str, to: &str) -> String {
    assert!(FILE.contains(from), "{from}");
    told_of(session, Some(FILE), &FILE.replace(from, to), &Facts::default())
}

#[test]
fn an_address_that_goes_or_moves_ends_it() {
    let (moved, wider) = ("10.0.9.1/24", "10.0.0.1/16");
    assert_eq!(changed(&lan(), "10.0.1.1/24", moved), "lan: line 20: `address` of lan is 10.0.9.1/24, not 10.0.1.1/24");
    assert_eq!(changed(&lan(), "10.0.2.1/24", "10.0.9.1/24"), "stays", "another network's");
    assert_eq!(
        changed(&wan(), "192.0.2.2/24", "192.0.2.3/24"),
        "wan: line 7: `address` of wan is 192.0.2.3/24, not 192.0.2.2/24"
    );
    let dhcp = changed(&wan(), "address = \"192.0.2.2/24\"\ngateway = \"192.0.2.1\"", "address = \"dhcp\"");
    assert_eq!(dhcp, "wan: line 7: `address` of wan is asked for by DHCP, and is 192.0.2.2/24 now");
    assert_eq!(changed(&lan(), "10.0.1.1/24", "10.0.1.1/25"), "stays", "it is in the smaller subnet too");
    assert_eq!(changed(&lan(), "10.0.1.1/24", "10.0.1.1/28"), "lan: line 20: `address` of lan is 10.0.1.1/28, not 10.0.1.1/24");
    let file = FILE.replace("10.0.2.1/24", "172.16.0.1/24");
    let all = told_of(&lan(), Some(&file), &file.replace("10.0.1.1/24", wider), &Facts::default());
    assert_eq!(all, "lan: line 20: `address` of lan is 10.0.0.1/16, not 10.0.1.1/24");
}

#[test]
fn ssh_from_ends_those_that_it_no_longer_names() {
    let words = |zone: &str| format!("{zone}: line 2: `ssh-from` no longer names {zone}");
    for (session, zone) in [(lan(), "lan"), (hold(), "hold"), (wan(), "wan")] {
        let ssh_from = FILE.lines().nth(1).unwrap();
        assert_eq!(changed(&session, &format!("\"{zone}\", "), ""), words(zone));
        assert_eq!(changed(&session, ssh_from, &format!("ssh-from = [\"{zone}\"]")), "stays");
        assert_eq!(changed(&session, ssh_from, "hostname = \"box\""), words(zone).replace("line 2", "line 1"));
    }
    let unadmitted = FILE.replace("\"lan\", ", "");
    assert_eq!(told_of(&lan(), Some(&unadmitted), &unadmitted, &Facts::default()), "stays", "it was not let in before either");
    let no_system = FILE.split_once("\n\n").unwrap().1;
    let (after, end) = (config(no_system), config(FILE));
    let facts = Facts::default();
    let ends = ended(&[lan()], Some(Side { config: &end, facts: &facts }), Side { config: &after, facts: &facts });
    assert_eq!(ends[0].why.at.as_ref().and_then(|at| at.line(no_system)), None, "there is no line to name");
}

#[test]
fn what_it_comes_by_goes_or_changes() {
    assert_eq!(without(&lan(), "lan"), "lan: the file has no more network lan");
    assert_eq!(without(&wan(), "wan"), "wan: the file has no more uplink wan");
    assert_eq!(without(&lan(), "hold"), "stays");
    #[rustfmt::skip]
    let cases = [
        (lan(),  "vlan = 1",           "vlan = 7",           "lan: line 19: `vlan` of lan is 7, not 1"),
        (lan(),  "\"eth1\"",           "\"eth9\"",           "lan: line 18: `trunk` of lan is eth9, not eth1"),
        (hold(), "vlan = 1",           "vlan = 7",           "stays"),
        (hold(), "\"eth2\", \"eth3\"", "\"eth9\"",           "hold: line 24: `ports` of hold leave out eth2, eth3"),
        (hold(), "\"eth2\", \"eth3\"", "\"eth3\"",           "stays"),
        (hold(), "\"eth2\", \"eth3\"", "\"eth2\", \"eth4\"", "stays"),
        (wan(),  "\"eth0\"",           "\"eth9\"",           "wan: line 6: `device` of wan is eth9, not eth0"),
        (wan(),  "\"eth0\"",           "\"eth0\"\nlink = \"macvlan\"", "wan: line 7: `link` of wan is macvlan, not direct"),
        (wan(),  "\"eth5\"",           "\"eth9\"",           "stays"),
    ];
    for (session, from, to, wanted) in cases {
        assert_eq!(changed(&session, from, to), wanted, "{from} -> {to}");
    }
}

/// By which of several ports somebody comes is known by where the bridge has seen the MAC address.
#[test]
fn the_port_that_it_comes_by_goes() {
    let behind = |ports: &[&str]| Session { ports: ports.iter().map(|port| port.parse().unwrap()).collect(), ..hold() };
    let leave_out = |ports: &[&str]| changed(&behind(ports), "\"eth2\", \"eth3\"", "\"eth3\", \"eth4\"");
    assert_eq!(leave_out(&["eth2"]), "hold: line 24: `ports` of hold leave out eth2");
    assert_eq!(leave_out(&["eth1.1", "eth2"]), "hold: line 24: `ports` of hold leave out eth2");
    for ports in [&["eth3"][..], &["eth2", "eth3"], &["eth1.1"], &[]] {
        assert_eq!(leave_out(ports), "stays", "{ports:?}");
    }
    let both = FILE.replace("vlan = 1", "vlan = 1\nports = [\"eth4\"]");
    let by_trunk = Session { ports: vec!["eth1.1".parse().unwrap()], ..lan() };
    let told = told_of(&by_trunk, Some(&both), &both.replace("vlan = 1", "vlan = 7"), &Facts::default());
    assert_eq!(told, "lan: line 19: `vlan` of lan is 7, not 1");
    let told = told_of(&by_trunk, Some(&both), &both.replace("trunk = \"eth1\"\nvlan = 1\n", ""), &Facts::default());
    assert_eq!(told, "lan: line 16: lan is no longer on `trunk` eth1");
}

#[test]
fn a_new_name_for_the_same_network_ends_nothing() {
    let renamed = |text: &str| text.replace("\"lan\"", "\"office\"");
    assert_eq!(told_of(&lan(), Some(FILE), &renamed(FILE), &Facts::default()), "stays");
    let swapped = renamed(FILE).replace("\"hold\"", "\"lan\"");
    assert_eq!(told_of(&lan(), Some(FILE), &swapped, &Facts::default()), "stays");
    let not_from = renamed(FILE).replace("[\"office\", ", "[");
    assert_eq!(told_of(&lan(), Some(FILE), &not_from, &Facts::default()), "lan: line 2: `ssh-from` no longer names office");
}

#[test]
fn a_namespace_takes_the_addresses_along() {
    let named = FILE.replace("[system]", "[router]\nnamespace = \"router\"\n[system]");
    for session in [lan(), wan()] {
        let told = told_of(&session, Some(FILE), &named, &Facts::default());
        assert!(told.ends_with(": line 2: `namespace` is router, and the router's addresses go there"), "{told}");
    }
    let inside = Session { space: Space::Named(name("router")), ..session("gw-lan", "10.0.1.1", "10.0.1.20") };
    assert_eq!(told_of(&inside, Some(&named), &named, &Facts::default()), "stays");
    assert_eq!(told_of(&inside, Some(&named), FILE, &Facts::default()), "lan: the file has no more `namespace` router");
    let other = named.replace("namespace = \"router\"", "namespace = \"other\"");
    let told = told_of(&inside, Some(&named), &other, &Facts::default());
    assert_eq!(told, "lan: line 2: `namespace` is other, and the router's addresses go there");
    let of_host = session("eth9", "172.16.0.2", "172.16.0.9");
    assert_eq!(told_of(&of_host, Some(FILE), &named, &Facts::default()), "stays", "a device of the host's stays there");
}

#[test]
fn answers_take_another_way() {
    let near = session("eth0", "192.0.2.2", "192.0.2.77");
    assert_eq!(
        changed(&wan(), "gateway = \"192.0.2.1\"", "gateway = \"192.0.2.9\""),
        "wan: line 8: `gateway` of wan is 192.0.2.9, not 192.0.2.1"
    );
    assert_eq!(changed(&near, "gateway = \"192.0.2.1\"", "gateway = \"192.0.2.9\""), "stays", "no gateway is on its way");
    assert_eq!(
        changed(&wan(), "gateway = \"192.0.2.1\"\n", "").split_once(": ").unwrap().1,
        "line 4: wan has no more `gateway` 192.0.2.1"
    );
    let metric = "gateway = \"198.51.100.1\"\nmetric = 7";
    assert_eq!(changed(&wan(), "gateway = \"198.51.100.1\"", metric), "wan: line 15: answers leave by lte, not by wan");
    assert_eq!(changed(&near, "gateway = \"198.51.100.1\"", metric), "stays");
    assert_eq!(without(&wan(), "lte"), "stays", "the other uplink goes");
}

#[test]
fn a_lease_is_an_address_like_another() {
    let dhcp = FILE.replace("address = \"192.0.2.2/24\"\ngateway = \"192.0.2.1\"", "address = \"dhcp\"");
    let interface = Interface::new("192.0.2.2/24".parse().unwrap()).unwrap();
    let lease = UplinkLease { interface, gateway: Some([192, 0, 2, 1].into()), dns: Vec::new(), routes: Vec::new() };
    let facts = Facts { uplink_leases: [(name("wan"), lease)].into(), ..Facts::default() };
    assert_eq!(told_of(&wan(), Some(&dhcp), &dhcp.replace("vlan = 1", "vlan = 7"), &facts), "stays");
    assert_eq!(told_of(&wan(), Some(&dhcp), FILE, &facts), "stays", "the file says now what the lease said");
    let other = FILE.replace("192.0.2.2/24", "192.0.2.3/24");
    assert_eq!(told_of(&wan(), Some(&dhcp), &other, &facts), "wan: line 7: `address` of wan is 192.0.2.3/24, not 192.0.2.2/24");
}

#[test]
fn a_device_that_no_line_named_is_taken_or_closed() {
    let by = |link| session(link, "172.16.0.2", "172.16.0.9");
    let first = |link| told_of(&by(link), None, FILE, &Facts::default());
    assert_eq!(first("eth9"), "eth9: the file does not name eth9, and what it does not name is closed");
    assert_eq!(first("eth1"), "eth1: what comes by eth1 itself is closed");
    assert_eq!(first("eth0"), "stays", "the uplink's own device, and ssh-from names it");
    assert_eq!(first("eth2"), "eth2: line 24: `ports` of hold take eth2");
    let unnamed = FILE.replace("\"wan\", ", "");
    assert_eq!(told_of(&by("eth0"), None, &unnamed, &Facts::default()), "eth0: line 2: `ssh-from` does not name wan");
    let with = |unnamed: &str| FILE.replace("[system]", &format!("[system]\nunnamed = \"{unnamed}\""));
    let (open, closed) = (with("untouched"), with("closed"));
    let told = |before: Option<&str>, after: &str| told_of(&by("eth9"), before, after, &Facts::default());
    assert_eq!(told(None, &closed), "eth9: line 2: `unnamed` closes eth9, which the file does not name");
    assert_eq!(told(Some(&open), &closed), "eth9: line 2: `unnamed` closes eth9, which the file does not name");
    assert_eq!([told(None, &open), told(Some(&closed), &open), told(Some(&open), &open)], ["stays"; 3]);
    assert_eq!(told(Some(&open), &open.replace("\"eth1\"", "\"eth9\"")), "eth9: what comes by eth9 itself is closed");
    // Something is in force, so that new ones are closed already: what is open stays, but where its device is taken.
    assert_eq!(changed(&by("eth9"), "vlan = 1", "vlan = 7"), "stays");
    assert_eq!(changed(&by("eth9"), "\"eth1\"", "\"eth9\""), "stays");
    assert_eq!(changed(&by("eth9"), "\"eth3\"", "\"eth9\""), "eth9: line 24: `ports` of hold take eth9");
    let named = FILE.replace("[system]", "[router]\nnamespace = \"router\"\n[system]");
    let before = named.replace("\"eth0\"", "\"eth7\"");
    let told = told_of(&by("eth0"), Some(&before), &named, &Facts::default());
    assert_eq!(told, "eth0: line 8: `device` of wan takes eth0 to router");
}

#[test]
fn an_empty_file_ends_what_came_by_the_file() {
    for text in ["", "# nothing\n", "[system]\nhostname = \"box\"\n"] {
        let told = |session| told_of(&session, Some(FILE), text, &Facts::default());
        assert_eq!(told(lan()), "lan: the file has no more network lan");
        assert_eq!(told(wan()), "wan: the file has no more uplink wan");
        assert_eq!(told(session("eth9", "172.16.0.2", "172.16.0.9")), "stays");
    }
}

#[test]
fn what_cannot_be_told_is_not_ended_but_where_its_address_goes() {
    let unknown = session("", "10.0.1.1", "203.0.113.1");
    assert_eq!(changed(&unknown, "vlan = 1", "vlan = 7"), "stays");
    assert_eq!(without(&unknown, "lan"), "somewhere: the file has no more network lan, whose 10.0.1.1 it was opened to");
    let by_wan = session("eth0", "10.0.1.1", "203.0.113.9");
    assert_eq!(without(&by_wan, "lan"), "wan: the file has no more network lan, whose 10.0.1.1 it was opened to");
    for inside in [session("lo", "10.0.1.1", "10.0.1.1"), session("", "127.0.0.1", "127.0.0.1")] {
        assert_eq!(told_of(&inside, Some(FILE), "", &Facts::default()), "stays");
    }
}

#[test]
fn an_ipv4_address_in_ipv6_clothes_is_one_of_ipv4() {
    let mapped = session("br-lan", "::ffff:10.0.1.1", "::ffff:10.0.1.20");
    assert_eq!(changed(&mapped, "10.0.1.1/24", "10.0.9.1/24"), changed(&lan(), "10.0.1.1/24", "10.0.9.1/24"));
    let ipv6 = session("br-lan", "fe80::1", "fe80::2");
    assert_eq!(changed(&ipv6, "vlan = 1", "vlan = 7"), changed(&lan(), "vlan = 1", "vlan = 7"));
    assert_eq!(changed(&ipv6, "\"lan\", ", ""), "stays", "IPv6 was never let in");
}

/// Some lines of a file, of which some are left out or otherwise.
fn files() -> impl Strategy<Value = String> {
    let network = |n: usize| {
        (prop_oneof![Just(n), Just(n + 4)], 1..3usize, any::<bool>()).prop_map(move |(subnet, vlan, there)| {
            let vlan = vlan * 10 + n;
            let text =
                format!("[[network]]\nname = \"n{n}\"\ntrunk = \"eth1\"\nvlan = {vlan}\naddress = \"10.0.{subnet}.1/24\"\n");
            if there { text } else { String::new() }
        })
    };
    let ssh = prop::sample::subsequence(vec!["n1", "n2", "n3"], 0..=3);
    ((network(1), network(2), network(3)), ssh).prop_map(|((a, b, c), ssh)| {
        let tables = [a, b, c].concat();
        let ssh: Vec<_> = ssh.into_iter().filter(|zone| tables.contains(&format!("\"{zone}\""))).collect();
        format!("[system]\nssh-from = {ssh:?}\n{tables}")
    })
}

proptest! {
    /// By another way of telling: what the kernel is to look like, and the rules it is to have.
    #[test]
    fn what_stays_can_go_on_and_what_ends_cannot(before in files(), after in files(), n in 1..4usize) {
        let facts = Facts::default();
        let (was, is) = (config(&before), config(&after));
        prop_assume!(was.networks.iter().any(|network| network.name == name(&format!("n{n}"))));
        let network = was.network(&name(&format!("n{n}"))).unwrap();
        let local = network.address.address();
        let remote = std::net::Ipv4Addr::from_bits(local.to_bits() + 19);
        let session = session(network.bridge.as_str(), &local.to_string(), &remote.to_string());
        let (kernel_was, kernel_is) = (desired(&was, &facts), desired(&is, &facts));
        let vlan_of = |state: &edge_plan::State| {
            let host = &state.spaces[&Space::Host];
            let link = host.addresses.iter().find(|own| own.interface.address() == local)?.link;
            let port = host.links.iter().find(|(_, port)| port.master == Some(link))?.0;
            Some(*port)
        };
        let rules = |state: &edge_plan::State, config: &Config| {
            let table = state.spaces[&Space::Host].table.clone().unwrap();
            let zone = config.networks.iter().find(|network| network.address.address() == local);
            zone.and_then(|zone| table.chains.iter().find(|chain| chain.name == format!("input-{}", zone.name)).map(|chain| chain.rules.len()))
        };
        let stays = vlan_of(&kernel_was) == vlan_of(&kernel_is) && rules(&kernel_is, &is) >= rules(&kernel_was, &was);
        let ends = ended(&[session], Some(Side { config: &was, facts: &facts }), Side { config: &is, facts: &facts });
        prop_assert_eq!(ends.is_empty(), stays, "{}\n->\n{}\n{:?}", before, after, ends);
    }

    #[test]
    fn a_file_that_does_not_change_and_one_that_grows_end_nothing(file in files(), n in 1..4usize) {
        let facts = Facts::default();
        let grown = file.clone() + "[[network]]\nname = \"more\"\nports = [\"eth8\"]\naddress = \"10.9.0.1/24\"\n\
            [[host]]\nname = \"h\"\nnetwork = \"more\"\naddress = \"10.9.0.9\"\n[[uplink]]\nname = \"out\"\ndevice = \"eth7\"\n\
            address = \"192.0.2.2/24\"\n[[allow]]\nfrom = \"h\"\nto = \"out\"\n";
        let (was, is) = (config(&file), config(&grown));
        for subnet in [n, n + 4] {
            let session = session(&format!("br-n{n}"), &format!("10.0.{subnet}.1"), &format!("10.0.{subnet}.20"));
            for after in [&was, &is] {
                let ends = ended(std::slice::from_ref(&session), Some(Side { config: &was, facts: &facts }), Side { config: after, facts: &facts });
                prop_assert!(ends.is_empty(), "{:?}", ends);
            }
        }
    }
}
