//! What is hardly meant, and what others on the machine may spoil, as `plan`, `apply` and `status` tell it. On any kernel: no VLANs here.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test ends where it fails")]

mod truck;

use anyhow::{Result, ensure};
use edge_lab::{Host, Rig, same, wait_until};
use serde_json::Value;
use std::time::Duration;
use truck::{PROGRAM, Truck};

const CONFIG: &str = r#"
[[uplink]]
name = "wan"
device = "wlp3s0f0"
address = "192.168.50.2/24"
gateway = "192.168.50.1"
[[network]]
name = "cabin"
ports = ["eth1"]
address = "10.0.1.1/24"
[[allow]]
from = "cabin"
to = "wan"
"#;

/// Of `status` and of `plan`.
fn warnings(rig: &Rig) -> Result<[Vec<String>; 2]> {
    let messages = |report: Value| {
        let warnings = report["warnings"].as_array().cloned().unwrap_or_default();
        warnings.iter().map(|warning| warning["message"].as_str().unwrap_or_default().to_owned()).collect()
    };
    Ok([messages(rig.ctl_json(&["status"])?), messages(rig.ctl_json(&["plan"])?)])
}

/// What and why.
fn problems(rig: &Rig) -> Result<String> {
    Ok(rig.ctl_json(&["status"])?["problems"].to_string())
}

fn truck() -> Result<Truck> {
    let truck = Truck::without_trunk()?;
    let device = truck.lab.host("device")?;
    truck.lab.wire(&truck.edge, "eth1", &device, "eth0")?;
    Ok(truck)
}

#[test]
fn what_is_hardly_meant_is_told_in_plan_apply_and_status_alike() -> Result<()> {
    let mut truck = truck()?;
    truck.start(CONFIG)?;
    same(warnings(&truck)?, [Vec::new(), Vec::new()])?;
    let applied = truck.apply(&format!("[system]\nntp = [\"192.0.2.1\"]\n{CONFIG}"))?;
    let message = "`ntp` has no effect: this version does not set the clock by it";
    for report in [&applied, &truck.ctl_json(&["status"])?, &truck.ctl_json(&["plan"])?] {
        let warning = &report["warnings"][0];
        same(warning["message"].as_str(), Some(message))?;
        ensure!(warning["place"].as_str().is_some_and(|place| place.ends_with(".toml:2:7")), "{report}");
        same(report["warnings"].as_array().map(Vec::len), Some(1))?;
    }
    for command in ["status", "plan"] {
        let screen = truck.ctl(&[command])?;
        let words = screen.split_whitespace().collect::<Vec<_>>().join(" ");
        ensure!(words.contains("! warning: ") && words.contains(&format!(".toml:2:7: {message}")), "{screen}");
    }
    Ok(())
}

/// As Docker does, and as a firewall of the host does. A chain that lets through, or is not on our way, is nobody's trouble.
#[test]
fn a_chain_of_others_that_drops_what_crosses_is_named() -> Result<()> {
    let mut truck = truck()?;
    truck.start(CONFIG)?;
    truck.edge.sh(
        "nft 'add table ip filter; add chain ip filter FORWARD { type filter hook forward priority 0; policy accept; }'
         nft 'add rule ip filter FORWARD ip saddr 192.0.2.9 drop; add chain ip filter OTHER; add rule ip filter OTHER drop'
         nft 'add table inet theirs; add chain inet theirs input { type filter hook input priority 10; policy drop; }'
         nft 'add rule inet theirs input accept'
         nft 'add chain inet theirs forward { type filter hook forward priority 5; policy accept; }'
         nft 'add rule inet theirs forward counter accept'",
    )?;
    same(warnings(&truck)?, [Vec::new(), Vec::new()])?;

    truck.edge.sh("nft 'chain ip filter FORWARD { policy drop; }'")?;
    let by_policy = "table ip filter, chain FORWARD, of another program, sees what crosses here too and drops by its policy what it \
                     does not accept";
    same(warnings(&truck)?, [vec![by_policy.to_owned()], vec![by_policy.to_owned()]])?;
    let screen = truck.ctl(&["status"])?;
    ensure!(screen.contains("! warning: table ip filter, chain FORWARD") && screen.contains("DOCKER-USER"), "{screen}");

    for last in ["counter drop", "reject"] {
        truck.edge.sh(&format!(
            "nft 'chain ip filter FORWARD {{ policy accept; }}'
             nft 'flush chain inet theirs forward; add rule inet theirs forward accept; add rule inet theirs forward {last}'"
        ))?;
        let [told, foreseen] = warnings(&truck)?;
        ensure!(told.len() == 1 && told[0].starts_with("table inet theirs, chain forward, "), "{last}: {told:?}");
        ensure!(told[0].contains("drops by its last rule") && told == foreseen, "{last}: {told:?}");
    }
    truck.edge.sh("nft delete table inet theirs; nft delete table ip filter")?;
    same(warnings(&truck)?, [Vec::new(), Vec::new()])
}

