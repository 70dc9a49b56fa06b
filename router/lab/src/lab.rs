//! The bench itself.

use crate::{cable::cable, host::Host, leftovers, switch::Switch};
use anyhow::Result;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Makes machines and wires; its end, a panic included, stops every process left on them.
#[derive(Debug)]
pub struct Lab {
    hosts: Mutex<Vec<Host>>,
}

impl Lab {
    /// An empty bench; processes that a killed test run left behind are stopped first.
    pub fn new() -> Result<Self> {
        leftovers::sweep_dead_runs()?;
        Ok(Self { hosts: Mutex::default() })
    }

    /// A machine with nothing but `lo`.
    pub fn host(&self, name: &str) -> Result<Host> {
        let host = Host::create(name)?;
        self.hosts().push(host.clone());
        Ok(host)
    }

    /// A switch that filters by VLAN; needs a kernel that can (`CONFIG_BRIDGE_VLAN_FILTERING`, as in `scripts/vm`).
    pub fn switch(&self, name: &str) -> Result<Switch> {
        Ok(Switch::create(self.host(name)?))
    }

    /// A cable between two new network cards, both up.
    pub fn wire(&self, left: &Host, left_device: &str, right: &Host, right_device: &str) -> Result<()> {
        cable(left, left_device, right, right_device)
    }

    /// The far side of an uplink: the provider's gateway at `gateway` (CIDR) on the other end of `device`, and 8.8.8.8 behind it. It
    /// knows no route to private networks, so only a source on the link itself gets an answer.
    pub fn internet(&self, edge: &Host, device: &str, gateway: &str) -> Result<Host> {
        let isp = self.host("isp")?;
        self.wire(edge, device, &isp, "eth0")?;
        isp.ip(&format!("address add {gateway} dev eth0"))?;
        isp.ip("address add 8.8.8.8/32 dev lo")?;
        Ok(isp)
    }

    fn hosts(&self) -> MutexGuard<'_, Vec<Host>> {
        self.hosts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        let hosts = self.hosts();
        let spaces: Vec<_> = hosts.iter().map(Host::space).collect();
        if let Err(error) = leftovers::stop_members(&spaces) {
            log::warn!("the lab could not be cleared: {error:#}");
        }
    }
}
