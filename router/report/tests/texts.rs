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

#[test]
fn a_warning_is_a_sentence_after_what_is_wrong() {
    let told = |place: Option<&str>, help: &str| Warning {
        place: place.map(str::to_owned),
        message: "it has no effect".into(),
        help: Some(help.into()),
    };
    let warnings = vec![told(Some("x.toml:2:7"), "leave it out"), told(None, "stop it\x1b[2J")];
    let lines = "! warning: x.toml:2:7: it has no effect\n! warning: it has no effect: stop it?[2J\n";
    let problems = vec![Problem { what: "it is wrong".into(), why: None }];
    let status = render::status(&Status { warnings: warnings.clone(), problems, ..Status::default() }, 0, false);
    assert!(status.contains(&format!("! it is wrong\n{lines}")), "{status}");
    let plan = PlanReport { warnings: warnings.clone(), nothing_to_change: true, ..PlanReport::default() };
    assert_eq!(render::plan(&plan, false, false), format!("{lines}\nnothing to change\n"));
    let apply = ApplyReport { warnings, took_ms: 3, ..ApplyReport::default() };
    assert_eq!(render::apply(&apply, false), format!("{lines}nothing to change (3 ms)\n"));
}

#[test]
fn chains_that_drop_are_told_where_there_are_networks() {
    let dropper = |by_policy| edge_plan::Dropper { family: "ip", table: "filter".into(), chain: "FORWARD".into(), by_policy };
    let found =
        edge_plan::Surroundings { droppers: vec![dropper(true), dropper(false)], old_iptables: true, ..Default::default() };
    let told = edge_report::warning::of_droppers(&common::config(common::FIRE_TRUCK), &found);
    let ends = ["drops by its policy what it does not accept", "drops by its last rule what it does not accept", "what crosses"];
    assert_eq!(told.len(), 3);
    assert!(told.iter().zip(ends).all(|(warning, end)| warning.message.ends_with(end)), "{told:?}");
    assert!(edge_report::warning::of_droppers(&common::config(""), &found).is_empty());
    assert!(edge_report::warning::of_droppers(&common::config(common::FIRE_TRUCK), &Default::default()).is_empty());
}
