//! What a change of the file means is told where it touches no link or rule of the kernel, too: before, at and after an apply.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test ends where it fails")]

mod truck;

use anyhow::{Context, Result, ensure};
use edge_lab::{Client, wait_until};
use serde_json::Value;
use std::{fs, time::Duration};
use truck::Truck;

const CONFIG: &str = r#"
[system]
hostname = "truck"
ntp = ["a.example"]
[[network]]
name = "cameras"
ports = ["eth1"]
address = "10.0.10.1/24"
dhcp = { from = "10.0.10.100", to = "10.0.10.199", lease = "12h", dns = ["9.9.9.9"] }
[[host]]
name = "recorder"
network = "cameras"
address = "10.0.10.5"
"#;

/// What is replaced by what, and what is told of it.
const CASES: [(&str, &str, &str); 7] = [
    (
        "to = \"10.0.10.199\"",
        "to = \"10.0.10.150\"",
        "~ network cameras: DHCP 10.0.10.100-10.0.10.199 -> 10.0.10.100-10.0.10.150",
    ),
    ("\"12h\"", "\"1h\"", "~ network cameras: lease 12h -> 1h"),
    ("[\"9.9.9.9\"]", "[\"1.1.1.1\"]", "~ network cameras: dns 9.9.9.9 -> 1.1.1.1"),
    ("\"truck\"", "\"van\"", "~ hostname truck -> van"),
    ("\"a.example\"", "\"b.example\"", "~ ntp a.example -> b.example"),
    ("\"10.0.10.5\"", "\"10.0.10.6\"", "~ host recorder: address 10.0.10.5 -> 10.0.10.6, unplugged for a moment"),
    ("name = \"recorder\"", "# a comment\nname = \"recorder\"", ""),
];
const NOT_IN_THE_KERNEL: &str = "nothing to change in the kernel";
const SPELLING: &str = "nothing to change: only comments, order or spelling differ";

fn texts(report: &Value) -> Vec<String> {
    let effects = report["effects"].as_array().cloned().unwrap_or_default();
    effects.iter().map(|effect| effect["text"].as_str().unwrap_or_default().to_owned()).collect()
}

#[test]
fn each_change_that_is_none_of_the_kernels_is_told() -> Result<()> {
    let mut truck = Truck::without_trunk()?;
    let device = truck.lab.host("device")?;
    truck.lab.wire(&truck.edge, "eth1", &device, "eth0")?;
    truck.start(CONFIG)?;
    let recorder = truck.attached("recorder", "cameras")?;
    let new = truck.path("new.toml");
    for (old, other, told) in CASES {
        fs::write(&new, CONFIG.replace(old, other))?;
        let path = new.to_str().context("a path")?;
        let screen = truck.ctl(&["plan", path])?;
        println!("$ routerctl plan   # {old} -> {other}\n{screen}");
        let report = truck.ctl_json(&["plan", path])?;
        ensure!(told.is_empty() || screen.lines().any(|line| line == told), "{told}\n{screen}");
        ensure!(screen.contains(if told.is_empty() { SPELLING } else { NOT_IN_THE_KERNEL }), "{screen}");
        ensure!(
            report["nothing_to_change"] == told.is_empty() && report["changes"].as_array().is_some_and(Vec::is_empty),
            "{report}"
        );

        let applied = truck.ctl_json(&["apply", path])?;
        ensure!(texts(&applied) == texts(&report), "what plan told, apply does: {applied}\n{report}");
        let addresses = recorder.ip("-4 -br address show dev eth0")?;
        ensure!(addresses.contains("10.0.10.6/24") == told.contains("10.0.10.6"), "{addresses}");
        let reverted = truck.ctl_json(&["revert"])?;
        ensure!(texts(&reverted).len() == texts(&applied).len(), "the way back: {reverted}");
        if !told.is_empty() {
            let said = told.trim_start_matches("~ ").trim_end_matches(", unplugged for a moment");
            let logged = format!("in force: {said}");
            ensure!(truck.log().contains(&logged), "{logged}\n{}", truck.log());
        }
    }
    Ok(())
}

/// A client goes on with what it has until it asks again.
#[test]
fn who_keeps_an_address_for_now_is_told() -> Result<()> {
    let mut truck = Truck::without_trunk()?;
    let device = truck.lab.host("device")?;
    truck.lab.wire(&truck.edge, "eth1", &device, "eth0")?;
    truck.start(CONFIG)?;
    device.dhcp(Client::Udhcpc, "eth0")?;
    fs::write(truck.config(), CONFIG.replace("10.0.10.100", "10.0.10.180"))?;
    let (screen, pending) = (truck.ctl(&["plan"])?, truck.ctl(&["diff"])?);
    ensure!(screen.contains("1 device keeps its\n  address until it renews, 6h at most"), "{screen}");
    ensure!(pending.contains("not in force yet") && pending.contains("-> 10.0.10.180-10.0.10.199"), "{pending}");
    truck.apply_until_taken(&CONFIG.replace("10.0.10.100", "10.0.10.180"))?;
    wait_until("the range in force", Duration::from_secs(10), || Ok(truck.ctl(&["plan"])?.contains("nothing to change")))
}
