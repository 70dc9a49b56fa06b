//! A switch with access and trunk ports: a bridge that filters by VLAN, in a namespace of its own.

use crate::{cable::cable, host::Host};
use anyhow::{Context, Result};
use std::sync::atomic::{AtomicU32, Ordering};

const BRIDGE: &str = "switch";

#[derive(Debug)]
pub struct Switch {
    host: Host,
    ports: AtomicU32,
}

impl Switch {
    /// Its bridge is made with the first port, so that a bench whose switch stays empty can be on any kernel.
    pub(crate) fn create(host: Host) -> Self {
        Self { host, ports: AtomicU32::new(0) }
    }

    /// The machine that the switch is: for `tcpdump`, or `bridge fdb`.
    pub fn host(&self) -> &Host {
        &self.host
    }

    /// Plugs `device` of `host`, made here with that MAC address, into an untagged port of one VLAN. Returns the port's name.
    pub fn access(&self, vlan: u16, host: &Host, device: &str, mac: &str) -> Result<String> {
        let port = self.port(host, device)?;
        host.ip(&format!("link set {device} address {mac}"))?;
        self.vlan(&port, &format!("{vlan} pvid untagged"))?;
        Ok(port)
    }

    /// Plugs `device` of `host`, made here, into a port that carries these VLANs tagged and nothing untagged. Returns the port's name.
    pub fn trunk(&self, host: &Host, device: &str, vlans: &[u16]) -> Result<String> {
        let port = self.port(host, device)?;
        for vlan in vlans {
            self.vlan(&port, &vlan.to_string())?;
        }
        Ok(port)
    }

    fn port(&self, host: &Host, device: &str) -> Result<String> {
        let number = self.ports.fetch_add(1, Ordering::Relaxed) + 1;
        if number == 1 {
            self.host
                .ip(&format!("link add {BRIDGE} type bridge vlan_filtering 1 vlan_default_pvid 0"))
                .context("this kernel has no bridge VLAN filtering; run the test with scripts/vm")?;
            self.host.ip(&format!("link set {BRIDGE} up"))?;
        }
        let port = format!("port{number}");
        cable(host, device, &self.host, &port)?;
        self.host.ip(&format!("link set {port} master {BRIDGE}"))?;
        Ok(port)
    }

    fn vlan(&self, port: &str, membership: &str) -> Result<()> {
        self.host.run("bridge", format!("vlan add dev {port} vid {membership}").split_whitespace())?;
        Ok(())
    }
}
