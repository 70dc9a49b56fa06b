//! A trunk and the card under an ipvlan that are pulled and put back: their children go with them and come again.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test ends where it fails")]

mod bench;

use anyhow::Result;
use bench::{Box, FIRE_TRUCK, fire_truck_on_the_host, same};
use edge_lab::{Client, Stopwatch};
use std::time::{Duration, Instant};

const SOON: Duration = Duration::from_secs(15);

#[test]
fn children_go_with_their_card_and_come_again() {
    for config in [FIRE_TRUCK.to_owned(), fire_truck_on_the_host()] {
        pulled(&config).unwrap();
    }
}

fn pulled(config: &str) -> Result<()> {
    let mut truck = Box::wired(&[1, 2])?;
    truck.start(config)?;
    let container = truck.attached("container1", "vehicle")?;
    let device = truck.lab.host("device1")?;
    truck.switch.access(1, &device, "eth0", "02:00:00:00:01:05")?;
    let lease = device.dhcp(Client::Udhcpc, "eth0")?;
    let internet = [8, 8, 8, 8];
    for round in 0..2 {
        truck.edge.ip("link delete enp2s0")?;
        truck.edge.ip("link delete wlp3s0f0")?;
        truck.waits_for(&["enp2s0", "wlp3s0f0"])?;
        truck.plug_trunk(&[1, 2])?;
        let isp = truck.lab.host(&format!("isp{round}"))?;
        truck.lab.wire(&truck.edge, "wlp3s0f0", &isp, "eth0")?;
        isp.sh("ip address add 192.168.50.1/24 dev eth0; ip address add 8.8.8.8/32 dev lo")?;
        for from in [&device, &container] {
            Stopwatch::open(from)?.until_answered(Instant::now(), internet.into(), SOON)?;
        }
        // As if nothing had been: the same lease, by the same bridge.
        device.ip("address flush dev eth0")?;
        same(device.dhcp(Client::Udhcpc, "eth0")?.address, lease.address)?;
        truck.waits_for(&[])?;
        same(truck.ctl_json(&["apply"])?["writes"].as_u64(), Some(0))?;
    }
    Ok(())
}
