//! What an apply interrupts.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test ends where it fails")]

mod model;

use edge_config::Config;
use edge_plan::{Effect, Facts, desired, diff, grouped, verdicts};

fn config(first: &str, second: &str) -> Config {
    let text = format!(
        "[[network]]\nname = \"a\"\nbridge = \"none\"\naddress = \"10.0.1.1/24\"\nports = [{first}]\n[[network]]\nname = \"b\"\naddress = \"10.0.2.1/24\"\nports = [{second}]\n"
    );
    edge_config::parse("ports.toml", &text).unwrap_or_else(|errors| panic!("{}", errors.render(false)))
}

/// Whether the devices of a port are cut off goes by the bridge it was in, and not by how that is called.
#[test]
fn a_port_that_leaves_a_bridge_called_none_is_cut_off() {
    let cut_off = |before: &Config, after: &Config| {
        let mut state = model::machine(&["eth9"]);
        let ops = diff(&desired(before, &Facts::default()), &state).ops;
        model::apply(&mut state, &ops);
        let wanted = desired(after, &Facts::default());
        let groups = grouped(verdicts(&wanted, &state, &diff(&wanted, &state)), after, before);
        groups.iter().any(|group| group.effects.contains(&Effect::DevicesCutOff))
    };
    let (nowhere, in_a, in_b) = (config("", ""), config("\"eth9\"", ""), config("", "\"eth9\""));
    assert!(cut_off(&in_a, &in_b) && cut_off(&in_b, &in_a));
    assert!(!cut_off(&nowhere, &in_a) && !cut_off(&in_a, &in_a));
}
