//! What the kernel is told meanwhile.

use super::Rig;
use crate::wait::wait_until;
use anyhow::Result;
use std::time::Duration;

impl Rig {
    /// What the kernel is told while `during` runs: every link, address, route and rule that is made, changed or removed.
    pub fn kernel_notices(&self, during: impl FnOnce() -> Result<()>) -> Result<String> {
        let mut places = vec![self.edge.clone()];
        if self.router()?.name() != self.edge.name() {
            places.push(self.router()?);
        }
        let mut monitors = Vec::new();
        for place in &places {
            let script = "stdbuf -oL ip monitor link address route & exec stdbuf -oL nft monitor";
            monitors.push(place.daemon(place.command("sh").args(["-c", script]))?);
        }
        // Changes of our own prove that the monitors hear, before and after.
        let canaries = |name: &str| -> Result<()> {
            for (place, monitor) in places.iter().zip(&monitors) {
                wait_until("the monitors", Duration::from_secs(60), || {
                    place.sh(&format!("ip link add {name} type dummy; ip link delete {name}"))?;
                    place.sh(&format!("nft add table inet {name}; nft delete table inet {name}"))?;
                    let log = monitor.log()?;
                    Ok(log.contains(&format!(" {name}: ")) && log.contains(&format!("add table inet {name}")))
                })?;
            }
            Ok(())
        };
        canaries("canary1")?;
        during()?;
        canaries("canary2")?;
        let mut notices = String::new();
        for monitor in &monitors {
            notices.extend(monitor.log()?.lines().filter(|line| !line.trim().is_empty()).map(|line| format!("{line}\n")));
        }
        Ok(without_canary(&notices))
    }
}

/// The canary's own notices: its lines, and what stands indented below them. And what a bridge tells of its ports by itself, when a
/// timer of its multicast snooping runs out: such a notice has no link group, which every notice of a write has.
fn without_canary(notices: &str) -> String {
    let mut kept = String::new();
    let mut canary = false;
    for line in notices.lines() {
        if !line.starts_with(' ') {
            let timer = line.contains(" master ") && !line.contains(" group ");
            canary = timer || line.contains("canary") || line.starts_with("# new generation");
        }
        if !canary {
            kept += line;
            kept.push('\n');
        }
    }
    kept
}
