//! A fault at every single operation of an apply ends in the old configuration or in the new one, wholly.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test ends where it fails")]

mod steps;

use anyhow::Result;
use edge_lab::Disk;
use steps::Walk;

/// The router on the host.
const HOUSE: &str = include_str!("steps/house.toml");
/// The same without a way out: an uplink with a gateway is not trusted for seconds after it was plugged in, and neither is its route.
const COTTAGE: &str = include_str!("steps/cottage.toml");
/// Another policy, other networks, other hosts.
const GARDEN: &str = include_str!("steps/garden.toml");
/// The router in a namespace, on a macvlan of its uplink, with containers by macvlan.
const TOWER: &str = include_str!("steps/tower.toml");

fn faults(first: &'static str, second: &'static str, kinds: &[&str]) -> Result<()> {
    let mut walk = Walk::between(first, second, Disk::Real)?;
    kinds.iter().try_for_each(|kind| walk.walk(kind))?;
    println!("{} steps", walk.steps);
    Ok(())
}

#[test]
fn between_two_policies_on_the_host() {
    faults(HOUSE, GARDEN, &["refuse", "refuse-always", "hang", "lose", "kill-before", "kill-after"]).unwrap();
}

#[test]
fn between_the_host_and_a_namespace() {
    faults(COTTAGE, TOWER, &["refuse-always", "lose", "kill-before"]).unwrap();
}

#[test]
fn a_power_cut_before_every_operation() {
    Walk::between(COTTAGE, TOWER, Disk::Real).unwrap().cut_power().unwrap();
}
