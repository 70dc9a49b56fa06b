//! Every folder of `lab/scenarios` that any kernel can run: from the file to the pings.

use anyhow::{Result, ensure};
use edge_lab::{Needs, run_scenarios};

#[test]
fn every_scenario_without_vlans() -> Result<()> {
    let folders = run_scenarios(env!("CARGO_BIN_EXE_edge-router"), Needs::AnyKernel)?;
    ensure!(folders >= 1, "no scenario was run");
    Ok(())
}
