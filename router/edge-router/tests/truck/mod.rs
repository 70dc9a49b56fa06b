//! The fire truck: a box with a trunk to a switch and an uplink to an Internet.

#![allow(dead_code, reason = "each test uses its part")]

use anyhow::Result;
use edge_lab::{Client, Host, Rig, Switch};
use std::ops::{Deref, DerefMut};

pub const PROGRAM: &str = env!("CARGO_BIN_EXE_edge-router");
pub const FIRE_TRUCK: &str = include_str!("../../../lab/scenarios/fire-truck/edge-router.toml");

/// The same without `[router] namespace`: the host is the router.
pub fn fire_truck_on_the_host() -> String {
    FIRE_TRUCK.replace("namespace = \"router\"", "")
}

/// What a box can do, it can.
pub struct Truck {
    rig: Rig,
    pub switch: Switch,
    pub internet: Host,
}

impl Deref for Truck {
    type Target = Rig;

    fn deref(&self) -> &Rig {
        &self.rig
    }
}

impl DerefMut for Truck {
    fn deref_mut(&mut self) -> &mut Rig {
        &mut self.rig
    }
}

impl Truck {
    /// With the trunk `enp2s0` carrying these VLANs and the uplink device `wlp3s0f0`; nothing runs yet.
    pub fn wired(vlans: &[u16]) -> Result<Self> {
        let one = Self::without_trunk()?;
        one.plug_trunk(vlans)?;
        Ok(one)
    }

    pub fn without_trunk() -> Result<Self> {
        let rig = Rig::new(PROGRAM)?;
        let switch = rig.lab.switch("switch")?;
        let internet = rig.lab.internet(&rig.edge, "wlp3s0f0", "192.168.50.1/24")?;
        Ok(Self { rig, switch, internet })
    }

    /// With its two devices behind the switch, each with its lease.
    pub fn with_devices(config: &str) -> Result<(Self, Host, Host)> {
        let mut truck = Self::wired(&[1, 2])?;
        truck.start(config)?;
        let (device1, device2) = (truck.lab.host("device1")?, truck.lab.host("device2")?);
        truck.switch.access(1, &device1, "eth0", "02:00:00:00:01:05")?;
        truck.switch.access(2, &device2, "eth0", "02:00:00:00:02:05")?;
        device1.dhcp(Client::Udhcpc, "eth0")?;
        device2.dhcp(Client::Udhcpc, "eth0")?;
        Ok((truck, device1, device2))
    }

    /// A device called `name` at the end of a wire to this port of the box, with an address of its own.
    pub fn device(&self, name: &str, port: &str, address: &str, gateway: &str) -> Result<Host> {
        let device = self.lab.host(name)?;
        self.lab.wire(&self.edge, port, &device, "eth0")?;
        device.ip(&format!("address add {address} dev eth0"))?;
        device.ip(&format!("route add default via {gateway}"))?;
        Ok(device)
    }

    pub fn plug_trunk(&self, vlans: &[u16]) -> Result<()> {
        self.switch.trunk(&self.edge, "enp2s0", vlans).map(drop)
    }
}
