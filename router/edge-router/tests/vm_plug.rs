//! A trunk and the card under an ipvlan that are pulled and put back: their children go with them and come again.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test ends where it fails")]

mod truck;

use anyhow::{Context, Result, ensure};
use edge_lab::{Client, Stopwatch, same, wait_until};
use std::time::{Duration, Instant};
use truck::{FIRE_TRUCK, Truck, fire_truck_on_the_host};

const SOON: Duration = Duration::from_secs(60);

#[test]
fn children_go_with_their_card_and_come_again() {
    for config in [FIRE_TRUCK.to_owned(), fire_truck_on_the_host()] {
        pulled(&config).unwrap();
    }
}

fn pulled(config: &str) -> Result<()> {
    let mut truck = Truck::wired(&[1, 2])?;
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

/// VLANs that somebody else has on our trunk: one is called as ours are, and one is in another.
const THEIRS: &str = "
    ip link set enp2s0 up
    ip link add link enp2s0 name voice type vlan id 50
    ip address add 172.30.0.1/24 dev voice
    ip link set voice up
    ip link add link enp2s0 name enp2s0.60 type vlan id 60
    ip link set enp2s0.60 address 02:00:00:00:60:60 up
    ip link add link voice name inner type vlan id 1
    ip link set inner up
    ip route add 10.230.0.0/16 via 172.30.0.5 dev voice
";

#[test]
fn vlans_of_others_on_the_trunk_are_as_they_were() {
    shared_trunk(&fire_truck_on_the_host()).unwrap();
}

fn shared_trunk(config: &str) -> Result<()> {
    let mut truck = Truck::wired(&[1, 2])?;
    truck.edge.sh(THEIRS)?;
    let view = |truck: &Truck| {
        truck.edge.sh("for link in voice enp2s0.60 inner; do ip -j -d link show dev $link; ip -j address show dev $link; done; ip -j route show dev voice")
    };
    // Its own address of IPv6 is on trial for a second.
    wait_until("the end of address detection", SOON, || Ok(!truck.edge.ip("-6 address show tentative")?.contains("inet6")))?;
    let before = view(&truck)?;
    let unharmed = |truck: &Truck, when: &str| same(view(truck)?, before.clone()).context(when.to_owned());
    truck.start(config)?;
    unharmed(&truck, "the start")?;
    let changed = config.replace("vlan    = 2", "vlan    = 3");
    ensure!(changed != config, "the example has changed");
    truck.apply(&changed)?;
    unharmed(&truck, "a change")?;
    truck.apply_forced("[system]\n")?;
    unharmed(&truck, "the removal of everything")?;
    truck.apply(config)?;
    truck.stop()?;
    unharmed(&truck, "the end of the daemon")
}
