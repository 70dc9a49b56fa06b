//! As `walk`, with what only the lab kernel has: VLANs, ipvlan, and containers on both.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test ends where it fails")]

mod steps;

use edge_lab::Disk;
use steps::Walk;

const HARBOUR: &str = include_str!("steps/harbour.toml");
const QUAY: &str = include_str!("steps/quay.toml");

#[test]
fn between_two_sets_of_vlans() {
    let mut walk = Walk::between(HARBOUR, QUAY, Disk::Memory).unwrap();
    walk.walk("refuse-always").unwrap();
    println!("{} steps", walk.steps);
}
