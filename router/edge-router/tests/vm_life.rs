//! What happens to a box after its first apply: again, killed, without a device, with another policy.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test ends where it fails")]

mod truck;

use anyhow::{Context, Result, ensure};
use edge_lab::{Client, Host, Outcome, probe, same, wait_until, without_filled_sets};
use serde_json::Value;
use std::{fs, time::Duration};
use truck::{FIRE_TRUCK, Truck, fire_truck_on_the_host};

const SOON: Duration = Duration::from_secs(60);
const DEVICE1: &str = "02:00:00:00:01:05";
const DEVICE2: &str = "02:00:00:00:02:05";
const OPEN: &str = "\n[[allow]]\nfrom = \"vehicle\"\nto = \"equipment\"\n";

fn running(config: &str) -> Result<Truck> {
    let mut truck = Truck::wired(&[1, 2])?;
    truck.start(config)?;
    Ok(truck)
}

fn device(truck: &Truck, name: &str, vlan: u16, mac: &str) -> Result<Host> {
    let device = truck.lab.host(name)?;
    truck.switch.access(vlan, &device, "eth0", mac)?;
    device.dhcp(Client::Udhcpc, "eth0")?;
    Ok(device)
}

#[test]
fn a_second_apply_and_a_killed_daemon_write_nothing() {
    for config in [FIRE_TRUCK.to_owned(), fire_truck_on_the_host()] {
        nothing_is_written_twice(&config).unwrap();
    }
}

fn nothing_is_written_twice(config: &str) -> Result<()> {
    let mut truck = running(config)?;
    truck.attached("container1", "vehicle")?;
    let device1 = device(&truck, "device1", 1, DEVICE1)?;
    let leases = truck.ctl_json(&["leases"])?;
    same(truck.ctl_json(&["apply"])?["writes"].as_u64(), Some(0))?;
    same(truck.ctl_json(&["plan"])?["nothing_to_change"].as_bool(), Some(true))?;
    let notices = truck.kernel_notices(|| {
        truck.ctl(&["apply"])?;
        Ok(())
    })?;
    same(notices.as_str(), "")?;

    let router = truck.router()?;
    truck.kill()?;
    same(probe(&device1, &truck.internet, [8, 8, 8, 8].into())?.outcome(), Outcome::Reached)
        .context("while the daemon is dead")?;
    let before = state(&truck, &router)?;
    truck.start(config)?;
    same(truck.ctl_json(&["apply"])?["writes"].as_u64(), Some(0))?;
    same(state(&truck, &router)?, before)?;
    same(without_expiry(truck.ctl_json(&["leases"])?), without_expiry(leases))
}

/// What is on disk runs out a little later than what was promised, so that not every renewal must be written.
fn without_expiry(mut leases: Value) -> Value {
    for lease in leases["leases"].as_array_mut().into_iter().flatten() {
        lease["expires"] = Value::Null;
    }
    leases
}

/// Interface indices and the nftables generation change with every write; neither comes back.
fn state(truck: &Truck, router: &Host) -> Result<String> {
    let mut text = String::new();
    for place in [&truck.edge, router] {
        text += &place.ip("-o link")?;
        text += &place.ip("-o address")?;
        text += &place.ip("route")?;
        text += &without_filled_sets(&place.run("nft", ["-a", "list", "ruleset"])?)
            .lines()
            .filter(|line| !line.contains("counter"))
            .collect::<Vec<_>>()
            .join("\n");
    }
    Ok(text)
}

#[test]
fn nft_reads_back_what_it_lists() {
    for config in [FIRE_TRUCK.to_owned(), fire_truck_on_the_host()] {
        let truck = running(&config).unwrap();
        let router = truck.router().unwrap();
        let listed = router.run("nft", ["list", "ruleset"]).unwrap();
        let other = truck.lab.host("oracle").unwrap();
        let file = truck.config().with_extension("nft");
        fs::write(&file, &listed).unwrap();
        // A flowtable is bound to links that are there.
        let bound = listed.split("devices = { ").nth(1).and_then(|rest| rest.split(" }").next()).unwrap();
        for link in bound.split([',', ' ', '\n', '\t']).filter(|link| !link.is_empty()) {
            other.ip(&format!("link add {} type bridge", link.trim_matches('"'))).unwrap();
        }
        other.run("nft", ["-f", file.to_str().unwrap()]).unwrap();
        assert_eq!(sorted(&other.run("nft", ["list", "ruleset"]).unwrap()), sorted(&listed));
    }
}

