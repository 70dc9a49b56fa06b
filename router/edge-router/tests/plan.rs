//! `routerctl plan FILE` says what applying that file does, and nothing comes of asking. On any kernel: no VLANs here.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test ends where it fails")]

use anyhow::{Context, Result, ensure};
use edge_lab::{Rig, same};
use std::fs;

const PROGRAM: &str = env!("CARGO_BIN_EXE_edge-router");
const UPLINK: &str = "[[uplink]]\nname = \"wan\"\ndevice = \"eth1\"\naddress = \"dhcp\"\n";

fn network(name: &str, subnet: &str) -> String {
    let pool = format!("from = \"{subnet}.20\"\nto = \"{subnet}.29\"");
    format!("[[network]]\nname = \"{name}\"\naddress = \"{subnet}.1/24\"\n[network.dhcp]\n{pool}\n")
}

/// The changes of the plan are those of the apply, in their order.
fn plan_and_apply(site: &Rig, config: &str) -> Result<String> {
    let file = site.path("another.toml");
    fs::write(&file, config)?;
    let row = || site.uplink("wan").map(|row| [row["state"].clone(), row["address"].clone(), row["why"].clone()]);
    let before = row()?;
    let plan = site.ctl_json(&["plan", file.to_str().unwrap()])?;
    same(row()?, before).context("the plan did something")?;
    let applied = site.apply(config)?;
    same(&plan["changes"], &applied["changes"])?;
    Ok(plan["changes"].to_string())
}

#[test]
fn a_plan_of_a_file_knows_what_only_that_file_brings() -> Result<()> {
    let mut site = Rig::new(PROGRAM)?;
    let mut isp = site.provider("eth1", "192.0.2")?;
    isp.udhcpd(50, 600)?;
    site.start(&format!("{UPLINK}{}", network("lan", "10.77.0")))?;
    same(site.online("wan")?.as_str(), "192.0.2.50/24")?;

    // Its ports are let in.
    let more = format!("{UPLINK}{}{}", network("lan", "10.77.0"), network("cabin", "10.78.0"));
    let changes = plan_and_apply(&site, &more)?;
    ensure!(changes.contains("br-cabin") && changes.contains("nftables table"), "{changes}");

    // The lease that is in force would not be used beside a network with the same numbers.
    let clash = format!("{more}{}", network("hold", "192.0.2"));
    let changes = plan_and_apply(&site, &clash)?;
    ensure!(changes.contains("192.0.2.50/24"), "{changes}");
    Ok(())
}
