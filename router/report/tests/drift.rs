//! `routerctl diff` as a screen: what somebody did by hand to the fire truck.
//! `BLESS=1 cargo test -p edge-report --test drift` writes the screens anew.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, in its helper functions too")]

mod common;

use common::{FIRE_TRUCK, config, golden, state};
use edge_api::{Drift, DriftReport, Waiting};
use edge_plan::{LinkConf, LinkKind, Owner, RpFilter, Space, State, Strange, Stranger, Sysctl, diff, grouped, verdicts};
use edge_report::render;
use std::sync::Arc;

fn drift(by_hand: impl FnOnce(&mut State), strangers: &[Stranger]) -> DriftReport {
    let config = config(FIRE_TRUCK);
    let wanted = state(&config);
    let mut observed = wanted.clone();
    by_hand(&mut observed);
    let found = diff(&wanted, &observed);
    let waiting = found.waiting.iter().map(|one| Waiting {
        device: one.device.to_string(),
        needed_by: one.for_links.iter().map(|link| format!("link {link}")).collect(),
        why: None,
    });
    edge_report::drift(&grouped(verdicts(&wanted, &observed, &found), &config, &config), waiting.collect(), strangers)
}

fn router() -> Space {
    Space::Named("router".parse().unwrap())
}

#[test]
fn none() {
    let report = drift(|_| {}, &[]);
    assert_eq!(render::diff(&report, false), "no drift\n");
}

#[test]
fn a_device_that_is_pulled_is_no_drift() {
    let pulled = |state: &mut State| {
        let host = state.spaces.get_mut(&Space::Host).unwrap();
        host.links.retain(|name, _| !name.as_str().starts_with("enp2s0"));
    };
    let report = drift(pulled, &[]);
    assert_eq!(report.drifted, 0);
    golden("drift/pulled", &render::diff(&report, false));
}

#[test]
fn everything_one_can_do_by_hand() {
    let by_hand = |state: &mut State| {
        let host = state.spaces.get_mut(&Space::Host).unwrap();
        host.links.get_mut("br0").unwrap().up = false;
        host.links.get_mut("br0").unwrap().mac = "02:00:00:00:00:99".parse().ok();
        host.links.get_mut("enp2s0.1").unwrap().master = None;
        host.links.remove("enp2s0.2");
        host.links.get_mut("br1").unwrap().owner = Owner::Foreign;
        host.links.get_mut("rt-vehicle").unwrap().conf = Some(LinkConf { rp_filter: RpFilter::Off, forwarding: false });
        host.links.insert("br9".parse().unwrap(), edge_plan::Link { kind: LinkKind::Bridge, ..host.links["br0"].clone() });
        host.table = None;
        let space = state.spaces.get_mut(&router()).unwrap();
        space.addresses.retain(|address| address.link.as_str() != "gw-vehicle");
        space.routes.clear();
        space.sysctls.insert(Sysctl::IpForward, false);
        let table = Arc::make_mut(space.table.as_mut().unwrap());
        table.foreign.push("flowtable mine".to_owned());
        table.chains.iter_mut().find(|chain| chain.name == "forward").unwrap().rules.pop();
        table.sets.iter_mut().find(|set| set.name == "masqueraded").unwrap().elements.clear();
        table.sets.iter_mut().find(|set| set.name == "crossings").unwrap().elements.pop_first();
    };
    let strange = |space: Space, link: &str, thing| Stranger { space, link: link.parse().unwrap(), thing };
    let strangers = [
        strange(Space::Host, "br0", Strange::Address("10.9.9.9/24".parse().unwrap())),
        strange(Space::Host, "br0", Strange::Port("tap0".parse().unwrap())),
        strange(router(), "up-wan", Strange::Route { destination: "10.7.0.0/16".parse().unwrap(), via: None }),
    ];
    let report = drift(by_hand, &strangers);
    golden("drift/by-hand", &render::diff(&report, false));
    let kinds = |drift| report.parts.iter().flat_map(|part| &part.objects).filter(|object| object.drift == drift).count();
    assert_eq!([Drift::Missing, Drift::Altered, Drift::Extra, Drift::Taken].map(kinds), [4, 5, 1, 1]);
    assert_eq!(report.drifted, 11);
}

#[test]
fn the_json_is_stable() {
    let report = drift(|state| state.spaces.get_mut(&Space::Host).unwrap().links.get_mut("br0").unwrap().up = false, &[]);
    let wanted = serde_json::json!({
        "drifted": 1,
        "parts": [{ "kind": "network", "name": "vehicle", "objects": [{
            "space": "host", "object": "bridge br0", "drift": "altered", "with": null,
            "deviations": [{ "what": "link", "is": "down", "should_be": "up" }],
        }] }],
        "waiting": [],
        "foreign": [],
    });
    assert_eq!(serde_json::to_value(&report).unwrap(), wanted);
}