/// The kernel lists a hash's elements in an order of its own.
fn sorted(listing: &str) -> Vec<String> {
    let mut lines: Vec<String> =
        listing.split([',', '\n']).map(|line| line.replace("elements = {", "").replace('}', "").trim().to_owned()).collect();
    lines.sort();
    lines
}

#[test]
fn a_trunk_that_comes_late_is_plugged_in() -> Result<()> {
    let mut truck = Truck::without_trunk()?;
    truck.start(FIRE_TRUCK)?;
    let status = truck.ctl_json(&["status"])?;
    same(status["waiting"][0]["device"].as_str(), Some("enp2s0"))?;
    let container1 = truck.attached("container1", "vehicle")?;
    same(probe(&container1, &truck.internet, [8, 8, 8, 8].into())?.outcome(), Outcome::Reached)?;

    truck.plug_trunk(&[1, 2])?;
    let device1 = device(&truck, "device1", 1, DEVICE1)?;
    same(probe(&device1, &container1, [10, 0, 1, 4].into())?.outcome(), Outcome::Reached)?;
    same(truck.ctl_json(&["status"])?["waiting"].as_array().map(Vec::len), Some(0))?;

    truck.edge.ip("link delete enp2s0")?;
    wait_until("the daemon to notice", SOON, || Ok(truck.ctl_json(&["status"])?["waiting"][0]["device"] == "enp2s0"))?;
    same(probe(&container1, &truck.internet, [8, 8, 8, 8].into())?.outcome(), Outcome::Reached)
}

#[test]
fn a_removed_allow_cuts_what_it_had_let_in() -> Result<()> {
    let truck = running(&format!("{FIRE_TRUCK}{OPEN}"))?;
    let device1 = device(&truck, "device1", 1, DEVICE1)?;
    let device2 = device(&truck, "device2", 2, DEVICE2)?;
    let received = truck.config().with_file_name("received");
    // It would end with its input.
    let listen = format!("sleep 600 | busybox nc -l -p 4000 > {}", received.display());
    let _listener = device2.daemon(device2.command("sh").args(["-c", &listen]))?;
    let talk = "while :; do while :; do echo tick; sleep 0.05; done | busybox nc 10.0.2.5 4000; sleep 0.1; done";
    let _talker = device1.daemon(device1.command("sh").args(["-c", talk]))?;
    let size = || fs::metadata(&received).map_or(0, |meta| meta.len());
    wait_until("the flow", SOON, || Ok(size() > 50))?;

    truck.apply(FIRE_TRUCK)?;
    std::thread::sleep(Duration::from_millis(500));
    let after = size();
    std::thread::sleep(Duration::from_secs(2));
    same(size(), after).context("the flow goes on")?;
    truck.apply(&format!("{FIRE_TRUCK}{OPEN}"))?;
    same(probe(&device1, &device2, [10, 0, 2, 5].into())?.outcome(), Outcome::Reached)
}

#[test]
fn a_forward_leads_to_its_target_and_nowhere_else() -> Result<()> {
    let lines = "\n[[forward]]\nuplink = \"wan\"\nprotocol = \"tcp\"\nport = 8080\nto = \"container1:80\"\n";
    let truck = running(&format!("{FIRE_TRUCK}{lines}"))?;
    let container1 = truck.attached("container1", "vehicle")?;
    let serve = "while :; do echo hello | busybox nc -l -p 80; done";
    let _server = container1.daemon(container1.command("sh").args(["-c", serve]))?;
    let ask = |port: &str| truck.internet.run("busybox", ["nc", "-w", "3", "192.168.50.2", port]);
    wait_until("the server", SOON, || Ok(ask("8080").is_ok_and(|answer| answer.contains("hello"))))?;
    ensure!(ask("80").is_err() && ask("22").is_err(), "only the forwarded port is open");
    Ok(())
}

