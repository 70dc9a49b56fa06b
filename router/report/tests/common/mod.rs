//! Boxes in memory, and screens kept in files.

#![allow(dead_code, reason = "each test uses its part")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, in its helper functions too")]

use edge_config::Config;
use edge_plan::{Facts, Link, LinkKind, Owner, Space, SpaceState, State, Sysctl, desired};
use edge_report::render;
use std::{fs, path::PathBuf};

pub const FIRE_TRUCK: &str = include_str!("../../../lab/scenarios/fire-truck/edge-router.toml");

pub fn config(text: &str) -> Config {
    edge_config::parse("test.toml", text).unwrap_or_else(|errors| panic!("{}", errors.render(false)))
}

/// A box that is as the configuration says, its devices there.
pub fn state(config: &Config) -> State {
    desired(config, &Facts { machine: [7; 16], ..Facts::default() })
}

/// A box that nobody has configured.
pub fn machine(devices: &[&str]) -> State {
    let device = || Link { kind: LinkKind::Device, owner: Owner::Foreign, master: None, up: false, mac: None, conf: None };
    let links = devices.iter().map(|name| (name.parse().unwrap(), device())).collect();
    let sysctls = [(Sysctl::IpForward, false), (Sysctl::BridgeNetfilter, true)].into();
    State { spaces: [(Space::Host, SpaceState { links, sysctls, ..SpaceState::default() })].into() }
}

/// Holds a screen against its file.
pub fn golden(name: &str, screen: &str) {
    for line in screen.lines() {
        assert!(line.chars().count() <= render::WIDTH, "{} columns: {line}", line.chars().count());
    }
    let file: PathBuf = [env!("CARGO_MANIFEST_DIR"), "tests", "cases", &format!("{name}.txt")].iter().collect();
    if std::env::var_os("BLESS").is_some() {
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, screen).unwrap();
    }
    assert_eq!(screen, fs::read_to_string(&file).unwrap_or_default(), "{name}; BLESS=1 writes it anew");
}
