//! Whom a change concerns.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test ends where it fails")]

use edge_plan::{Facts, Link, LinkKind, Op, Owner, Space, State, announced, desired};

const FIRE_TRUCK: &str = include_str!("../../lab/scenarios/fire-truck/edge-router.toml");

fn wanted(text: &str) -> State {
    let config = edge_config::parse("truck.toml", text).unwrap_or_else(|errors| panic!("{}", errors.render(false)));
    desired(&config, &Facts::default())
}

fn made(space: &Space, name: &str) -> Op {
    let link = Link { kind: LinkKind::Device, owner: Owner::Plan, master: None, up: true, mac: None, conf: None };
    Op::CreateLink { space: space.clone(), name: name.parse().unwrap(), link, peer: None }
}

fn told(wanted: &State, ops: &[Op]) -> Vec<String> {
    announced(wanted, ops).into_iter().map(|(space, address)| format!("{space} {}", address.interface)).collect()
}

#[test]
fn what_stands_on_a_link_made_anew_is_told_of() {
    let router = Space::Named("router".parse().unwrap());
    for (text, at) in [(FIRE_TRUCK.to_owned(), &router), (FIRE_TRUCK.replace("namespace = \"router\"", ""), &Space::Host)] {
        let wanted = wanted(&text);
        assert_eq!(told(&wanted, &[]), [""; 0]);
        for link in ["enp2s0.1", "br0"] {
            assert_eq!(told(&wanted, &[made(&Space::Host, link)]), [format!("{at} 10.0.1.3/24")], "{link}");
        }
        for (place, link) in [(at, "up-wan"), (&Space::Host, "wlp3s0f0")] {
            assert_eq!(told(&wanted, &[made(place, link)]), [format!("{at} 192.168.50.2/24")], "{link}");
        }
        let all = [format!("{at} 10.0.1.3/24"), format!("{at} 10.0.2.3/24")];
        let mut trunk = told(&wanted, &[made(&Space::Host, "enp2s0")]);
        trunk.sort();
        assert_eq!(trunk, all);
    }
}
