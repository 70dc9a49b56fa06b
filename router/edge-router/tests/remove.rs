//! `edge-router remove`: the machine is as it was before the router came. On any kernel: no VLANs here.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test ends where it fails")]

mod truck;

use anyhow::{Result, ensure};
use edge_lab::{Rig, snapshot::difference, wait_until};
use std::{process::Output, time::Duration};
use truck::Truck;

const CONFIG: &str = r#"
[system]
hostname = "fire-truck-1"
[router]
# NAMESPACE
[[uplink]]
name = "wan"
device = "wlp3s0f0"
address = "192.168.50.2/24"
gateway = "192.168.50.1"
[[network]]
name = "cabin"
ports = ["eth1"]
address = "10.0.1.1/24"
dhcp = { from = "10.0.1.100", to = "10.0.1.199" }
[[network]]
name = "hold"
address = "10.0.2.1/24"
attach = "macvlan"
dhcp = { from = "10.0.2.100", to = "10.0.2.199" }
"#;

/// The settings that are the machine's own.
const SETTINGS: &str = "cat /proc/sys/kernel/hostname; cd /proc/sys/net/ipv4; cat ip_forward conf/all/rp_filter conf/all/send_redirects conf/all/forwarding";

fn remove(rig: &Rig, more: &[&str]) -> Result<Output> {
    let mut command = rig.edge.command(truck::PROGRAM);
    command.arg("remove").args(more).arg("--config").arg(rig.config());
    Ok(command.arg("--state-dir").arg(rig.state_dir()).arg("--run-dir").arg(rig.run_dir()).output()?)
}

#[test]
fn what_is_removed_was_never_there() -> Result<()> {
    for namespace in ["", "namespace = \"router\""] {
        let mut truck = Truck::without_trunk()?;
        let device = truck.lab.host("device")?;
        truck.lab.wire(&truck.edge, "eth1", &device, "eth0")?;
        // A device comes back from a namespace set down, as the kernel moves it.
        let uplink = if namespace.is_empty() { "up" } else { "down" };
        truck.edge.sh(&format!("ip link set wlp3s0f0 {uplink}; ip link set eth1 up"))?;
        truck.edge.sh("sysctl -qw net.ipv4.conf.all.rp_filter=2")?;
        for container in ["c1", "c2"] {
            truck.edge.container(container)?;
        }
        let (before, settings) = (truck.snapshot()?, truck.edge.sh(SETTINGS)?);
        truck.start(&CONFIG.replace("# NAMESPACE", namespace))?;
        truck.attach("c1", "cabin")?;
        truck.attach("c2", "hold")?;

        let refused = remove(&truck, &[])?;
        let says = String::from_utf8_lossy(&refused.stderr).into_owned();
        ensure!(!refused.status.success() && says.contains("stop it first"), "the daemon runs: {says}");
        truck.stop()?;
        let done = remove(&truck, &[])?;
        let says = format!("{}{}", String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
        ensure!(done.status.success() && says.contains("removed: 2 attachments"), "{says}");
        let after = truck.snapshot()?;
        ensure!(after == before, "{namespace}\n{}{says}", difference(&after, &before));
        ensure!(truck.edge.sh(SETTINGS)? == settings, "the settings were\n{settings}\n{says}");
        ensure!(!truck.edge.ip("netns list")?.contains("router"), "the namespace is left");
        ensure!(remove(&truck, &[])?.status.success(), "there is nothing to remove");

        truck.restart(&[])?;
        ensure!(truck.ctl_json(&["status"])?["networks"].as_array().is_some_and(|networks| networks.len() == 2), "a start");
    }
    Ok(())
}

#[test]
fn who_is_connected_is_not_cut_off_unasked() -> Result<()> {
    let mut truck = Truck::without_trunk()?;
    let device = truck.lab.host("device")?;
    truck.lab.wire(&truck.edge, "eth1", &device, "eth0")?;
    device.ip("address add 10.0.1.5/24 dev eth0")?;
    truck.start(&CONFIG.replace("hostname = \"fire-truck-1\"", "ssh-from = [\"cabin\"]"))?;
    let _server = truck.edge.daemon(truck.edge.command("busybox").args(["nc", "-ll", "-p", "22", "-e", "cat"]))?;
    let connect = "import socket, time
while True:
    try: s = socket.create_connection(('10.0.1.1', 22), 1); break
    except OSError: time.sleep(0.1)
print('connected', flush=True); time.sleep(600)";
    let session = device.daemon(device.command("python3").args(["-c", connect]))?;
    wait_until("a session", Duration::from_secs(30), || Ok(session.log()?.contains("connected")))?;
    truck.stop()?;
    let refused = remove(&truck, &[])?;
    let says = String::from_utf8_lossy(&refused.stderr).into_owned();
    ensure!(!refused.status.success() && says.contains("this ends ssh from cabin (10.0.1.5)"), "{says}");
    ensure!(truck.edge.ip("-br link")?.contains("br-cabin"), "nothing is removed");
    ensure!(remove(&truck, &["--force"])?.status.success(), "forced");
    ensure!(!truck.edge.ip("-br link")?.contains("br-cabin"), "all is removed");
    Ok(())
}

/// The host is nobody's gateway any more, and is not left as one.
#[test]
fn a_router_that_moves_into_a_namespace_gives_the_hosts_settings_back() -> Result<()> {
    let mut truck = Truck::without_trunk()?;
    let settings = truck.edge.sh(SETTINGS)?;
    let plain = CONFIG.replace("hostname = \"fire-truck-1\"", "");
    truck.start(&plain)?;
    ensure!(truck.edge.sh(SETTINGS)? != settings, "on the host it forwards");
    truck.apply(&plain.replace("# NAMESPACE", "namespace = \"router\""))?;
    ensure!(truck.edge.sh(SETTINGS)? == settings, "in a namespace the host does not: {}", truck.edge.sh(SETTINGS)?);
    truck.apply(&plain)?;
    ensure!(truck.edge.sh("cat /proc/sys/net/ipv4/ip_forward")?.trim() == "1", "and back");
    Ok(())
}
