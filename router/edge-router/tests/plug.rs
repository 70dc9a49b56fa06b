//! Network cards that are pulled and put back while the daemon runs. On any kernel: no VLANs here (vm_plug has those).

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test ends where it fails")]

mod bench;

use anyhow::{Context, Result};
use bench::Box;
use edge_lab::{Host, Stopwatch, wait_until};
use std::{
    env,
    time::{Duration, Instant},
};

const SOON: Duration = Duration::from_secs(10);
const GATEWAY: [u8; 4] = [10, 0, 1, 1];
const INTERNET: [u8; 4] = [8, 8, 8, 8];

/// Two networks of one untagged port each, of which the first may use the uplink.
fn config(link: &str) -> String {
    format!(
        "[[uplink]]\nname = \"wan\"\ndevice = \"wlp3s0f0\"\nlink = \"{link}\"\naddress = \"192.168.50.2/24\"\n\
         gateway = \"192.168.50.1\"\n\
         [[network]]\nname = \"cabin\"\nports = [\"eth1\"]\naddress = \"10.0.1.1/24\"\n\
         dhcp = {{ from = \"10.0.1.100\", to = \"10.0.1.199\" }}\n\
         [[network]]\nname = \"hold\"\nports = [\"eth2\"]\naddress = \"10.0.2.1/24\"\nattach = \"macvlan\"\n\
         [[allow]]\nfrom = \"cabin\"\nto = \"wan\"\n"
    )
}

/// A running box with a device on `eth1` at 10.0.1.5, and on `eth2` at 10.0.2.5.
fn running(link: &str) -> Result<(Box, Host, Host)> {
    let mut truck = Box::without_trunk()?;
    let one = wired(&truck, "eth1", "one", 1)?;
    let two = wired(&truck, "eth2", "two", 2)?;
    truck.start(&config(link))?;
    Stopwatch::open(&one)?.until_answered(Instant::now(), INTERNET.into(), SOON)?;
    Stopwatch::open(&two)?.until_answered(Instant::now(), [10, 0, 2, 1].into(), SOON)?;
    Ok((truck, one, two))
}

fn wired(truck: &Box, port: &str, name: &str, network: u8) -> Result<Host> {
    let device = truck.lab.host(name)?;
    truck.lab.wire(&truck.edge, port, &device, "eth0")?;
    device.ip(&format!("address add 10.0.{network}.5/24 dev eth0"))?;
    device.ip(&format!("route add default via 10.0.{network}.1"))?;
    Ok(device)
}

/// From the command that puts a card back, itself included, to the first answer through it. `EDGE_PLUG_TIMES` says how often.
#[test]
fn a_card_that_is_put_back_is_answered_soon() {
    let times = env::var("EDGE_PLUG_TIMES").map_or(20, |times| times.parse().unwrap());
    println!("put back: ms until the first answer, of {times}");
    for (role, link, card, target) in [
        ("untagged port", "macvlan", "eth1", GATEWAY),
        ("uplink, macvlan", "macvlan", "wlp3s0f0", INTERNET),
        ("uplink, direct", "direct", "wlp3s0f0", INTERNET),
    ] {
        let mut took = put_back(link, card, target, times).unwrap();
        took.sort();
        let at = |percent: usize| took[(took.len() * percent / 100).min(took.len() - 1)].as_secs_f64() * 1000.0;
        println!("  {role:16} p50 {:6.1}   p99 {:6.1}", at(50), at(99));
    }
}

fn put_back(link: &str, card: &str, target: [u8; 4], times: usize) -> Result<Vec<Duration>> {
    let (truck, one, _two) = running(link)?;
    keep_gateway(&one)?;
    let drawer = truck.lab.host("drawer")?;
    let watch = Stopwatch::open(&one)?;
    let mut took = Vec::new();
    for _ in 0..times {
        truck.edge.carry(card, &drawer)?;
        // As new: the mark is the kernel's own business, but a card that comes has none.
        drawer.ip(&format!("link set {card} group default"))?;
        waits_for(&truck, &[card])?;
        let start = Instant::now();
        drawer.carry(card, &truck.edge)?;
        took.push(watch.until_answered(start, target.into(), SOON).with_context(|| truck.log())?);
    }
    Ok(took)
}

/// The device need not ask for the gateway's hardware address: it would ask once a second, which is not ours to make faster.
fn keep_gateway(device: &Host) -> Result<()> {
    let neighbour = device.ip("neigh show 10.0.1.1 dev eth0")?;
    let mac = neighbour.split_whitespace().nth(2).context("the gateway is no neighbour yet")?.to_owned();
    device.ip(&format!("neigh replace 10.0.1.1 lladdr {mac} dev eth0 nud permanent")).map(drop)
}

fn waits_for(truck: &Box, devices: &[&str]) -> Result<()> {
    wait_until("status to tell what is waited for", SOON, || {
        let status = truck.ctl_json(&["status"])?;
        let waiting = status["waiting"].as_array().cloned().unwrap_or_default();
        let mut waiting: Vec<_> = waiting.iter().filter_map(|one| one["device"].as_str()).collect();
        waiting.sort();
        Ok(waiting == devices)
    })
}
