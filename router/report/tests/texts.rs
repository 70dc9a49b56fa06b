//! The shorter answers as text.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking, in its helper functions too")]

mod common;

use edge_api::*;
use edge_report::render;

#[test]
fn an_apply_reads_like_ip() {
    let (before, after) = (common::machine(&["enp2s0", "wlp3s0f0"]), common::state(&common::config(common::FIRE_TRUCK)));
    let changes: Vec<Change> = edge_plan::diff(&after, &before).ops.iter().map(edge_report::change).collect();
    let report = ApplyReport { writes: 31, changes, took_ms: 12, ..ApplyReport::default() };
    common::golden("apply", &render::apply(&report, false));
    assert_eq!(render::apply(&ApplyReport { took_ms: 3, ..ApplyReport::default() }, false), "nothing to change (3 ms)\n");
}

#[test]
fn the_matrix_names_the_services() {
    let text = r#"
        [[network]]
        name = "a"
        address = "10.0.1.1/24"
        [[network]]
        name = "b"
        address = "10.0.2.1/24"
        [[allow]]
        from = "a"
        to = "b"
        protocol = "tcp"
        ports = [80, "8000-8010"]
    "#;
    let config = edge_config::parse("test.toml", text).unwrap();
    let matrix = edge_report::reachability(&config, &edge_plan::Facts::default());
    assert_eq!(matrix.nodes, ["a", "b", "router in a", "router in b"]);
    let row = matrix.rows.iter().find(|row| row.from == "a" && row.to == "b").unwrap();
    assert_eq!((row.reachable, row.only.join(", ").as_str()), (true, "tcp 80, tcp 8000-8010"));
    let shown = render::reachability(&matrix, false);
    assert!(shown.lines().any(|line| line.starts_with("b             a             no")), "{shown}");
    assert!(render::reachability(&Reachability::default(), false).contains("nobody to reach"));
}

#[test]
fn an_attachment_is_told_in_a_line() {
    let one = Attached {
        netns: "/run/netns/c1".into(),
        name: "c1".into(),
        network: "vehicle".into(),
        ifname: "eth0".into(),
        address: "10.0.1.4/24".into(),
        gateway: [10, 0, 1, 3].into(),
        mac: "02:00:00:00:00:01".into(),
    };
    assert_eq!(render::attached(&one), "c1 is 10.0.1.4/24 in vehicle (eth0, 02:00:00:00:00:01, gateway 10.0.1.3)\n");
    assert_eq!(render::detached(&Detached { detached: vec![one] }), "c1 left vehicle; 10.0.1.4/24 is kept for it\n");
    assert_eq!(render::detached(&Detached::default()), "it was not attached\n");
    assert_eq!(render::leases(&Leases::default(), 0, false), "no leases\n");
}

#[test]
fn an_error_is_one_line_then_detail() {
    let detail = ["first\nsecond".to_owned()];
    assert_eq!(render::failure("it is wrong\x1b[2J", &detail, false), "error: it is wrong?[2J\n  first\n  second\n");
}
