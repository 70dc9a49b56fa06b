//! Whatever the file says, it is read or refused; what is right is never refused.

use edge_config::{Config, parse};
use proptest::{collection::vec, prelude::*, sample::Index};
use std::fmt::Write;

const FIRE_TRUCK: &str = include_str!("../../lab/scenarios/fire-truck/edge-router.toml");

/// Reads it, and if it is wrong lists and shows the mistakes.
fn survives(text: &str) -> Result<(), TestCaseError> {
    if let Err(diagnostics) = parse("any.toml", text) {
        prop_assert!(diagnostics.len() > 0);
        prop_assert!(diagnostics.iter().all(|diagnostic| diagnostic.line > 0 && diagnostic.column > 0));
        prop_assert!(diagnostics.iter().all(|diagnostic| diagnostic.help.is_some()));
        prop_assert!(!diagnostics.render(true).is_empty());
    }
    Ok(())
}

/// A network, in a subnet and on a VLAN of its own by its place.
#[derive(Clone, Debug)]
struct NetworkIdea {
    tagged: bool,
    dhcp: Option<(u8, u8)>,
    attach: &'static str,
    hosts: u8,
}

#[derive(Clone, Debug)]
struct Idea {
    namespaced: bool,
    uplinks: Vec<&'static str>,
    networks: Vec<NetworkIdea>,
    /// Pairs of places among all networks and uplinks, and perhaps a port.
    allows: Vec<(Index, Index, Option<u16>)>,
}

fn idea() -> impl Strategy<Value = Idea> {
    let attach = prop::sample::select(&["bridge", "macvlan", "ipvlan-l2"][..]);
    let dhcp = prop::option::of((100u8..150, 150u8..=254));
    let network = (any::<bool>(), dhcp, attach, 0u8..20).prop_map(|(tagged, dhcp, attach, hosts)| NetworkIdea {
        tagged,
        dhcp,
        attach,
        hosts,
    });
    let link = prop::sample::select(&["direct", "ipvlan-l2", "macvlan"][..]);
    let allows = vec((any::<Index>(), any::<Index>(), prop::option::of(1u16..)), 0..10);
    (any::<bool>(), vec(link, 0..4), vec(network, 1..12), allows).prop_map(|(namespaced, uplinks, networks, allows)| Idea {
        namespaced,
        uplinks,
        networks,
        allows,
    })
}

fn write(idea: &Idea) -> Result<String, std::fmt::Error> {
    let mut text = String::new();
    if idea.namespaced {
        writeln!(text, "[router]\nnamespace = \"router\"")?;
    }
    for (n, link) in idea.uplinks.iter().enumerate() {
        writeln!(text, "[[uplink]]\nname = \"up{n}\"\ndevice = \"wan{n}\"\nlink = \"{link}\"")?;
        writeln!(text, "address = \"192.168.{n}.2/24\"\ngateway = \"192.168.{n}.1\"")?;
    }
    for (n, network) in idea.networks.iter().enumerate() {
        writeln!(text, "[[network]]\nname = \"net{n}\"\naddress = \"10.0.{n}.1/24\"\nattach = \"{}\"", network.attach)?;
        if network.tagged {
            writeln!(text, "trunk = \"eth0\"\nvlan = {}", n + 1)?;
        } else {
            writeln!(text, "ports = [\"lan{n}\"]")?;
        }
        if let Some((from, to)) = network.dhcp {
            writeln!(text, "dhcp = {{ from = \"10.0.{n}.{from}\", to = \"10.0.{n}.{to}\", lease = \"1h\" }}")?;
        }
    }
    for (n, network) in idea.networks.iter().enumerate() {
        for host in 2..network.hosts {
            writeln!(text, "[[host]]\nname = \"host{n}-{host}\"\nnetwork = \"net{n}\"\naddress = \"10.0.{n}.{host}\"")?;
            writeln!(text, "mac = \"02:00:00:00:{n:02x}:{host:02x}\"")?;
        }
    }
    let ends: Vec<String> =
        (0..idea.networks.len()).map(|n| format!("net{n}")).chain((0..idea.uplinks.len()).map(|n| format!("up{n}"))).collect();
    for (from, to, port) in idea.allows.iter().map(|(from, to, port)| (from.get(&ends), to.get(&ends), port)) {
        if from != to {
            writeln!(text, "[[allow]]\nfrom = \"{from}\"\nto = \"{to}\"")?;
            if let Some(port) = port {
                writeln!(text, "protocol = \"tcp\"\nports = {port}")?;
            }
        }
    }
    Ok(text)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_survived(text in ".*") {
        survives(&text)?;
    }

    #[test]
    fn anything_near_toml_is_survived(text in "([a-z.]{1,4}|[\\[\\]{}=,'\"#\n\t 0-9-]|\\[\\[network\\]\\]\n|name = |é){0,60}") {
        survives(&text)?;
    }

    #[test]
    fn what_is_right_is_accepted(idea in idea()) {
        let text = write(&idea).map_err(|error| TestCaseError::fail(error.to_string()))?;
        let config: Config = parse("right.toml", &text).map_err(|errors| TestCaseError::fail(errors.render(false)))?;
        prop_assert_eq!(config.networks.len(), idea.networks.len());
        prop_assert_eq!(config.uplinks.len(), idea.uplinks.len());
        let hosts: usize = idea.networks.iter().map(|network| usize::from(network.hosts.saturating_sub(2))).sum();
        prop_assert_eq!(config.hosts.len(), hosts);
    }

    #[test]
    fn a_damaged_fire_truck_is_survived(damage in vec((any::<Index>(), any::<u8>(), 0..3), 1..8)) {
        let mut bytes = FIRE_TRUCK.as_bytes().to_vec();
        for (place, byte, how) in damage {
            let place = place.index(bytes.len());
            match how {
                0 => bytes[place] = byte,
                1 => bytes.insert(place, byte),
                _ => drop(bytes.remove(place)),
            }
        }
        survives(&String::from_utf8_lossy(&bytes))?;
    }

    #[test]
    fn a_cut_fire_truck_is_survived(place in any::<Index>()) {
        survives(&FIRE_TRUCK[..place.index(FIRE_TRUCK.len())])?;
    }
}