#[test]
fn a_device_of_nobodys_in_a_subnet_of_ours_is_named() -> Result<()> {
    let mut truck = truck()?;
    truck.start(CONFIG)?;
    truck.edge.sh("ip link add docker0 type bridge; ip address add 10.0.2.1/24 dev docker0; ip link set docker0 up")?;
    ensure!(!problems(&truck)?.contains("is in the subnet"), "{}", problems(&truck)?);
    for address in ["10.0.1.200/24", "10.0.0.1/16"] {
        truck.edge.sh(&format!("ip address flush dev docker0; ip address add {address} dev docker0"))?;
        let told = format!("docker0 ({address}), which the file does not name, is in the subnet of network cabin (10.0.1.0/24)");
        ensure!(problems(&truck)?.contains(&told), "{}", problems(&truck)?);
        same(warnings(&truck)?, [Vec::new(), vec![told]])?;
    }
    // Where the router is elsewhere, it is nobody's business.
    truck.apply(&format!("[router]\nnamespace = \"router\"\n{CONFIG}"))?;
    ensure!(!problems(&truck)?.contains("is in the subnet"), "{}", problems(&truck)?);
    Ok(())
}

#[test]
fn a_missing_device_is_told_with_those_that_there_are() -> Result<()> {
    let mut truck = truck()?;
    truck.start("")?;
    let applied = truck.apply(&CONFIG.replace("wlp3s0f0", "wlp3s0f1"))?;
    for report in [&applied, &truck.ctl_json(&["status"])?, &truck.ctl_json(&["plan"])?] {
        let waiting = &report["waiting"][0];
        same(waiting["device"].as_str(), Some("wlp3s0f1"))?;
        let why = waiting["why"].as_str().unwrap_or_default();
        ensure!(why.contains("there are ") && why.contains("(did you mean wlp3s0f0?)") && why.contains("eth1"), "{report}");
    }
    let (status, plan) = (truck.ctl(&["status"])?, truck.ctl(&["plan"])?);
    ensure!(status.contains("did you mean") && plan.contains("did you mean"), "{status}{plan}");
    Ok(())
}

/// The wire of the uplink ends in a port of a network of ours.
#[test]
fn an_uplink_that_hears_our_own_dhcp_server_is_told() -> Result<()> {
    let mut site = Rig::new(PROGRAM)?;
    site.edge.sh("ip link add eth5 type veth peer name eth6; ip link set eth5 up; ip link set eth6 up")?;
    site.start(
        "[[uplink]]\nname = \"wan\"\ndevice = \"eth5\"\naddress = \"dhcp\"\n[[network]]\nname = \"cabin\"\nports = [\"eth6\"]\n\
         address = \"10.0.1.1/24\"\ndhcp = { from = \"10.0.1.100\", to = \"10.0.1.199\", probe = false }\n",
    )?;
    let why = "wan hears our own DHCP server of cabin: eth5 and a port of cabin are in one switch, or joined by a cable; ";
    site.until("wan", 30, |row| row["why"].as_str().is_some_and(|told| told.starts_with(why)))?;
    let problems = problems(&site)?;
    ensure!(problems.contains("uplink wan has no lease") && problems.contains(why), "{problems}");
    Ok(())
}

/// Two cables to one switch. One that is carried from port to port is none.
#[test]
fn two_ports_in_one_switch_are_told() -> Result<()> {
    let mut truck = truck()?;
    truck.start(&CONFIG.replace("\"eth1\"", "\"eth1\", \"eth2\", \"eth3\""))?;
    let (switch, device) = (truck.lab.host("cupboard")?, truck.lab.host("chatty")?);
    switch.ip("link add switch type bridge")?;
    switch.ip("link set switch up")?;
    let plug = |host: &Host, card: &str, port: &str| {
        truck.lab.wire(host, card, &switch, port)?;
        switch.ip(&format!("link set {port} master switch"))
    };
    plug(&truck.edge, "eth2", "port2")?;
    plug(&device, "eth0", "port1")?;
    device.ip("address add 10.0.1.7/24 dev eth0")?;
    device.run("ping", ["-c", "1", "-W", "2", "10.0.1.1"])?;
    ensure!(!problems(&truck)?.contains("a loop"), "{}", problems(&truck)?);
    plug(&truck.edge, "eth3", "port3")?;
    let told = wait_until("the loop to be told", Duration::from_secs(20), || {
        // Whom nobody knows is asked for by all ports.
        let _ = device.run("ping", ["-c", "1", "-W", "1", "10.0.1.99"]);
        Ok(problems(&truck)?.contains("eth2 and eth3 of network cabin are in one switch: a loop"))
    });
    // What is done to the box itself by hand would be put back.
    switch.ip("link set port3 down")?;
    told?;
    device.run("ping", ["-c", "1", "-W", "2", "10.0.1.1"])?;
    ensure!(!problems(&truck)?.contains("a loop"), "{}", problems(&truck)?);
    Ok(())
}
