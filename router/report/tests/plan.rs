//! `routerctl plan` as a screen: from one configuration to another, on a box where something may be missing or in the way.
//! `BLESS=1 cargo test -p edge-report --test plan` writes the screens anew.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, in its helper functions too")]

mod common;

use common::{FIRE_TRUCK, config, golden, machine, state};
use edge_api::{EndedSession, Guarded, Judgement, PartKind, PlanReport, Waiting};
use edge_config::Config;
use edge_plan::{Owner, Space, State, diff, grouped, verdicts};
use edge_report::{Living, effects, render};

fn plan(before: &Config, observed: &State, to: &Config) -> PlanReport {
    let wanted = state(to);
    let found = diff(&wanted, observed);
    let waiting = found.waiting.iter().map(|one| Waiting {
        device: one.device.to_string(),
        needed_by: one.for_links.iter().map(|link| format!("link {link}")).collect(),
        why: None,
    });
    let waiting = waiting.collect();
    let effects = effects(before, to, &Living::default());
    edge_report::plan(effects, &found.ops, &grouped(verdicts(&wanted, observed, &found), to, before), waiting)
}

/// From a box that is as `before` says.
fn change(name: &str, before: &str, to: &str) -> PlanReport {
    let (before, to) = (config(before), config(to));
    let report = plan(&before, &state(&before), &to);
    golden(&format!("plan/{name}"), &render::plan(&report, false, false));
    report
}

#[test]
fn nothing() {
    let report = change("nothing", FIRE_TRUCK, FIRE_TRUCK);
    assert!(report.nothing_to_change && report.unchanged == 30, "{}", report.unchanged);
    let all = render::plan(&report, true, false);
    assert_eq!(all.lines().filter(|line| line.contains(" unchanged ")).count(), report.unchanged as usize, "{all}");
}

#[test]
fn a_cold_box() {
    let to = config(FIRE_TRUCK);
    let report = plan(&Config::default(), &machine(&["enp2s0", "wlp3s0f0"]), &to);
    golden("plan/cold", &render::plan(&report, false, false));
}

#[test]
fn a_trunk_that_is_not_there_and_a_name_that_is_taken() {
    let to = config(FIRE_TRUCK);
    let mut observed = machine(&["wlp3s0f0", "br1"]);
    observed.spaces.get_mut(&Space::Host).unwrap().links.get_mut("br1").unwrap().owner = Owner::Foreign;
    let report = plan(&Config::default(), &observed, &to);
    golden("plan/waiting", &render::plan(&report, false, false));
}

#[test]
fn another_allow() {
    let more = format!("{FIRE_TRUCK}\n[[allow]]\nfrom = \"vehicle\"\nto = \"equipment\"\n");
    let report = change("allow", FIRE_TRUCK, &more);
    let touched = |kind: PartKind| report.parts.iter().filter(move |part| part.kind == kind).flat_map(|part| &part.objects);
    assert!(touched(PartKind::Table("network".to_owned())).all(|object| object.verdict == Judgement::Unchanged));
}

#[test]
fn another_vlan() {
    change("vlan", FIRE_TRUCK, &FIRE_TRUCK.replace("vlan    = 2", "vlan    = 20"));
}

#[test]
fn another_bridge_and_address() {
    let to = FIRE_TRUCK.replace("bridge  = \"br0\"", "bridge  = \"br-v\"").replace("10.0.1.", "10.9.1.");
    change("bridge", FIRE_TRUCK, &to);
}

#[test]
fn out_of_the_namespace() {
    change("namespace", FIRE_TRUCK, &FIRE_TRUCK.replace("namespace = \"router\"", ""));
}

#[test]
fn everything_goes() {
    change("everything-goes", FIRE_TRUCK, "");
}

#[test]
fn what_an_apply_asks_for_comes_first() {
    let before = config(FIRE_TRUCK);
    let ends = |from: &str, address: &str, line, why: &str| {
        let (from, address, why) = (from.to_owned(), address.to_owned(), why.to_owned());
        EndedSession { from, address, port: 50_000, line, why }
    };
    let twice = ends("vehicle", "10.0.1.5", Some(7), "`ssh-from` no longer names vehicle");
    let long = "the file has no more network a-name-that-takes-as-many-letters-as-a-name-may-take-which-is-sixty-three";
    let guarded = Guarded {
        ends: vec![twice.clone(), EndedSession { port: 50_001, ..twice }, ends("vehicle", "10.0.1.6", None, long)],
        takes_away: vec!["network vehicle".to_owned(), "uplink wan".to_owned()],
    };
    let report = PlanReport { guarded: Some(guarded), ..plan(&before, &state(&before), &before) };
    golden("plan/guarded", &render::plan(&report, false, false));
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["guarded"]["takes_away"], serde_json::json!(["network vehicle", "uplink wan"]));
    let one = serde_json::json!({ "from": "vehicle", "address": "10.0.1.6", "port": 50_000, "line": null, "why": long });
    assert_eq!(json["guarded"]["ends"][2], one);
}

#[test]
fn the_json_is_stable() {
    let report = change("vlan", FIRE_TRUCK, &FIRE_TRUCK.replace("vlan    = 2", "vlan    = 20"));
    let json = serde_json::to_value(&report).unwrap();
    let part = json["parts"].as_array().unwrap().iter().find(|part| part["name"] == "equipment").unwrap();
    assert_eq!((&part["kind"], &part["effects"]), (&"network".into(), &serde_json::json!(["devices-cut-off"])));
    let object = part["objects"].as_array().unwrap().iter().find(|object| object["verdict"] == "recreated").unwrap();
    assert_eq!((&object["space"], &object["object"]), (&"host".into(), &"vlan enp2s0.20".into()));
    assert_eq!(object["why"], serde_json::json!(["VLAN id 2 -> 20: the kernel cannot change it on a living link"]));
}

#[test]
fn what_a_part_is_is_a_word_in_json_whether_it_is_known_or_not() {
    let table = |word: &str| PartKind::Table(word.to_owned());
    let kinds = [PartKind::Policy, PartKind::Box, table("network"), table("uplink"), table("one-of-next-year")];
    for (kind, json) in kinds.into_iter().zip(["policy", "box", "network", "uplink", "one-of-next-year"]) {
        assert_eq!(serde_json::to_value(&kind).unwrap(), json);
        assert_eq!(serde_json::from_value::<PartKind>(json.into()).unwrap(), kind);
    }
}
