//! What was in force, as `routerctl history`, `history diff` and `revert N` show it and bring it back. On any kernel.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test ends where it fails")]

mod truck;

use anyhow::{Context, Result, ensure};
use edge_lab::same;
use std::fs;
use truck::Truck;

fn network(name: &str, number: u8) -> String {
    format!("[[network]]\nname = \"{name}\"\naddress = \"10.0.{number}.1/24\"\n")
}

fn has(truck: &Truck, bridge: &str) -> Result<bool> {
    Ok(truck.edge.ip("-br link")?.contains(bridge))
}

/// As somebody who is connected by ssh.
fn as_anna(truck: &Truck, arguments: &[&str]) -> Result<String> {
    let mut command = truck.edge.command(env!("CARGO_BIN_EXE_edge-router"));
    command.env("SSH_PUBKEYINFO", "anna@laptop").env("SSH_CONNECTION", "10.0.1.20 50000 10.0.1.1 22");
    let output = command.args(["ctl", "--run-dir"]).arg(truck.run_dir()).args(arguments).output()?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8(output.stdout)?)
}

fn standings(truck: &Truck) -> Result<Vec<String>> {
    let entries = truck.ctl_json(&["history"])?["entries"].as_array().cloned().context("no entries")?;
    let told = |one: &serde_json::Value| format!("{} {}", one["number"], one["standing"].as_str().unwrap_or("-"));
    Ok(entries.iter().map(told).collect())
}

#[test]
fn what_was_in_force_is_listed_compared_and_brought_back() -> Result<()> {
    let (one, two) = (network("cabin", 1), network("cabin", 1) + &network("hold", 2));
    let mut truck = Truck::without_trunk()?;
    truck.start(&one)?;
    fs::write(truck.config(), &two)?;
    as_anna(&truck, &["apply"])?;
    let file = truck.config();
    let list = truck.ctl(&["history"])?;
    let newest = list.lines().nth(1).context("no entry")?;
    for part in ["2   ", "apply ", "root (anna@laptop) 10.0.1.20", "+3 -0", "in force"] {
        ensure!(newest.contains(part), "{part}:\n{list}");
    }
    ensure!(list.lines().all(|line| line.chars().count() <= 100), "{list}");
    same(standings(&truck)?, vec!["2 in-force".into(), "1 before".into()])?;
    same(truck.ctl(&["history", "1"])?, one.clone())?;
    let diff = truck.ctl(&["history", "diff", "1", "2"])?;
    ensure!(diff.starts_with("--- configuration 1\n+++ configuration 2\n@@ ") && diff.contains("\n+name = \"hold\"\n"), "{diff}");
    same(truck.ctl(&["history", "diff", "2"])?, "nothing differs\n".into())?;
    let missing = format!("{:#}", truck.ctl(&["history", "7"]).unwrap_err());
    ensure!(missing.contains("there is no configuration 7 in the history"), "{missing}");

    // In a window what is in force has no number; what comes back has.
    as_anna(&truck, &["revert", "1", "--confirm", "10m"])?;
    ensure!(!has(&truck, "br-hold")?);
    same(standings(&truck)?, vec!["2 comes-back".into(), "1 -".into()])?;
    let screen = truck.ctl(&["status"])?;
    ensure!(screen.contains("comes back, number 2: routerctl confirm"), "{screen}");
    ensure!(truck.ctl(&["history", "diff", "2"])?.contains("\n-name = \"hold\"\n"));
    truck.ctl(&["revert"])?;
    ensure!(has(&truck, "br-hold")?);

    let told = as_anna(&truck, &["revert", "1"])?;
    ensure!(told.contains("in force: configuration 3 (") && told.contains(", applied "), "{told}");
    ensure!(!has(&truck, "br-hold")?);
    same(standings(&truck)?, vec!["3 in-force".into(), "2 before".into(), "1 -".into()])?;
    truck.kill()?;
    truck.restart(&[])?;
    ensure!(!has(&truck, "br-hold")?, "it stays over a start");
    same(standings(&truck)?.len(), 3)?;
    let status = truck.ctl_json(&["status"])?;
    let problem = status["problems"][0]["why"].as_str().unwrap_or_default().to_owned();
    let hint = format!("routerctl history 3 > {}", file.display());
    ensure!(problem.contains("in force is configuration 3 (") && problem.contains(&hint), "{problem}");
    same((status["applied"]["number"].as_u64(), status["applied"]["before"]["number"].as_u64()), (Some(3), Some(2)))?;

    // What the status says, done.
    fs::write(&file, truck.ctl(&["history", "3"])?)?;
    same(truck.ctl_json(&["status"])?["problems"].to_string().as_str(), "[]")?;
    truck.ctl(&["revert"])?;
    ensure!(has(&truck, "br-hold")?, "a revert leads to what was named");
    let back = truck.ctl_json(&["history"])?["entries"][0].clone();
    same((back["how"].as_str(), back["revert_to"].as_u64()), (Some("revert"), Some(2)))
}
