//! Screens of as many networks as there are VLANs: a walk through all of them for each line would be felt here.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test ends where it fails")]

use edge_config::Config;
use edge_plan::{Diff, Facts, Link, LinkKind, Owner, Space, SpaceState, State, desired, diff, grouped, verdicts};
use edge_report::{Living, effects, render};
use std::fmt::Write;

/// IEEE 802.1Q, 9.6
const VLANS: usize = 4094;

fn config(networks: usize, more: &str) -> Config {
    let mut text = String::new();
    for n in 1..=networks {
        let subnet = format!("10.{}.{}", n / 256, n % 256);
        let _ = write!(
            text,
            "[[network]]\nname = \"n{n}\"\nvlan = {n}\ntrunk = \"t0\"\naddress = \"{subnet}.1/24\"\n\
             dhcp = {{ from = \"{subnet}.100\", to = \"{subnet}.199\" }}\n"
        );
    }
    edge_config::parse("scale.toml", &(text + more)).unwrap_or_else(|errors| panic!("{}", errors.render(false)))
}

/// The lines of the screen.
fn plan(wanted: &Config, now: &Config, observed: &State) -> Vec<String> {
    let desired = desired(wanted, &Facts::default());
    let found: Diff = diff(&desired, observed);
    let groups = grouped(verdicts(&desired, observed, &found), wanted, now);
    let report = edge_report::plan(effects(now, wanted, &Living::default()), &found.ops, &groups, Vec::new());
    render::plan(&report, false, false).lines().map(str::to_owned).collect()
}

#[test]
fn a_plan_of_every_vlan_there_is() {
    let trunk = Link { kind: LinkKind::Device, owner: Owner::Foreign, master: None, up: true, mac: None, conf: None };
    let host = SpaceState { links: [("t0".parse().unwrap(), trunk)].into(), ..SpaceState::default() };
    let bare = State { spaces: [(Space::Host, host)].into() };
    let (nothing, all) = (Config::default(), config(VLANS, ""));
    let made = plan(&all, &nothing, &bare);
    assert!((3 * VLANS..8 * VLANS).contains(&made.len()), "{}", made.len());

    // As if all of it had been made.
    let there = desired(&all, &Facts::default());
    let more = config(VLANS, "[[allow]]\nfrom = \"n1\"\nto = \"n4094\"\n");
    let one_more = plan(&more, &all, &there);
    assert!(one_more.len() < 20, "{one_more:#?}");
    assert!(one_more.join("\n").contains("n4094"), "{one_more:#?}");
    let gone = plan(&nothing, &all, &there);
    assert!(gone.len() > 3 * VLANS, "{}", gone.len());
}
