//! The article's vehicle, read whole.

#![allow(clippy::unwrap_used, reason = "the helpers of a test are test code")]

use edge_config::*;
use edge_net::{AttachKind, Interface, Name, VlanId};
use ipnet::Ipv4Net;
use std::{net::Ipv4Addr, time::Duration};

const FILE: &str = include_str!("../../lab/scenarios/fire-truck/edge-router.toml");

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

fn interface(text: &str) -> Interface {
    Interface::new(text.parse::<Ipv4Net>().unwrap()).unwrap()
}

fn network(called: &str, vlan: u16, bridge: &str, subnet: u8) -> Network {
    Network {
        name: name(called),
        tagged: Some(Tagged { trunk: "enp2s0".parse().unwrap(), vlan: VlanId::new(vlan).unwrap() }),
        ports: vec![],
        bridge: bridge.parse().unwrap(),
        address: interface(&format!("10.0.{subnet}.3/24")),
        dhcp: Some(Dhcp::Server(DhcpServer::new(Ipv4Addr::new(10, 0, subnet, 100), Ipv4Addr::new(10, 0, subnet, 199)))),
        attach: AttachKind::Bridge,
    }
}

fn host(called: &str, network: &str, mac: Option<&str>, address: [u8; 4]) -> Host {
    let device = mac.map(|mac| DeviceId::Mac(mac.parse().unwrap()));
    Host { name: name(called), network: name(network), device, address: address.into() }
}

fn allow(from: &str, to: &str) -> Allow {
    Allow { from: Endpoint::Network(name(from)), to: Endpoint::Uplink(name(to)), protocol: None, ports: vec![] }
}

fn expected() -> Config {
    Config {
        system: System { hostname: Some("fire-truck-1".into()), ssh_from: vec![name("vehicle")], ..System::default() },
        namespace: Some(name("router")),
        drift: Drift::Mend,
        uplinks: vec![Uplink {
            name: name("wan"),
            device: "wlp3s0f0".parse().unwrap(),
            link: UplinkLink::IpvlanL2,
            address: UplinkAddress::Static(interface("192.168.50.2/24")),
            gateway: Some(Ipv4Addr::new(192, 168, 50, 1)),
            dns: vec![],
            masquerade: true,
            metric: 100,
            probe: vec![],
            probe_interval: Duration::from_secs(1),
        }],
        networks: vec![network("vehicle", 1, "br0", 1), network("equipment", 2, "br1", 2)],
        hosts: vec![
            host("device1", "vehicle", Some("02:00:00:00:01:05"), [10, 0, 1, 5]),
            host("device2", "equipment", Some("02:00:00:00:02:05"), [10, 0, 2, 5]),
            host("container1", "vehicle", None, [10, 0, 1, 4]),
            host("container2", "equipment", None, [10, 0, 2, 4]),
        ],
        allows: vec![allow("vehicle", "wan"), allow("equipment", "wan")],
        ..Config::default()
    }
}

#[test]
fn it_reads_as_it_says() {
    assert_eq!(parse("fire-truck.toml", FILE).unwrap(), expected());
}

#[test]
fn an_editor_of_another_system_changes_nothing() {
    let crlf = FILE.replace('\n', "\r\n");
    for text in [crlf.clone(), format!("\u{feff}{FILE}"), format!("\u{feff}{crlf}")] {
        assert_eq!(parse("fire-truck.toml", &text).unwrap(), expected());
    }
}

#[test]
fn an_editor_of_another_system_moves_no_mistake() {
    let wrong = FILE.replace("10.0.2.3/24", "10.0.2.0/24").replace("\"equipment\"\nto ", "\"équipement\"\ntoo ");
    let crlf = wrong.replace('\n', "\r\n");
    let plain = parse("fire-truck.toml", &wrong).unwrap_err();
    assert!(plain.len() >= 3, "{}", plain.render(false));
    for text in [crlf.clone(), format!("\u{feff}{wrong}"), format!("\u{feff}{crlf}")] {
        assert_eq!(parse("fire-truck.toml", &text).unwrap_err().render(false), plain.render(false));
    }
}

#[test]
fn nothing_is_a_configuration_too() {
    assert_eq!(parse("empty.toml", "").unwrap(), Config::default());
}

#[test]
fn what_the_file_leaves_out_has_its_default() {
    let text = "[[uplink]]\nname = 'a'\ndevice = 'eth0'\naddress = 'dhcp'\n[[uplink]]\nname = 'b'\ndevice = 'eth1'\naddress = 'dhcp'\n\
                [[network]]\nname = 'n'\naddress = '10.0.0.1/24'\ndhcp = { from = '10.0.0.2', to = '10.0.0.3' }\n";
    let config = parse("defaults.toml", text).unwrap();
    assert_eq!(config.uplinks.iter().map(|uplink| uplink.metric).collect::<Vec<_>>(), [100, 200]);
    assert!(config.uplinks.iter().all(|uplink| uplink.masquerade && uplink.link == UplinkLink::Direct));
    let network = &config.networks[0];
    assert_eq!((network.bridge.as_str(), network.attach), ("br-n", AttachKind::Bridge));
    assert_eq!(network.dhcp.as_ref().and_then(Dhcp::server).unwrap().lease, Duration::from_secs(12 * 3600));
}

#[test]
fn colour_is_for_terminals_only() {
    let diagnostics = parse("wrong.toml", "nothing = 1").unwrap_err();
    assert!(!diagnostics.render(false).contains('\u{1b}'));
    assert!(diagnostics.render(true).contains("\u{1b}["));
}
