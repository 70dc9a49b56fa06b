//! Every folder of `lab/scenarios` that needs VLANs, the article's fire truck first of all: from the file to the pings.

use anyhow::{Result, ensure};
use edge_lab::{Needs, run_scenarios};

#[test]
fn every_scenario_with_vlans() -> Result<()> {
    let folders = run_scenarios(env!("CARGO_BIN_EXE_edge-router"), Needs::Vlans)?;
    ensure!(folders >= 1, "no scenario was run");
    Ok(())
}
