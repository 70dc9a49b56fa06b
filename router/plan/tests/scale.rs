//! As many networks as there are VLANs, all on one trunk.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test ends where it fails")]

mod model;

use edge_plan::{Diff, Facts, LinkKind, Op, desired, diff};
use std::fmt::Write;

/// VLANs 1 to 4094 (IEEE 802.1Q, 9.6).
const VLANS: usize = 4094;

fn text(networks: usize) -> String {
    let mut text =
        "[[uplink]]\nname = \"wan\"\ndevice = \"u0\"\naddress = \"192.168.50.2/24\"\ngateway = \"192.168.50.1\"\n".to_owned();
    for n in 1..=networks {
        let subnet = format!("10.{}.{}", n / 256, n % 256);
        write!(
            text,
            "[[network]]\nname = \"n{n}\"\nvlan = {n}\ntrunk = \"t0\"\naddress = \"{subnet}.1/24\"\n\
             dhcp = {{ from = \"{subnet}.100\", to = \"{subnet}.199\" }}\n[[allow]]\nfrom = \"n{n}\"\nto = \"wan\"\n"
        )
        .unwrap();
    }
    text
}

#[test]
fn every_vlan_there_is_goes_on_one_trunk() {
    let parse = |text: &str| edge_config::parse("scale.toml", text).unwrap_or_else(|errors| panic!("{}", errors.render(false)));
    let facts = Facts::default();
    let mut state = model::machine(&["t0", "u0"]);
    let config = parse(&text(VLANS));
    let wanted = desired(&config, &facts);
    let Diff { ops, waiting, conflicts } = diff(&wanted, &state);
    assert!(waiting.is_empty() && conflicts.is_empty());
    let vlans = ops.iter().filter(|op| matches!(op, Op::CreateLink { link, .. } if matches!(link.kind, LinkKind::Vlan(_))));
    assert_eq!(vlans.count(), VLANS);
    // For each a bridge, the VLAN and the address; and a few for the box.
    assert!((3 * VLANS..3 * VLANS + 11).contains(&ops.len()), "{}", ops.len());
    model::apply(&mut state, &ops);
    assert_eq!(diff(&wanted, &state), Diff::default());

    let more = format!("{}[[allow]]\nfrom = \"n1\"\nto = \"n{VLANS}\"\n", text(VLANS));
    assert_eq!(diff(&desired(&parse(&more), &facts), &state).ops.len(), 1, "one allow more is one operation");
    // And all of it goes again.
    let ops = diff(&desired(&parse(&text(0)), &facts), &state).ops;
    model::apply(&mut state, &ops);
    assert!(state.spaces.values().all(|space| space.links.len() == 2));
}
