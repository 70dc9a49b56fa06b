//! `routerctl status` as a screen: each case is a folder with what the daemon answers and what is shown.
//! `BLESS=1 cargo test -p edge-report --test status` writes the screens anew.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, in its helper functions too")]

use edge_api::{FlowsStatus, NetworkState, NetworkStatus, Status, Waiting};
use edge_report::render;
use std::{fs, path::PathBuf};

/// 2026-11-21 12:40 UTC
const NOW: u64 = 1_795_264_800;

#[test]
fn fire_truck() {
    case("fire-truck");
}

#[test]
fn missing_trunk_and_uplink_down() {
    case("missing-trunk");
}

#[test]
fn several_uplinks() {
    case("uplinks");
}

#[test]
fn empty_box() {
    case("empty");
}

#[test]
fn used_up_flows() {
    case("flows");
}

#[test]
fn long_names() {
    case("long-names");
}

#[test]
fn colour_changes_nothing_but_colour() {
    let status = load("missing-trunk");
    let painted = render::status(&status, NOW, true);
    assert!(painted.contains("\x1b["));
    let codes = ["\x1b[0m", "\x1b[1m", "\x1b[31m", "\x1b[32m", "\x1b[33m"];
    assert_eq!(codes.iter().fold(painted, |text, code| text.replace(code, "")), render::status(&status, NOW, false));
}

#[test]
fn a_thousand_networks() {
    let network = |n: u32| NetworkStatus {
        name: format!("network-{n}"),
        vlan: Some(n as u16 + 1),
        trunk: Some("enp2s0".into()),
        ports: vec![],
        bridge: format!("br-network-{n}"),
        router: format!("10.{}.{}.1/24", n / 256, n % 256),
        nodes: n,
        pool_used: Some(n % 80),
        pool_size: Some(100),
        dhcp: None,
        reaches: (0..n).map(|to| format!("network-{to}")).collect(),
        state: if n == 777 { NetworkState::Down } else { NetworkState::Up },
        why: None,
    };
    let mut status = Status { hostname: "hub".into(), networks: (0..1000).map(network).collect(), ..Status::default() };
    let needed_by = (0..1000).map(|n| format!("network network-{n}")).filter(|name| name != "network network-777").collect();
    status.waiting.push(Waiting { device: "enp2s0".into(), needed_by, why: None });
    status.add_problems();
    let screen = render::status(&status, NOW, false);
    narrow(&screen);
    let lines: Vec<_> = screen.lines().collect();
    assert_eq!(lines.len(), 1 + 1 + 2 + 1 + 1001, "headline, two problems, networks");
    assert!(
        lines[2]
            .starts_with("! enp2s0 is missing, needed by network network-0, network network-1, network network-2 and 996 more"),
        "{}",
        lines[2]
    );
    assert_eq!(lines[3], "! network network-777 is down");
    assert!(lines[6].starts_with("network-777"), "what is wrong comes first: {}", lines[6]);
}

fn case(name: &str) {
    let mut status = load(name);
    status.add_problems();
    let screen = render::status(&status, NOW, false);
    narrow(&screen);
    let file = folder(name).join("status.txt");
    if std::env::var_os("BLESS").is_some() {
        fs::write(&file, &screen).unwrap();
    }
    assert_eq!(screen, fs::read_to_string(file).unwrap());
}

fn load(name: &str) -> Status {
    serde_json::from_str(&fs::read_to_string(folder(name).join("status.json")).unwrap()).unwrap()
}

fn folder(name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "tests", "cases", name].iter().collect()
}

fn narrow(screen: &str) {
    for line in screen.lines() {
        assert!(line.chars().count() <= render::WIDTH, "{} columns: {line}", line.chars().count());
    }
}

#[test]
fn a_pool_that_is_nearly_used_up_is_a_problem() {
    let network = |name: &str, used, size| NetworkStatus {
        name: name.into(),
        vlan: None,
        trunk: None,
        ports: vec![],
        bridge: format!("br-{name}"),
        router: "10.0.1.1/24".into(),
        nodes: 0,
        pool_used: used,
        pool_size: size,
        dhcp: None,
        reaches: vec![],
        state: NetworkState::Up,
        why: None,
    };
    let problems = |networks| {
        let mut status = Status { networks, ..Status::default() };
        status.add_problems();
        status.problems.into_iter().map(|problem| problem.what).collect::<Vec<_>>()
    };
    assert!(problems(vec![network("a", Some(89), Some(100)), network("b", None, None)]).is_empty());
    assert_eq!(problems(vec![network("a", Some(95), Some(100))]), ["network a has 5 of 100 DHCP addresses left"]);
    let two = vec![network("a", Some(9), Some(10)), network("b", Some(10), Some(10))];
    assert_eq!(problems(two), ["networks a, b are short of DHCP addresses"]);
}

#[test]
fn a_table_of_flows_that_is_nearly_full_is_a_problem() {
    let problems = |in_use, max| {
        let mut status = Status { flows: Some(FlowsStatus { in_use, max, refused: vec![] }), ..Status::default() };
        status.add_problems();
        status.problems.len()
    };
    let cases = [(0, 65_536), (58_982, 65_536), (58_983, 65_536), (65_536, 65_536), (u32::MAX, 1), (7, 0)];
    assert_eq!(cases.map(|(in_use, max)| problems(in_use, max)), [0, 0, 1, 1, 1, 0], "no limit (0) is never full");
}
