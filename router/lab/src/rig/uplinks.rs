//! What the box says of its uplinks.

use super::Rig;
use crate::{provider::Provider, wait::wait_until};
use anyhow::{Context, Result};
use serde_json::Value;
use std::time::Duration;

impl Rig {
    /// A provider at the other end of `device`: it is SUBNET.1 and routes nothing but its own link.
    pub fn provider(&self, device: &str, subnet: &str) -> Result<Provider> {
        let host = self.lab.host("isp")?;
        self.lab.wire(&self.edge, device, &host, "eth0")?;
        Provider::at(host, subnet)
    }

    /// The row of `status`.
    pub fn uplink(&self, name: &str) -> Result<Value> {
        let status = self.ctl_json(&["status"])?;
        let rows = status["uplinks"].as_array().context("no uplinks")?;
        rows.iter().find(|row| row["name"] == name).cloned().with_context(|| format!("no {name} in {status}"))
    }

    /// Until the row of an uplink is as wanted.
    pub fn until(&self, name: &str, seconds: u64, wanted: impl Fn(&Value) -> bool) -> Result<Value> {
        let mut row = Value::Null;
        let waited = wait_until(&format!("uplink {name}"), Duration::from_secs(seconds), || {
            row = self.uplink(name)?;
            Ok(wanted(&row))
        });
        waited.with_context(|| format!("{row}\n{}", self.log()))?;
        Ok(row)
    }

    /// Until it has an address that its gateway answers to.
    pub fn online(&self, name: &str) -> Result<String> {
        let row = self.until(name, 60, |row| row["state"] == "online")?;
        Ok(row["address"].as_str().unwrap_or_default().to_owned())
    }
}