#[test]
fn a_source_address_of_elsewhere_is_dropped() -> Result<()> {
    let truck = running(FIRE_TRUCK)?;
    let device1 = device(&truck, "device1", 1, DEVICE1)?;
    same(probe(&device1, &truck.internet, [8, 8, 8, 8].into())?.outcome(), Outcome::Reached)?;
    truck.internet.sh("nft 'add table ip seen; add chain ip seen input { type filter hook input priority 0; }'")?;
    truck.internet.sh("nft add rule ip seen input icmp type echo-request counter")?;
    for address in ["10.0.2.5", "192.168.50.77", "172.16.0.1"] {
        device1.ip(&format!("address add {address}/32 dev lo"))?;
        let ping = device1.run("ping", ["-c", "1", "-W", "1", "-I", address, "8.8.8.8"]);
        ensure!(ping.is_err(), "an answer to {address} came through");
    }
    let seen = truck.internet.run("nft", ["list", "table", "ip", "seen"])?;
    ensure!(seen.contains("counter packets 0"), "a spoofed packet left the box:\n{seen}");
    let dropped = truck.router()?.run("nft", ["list", "chain", "inet", "edge-router", "source-vehicle"])?;
    ensure!(!dropped.contains("counter packets 0"), "they must be counted as dropped there:\n{dropped}");
    Ok(())
}

/// Both ways of living: into the namespace and out of it again, without anything left behind.
#[test]
fn the_router_moves_between_its_namespace_and_the_host() -> Result<()> {
    let truck = running(FIRE_TRUCK)?;
    let device1 = device(&truck, "device1", 1, DEVICE1)?;
    let container1 = truck.attached("container1", "vehicle")?;
    for config in [fire_truck_on_the_host(), FIRE_TRUCK.to_owned()] {
        truck.apply(&config)?;
        same(truck.ctl_json(&["apply"])?["writes"].as_u64(), Some(0))?;
        for from in [&device1, &container1] {
            // Such a move interrupts: every leg is made anew, and the devices must hear of it.
            wait_until("the Internet to be reached", Duration::from_secs(15), || {
                Ok(probe(from, &truck.internet, [8, 8, 8, 8].into())?.outcome() == Outcome::Reached)
            })?;
        }
    }
    truck.apply_forced("[system]\nunnamed = \"closed\"\n")?;
    let left = truck.edge.ip("-br link")?;
    ensure!(!left.contains("br0") && !left.contains("rt-") && !left.contains("enp2s0."), "left behind:\n{left}");
    let table = truck.edge.run("nft", ["list", "ruleset"])?;
    ensure!(table.contains("hook forward priority filter; policy drop"), "closed, not open, without networks:\n{table}");
    same(truck.edge.ip("netns list")?.contains("router"), false)
}

/// A bad file changes nothing and says why; at the next start the last good one is in force.
#[test]
fn a_bad_file_leaves_the_good_one_in_force() -> Result<()> {
    let mut truck = running(FIRE_TRUCK)?;
    let refused = truck.apply(&FIRE_TRUCK.replace("vlan    = 2", "vlan    = 1")).unwrap_err();
    ensure!(format!("{refused:#}").contains("vlan"), "{refused:#}");
    same(truck.ctl_json(&["status"])?["networks"].as_array().map(Vec::len), Some(2))?;
    truck.kill()?;
    truck.start("nonsense = 1")?;
    let status = truck.ctl_json(&["status"])?;
    same(status["networks"].as_array().map(Vec::len), Some(2))?;
    let problem = status["problems"][0]["what"].as_str().unwrap_or_default().to_owned();
    ensure!(problem.contains("last good"), "{problem}");
    Ok(())
}

/// A card that is worn out lets itself be read only. The box goes on routing, knows its leases, and says what is wrong.
#[test]
fn a_read_only_state_directory_costs_no_network() -> Result<()> {
    let mut truck = running(FIRE_TRUCK)?;
    let device1 = device(&truck, "device1", 1, DEVICE1)?;
    truck.attached("container1", "vehicle")?;
    let leases = truck.ctl_json(&["leases"])?;
    truck.kill()?;
    fs::write(truck.state_dir().join("attachments.json"), "{")?;
    let directory = truck.state_dir().display().to_string();
    truck.edge.sh(&format!("mount --bind {directory} {directory}; mount -o remount,bind,ro {directory}"))?;
    truck.edge.ip("link delete br0")?;
    truck.start(FIRE_TRUCK)?;
    same(probe(&device1, &truck.internet, [8, 8, 8, 8].into())?.outcome(), Outcome::Reached)?;
    let problems = truck.ctl_json(&["status"])?["problems"].to_string();
    ensure!(problems.contains("Read-only"), "{problems}");
    device1.dhcp(Client::Udhcpc, "eth0")?;
    let row = |leases: &Value, name: &str| {
        leases["leases"].as_array().and_then(|all| all.iter().find(|one| one["name"] == name)).map(|one| one["address"].clone())
    };
    same(row(&truck.ctl_json(&["leases"])?, "device1"), row(&leases, "device1"))?;
    truck.attach("container1", "vehicle").map(drop)
}
