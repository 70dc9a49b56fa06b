//! One run of a scenario, from the file to the pings.

use super::{
    Scenario,
    topology::{Device, Owner, Port, Topology},
};
use crate::{
    host::Host,
    rig::Rig,
    same::same,
    switch::Switch,
    table::{Place, Table},
};
use anyhow::{Context, Result};
use std::{collections::BTreeMap, path::Path};

pub(super) fn run(program: &Path, scenario: &Scenario, config: &str) -> Result<()> {
    let topology = &scenario.topology;
    let mut site = Site::wire(program, topology)?;
    site.rig.start(config)?;
    site.acquire_leases(topology)?;
    let report = Table::parse(&scenario.expect)?.run(&site.places(topology)?)?;
    println!("{report}\n{}", site.rig.ctl(&["status"])?);
    same(report.rows.len(), topology.rows)?;
    report.check()
}

/// The box and the machines around it.
struct Site {
    rig: Rig,
    devices: Vec<Host>,
    internet: Option<Host>,
}

impl Site {
    fn wire(program: &Path, topology: &Topology) -> Result<Self> {
        let rig = Rig::new(program)?;
        let switch = rig.lab.switch("switch")?;
        if let Some(trunk) = &topology.trunk {
            switch.trunk(&rig.edge, &trunk.card, &trunk.vlans)?;
        }
        let internet = topology.internet.as_ref();
        let internet = internet.map(|uplink| rig.lab.internet(&rig.edge, &uplink.card, &uplink.gateway)).transpose()?;
        let devices = topology.devices.iter().map(|device| plug(&rig, &switch, device)).collect::<Result<_>>()?;
        Ok(Self { rig, devices, internet })
    }

    /// Every device asks for its address and is lent what the topology says.
    fn acquire_leases(&self, topology: &Topology) -> Result<()> {
        for (device, host) in topology.devices.iter().zip(&self.devices) {
            let (lease, wanted) = (host.dhcp(device.client.into(), "eth0")?, &device.lease);
            same((lease.address, lease.router, lease.seconds), (wanted.address, Some(wanted.router), wanted.seconds))
                .with_context(|| format!("the lease of {}", device.name))?;
        }
        Ok(())
    }

    /// What the names of the table stand for; containers are plugged in on the way.
    fn places<'a>(&self, topology: &'a Topology) -> Result<BTreeMap<&'a str, Place>> {
        let mut places = BTreeMap::new();
        for (device, host) in topology.devices.iter().zip(&self.devices) {
            places.insert(device.name.as_str(), (host.clone(), device.lease.address));
        }
        for container in &topology.containers {
            let host = self.rig.attached(&container.name, &container.network)?;
            places.insert(&container.name, (host, container.address));
        }
        for place in &topology.places {
            places.insert(&place.name, (self.owner(place.of)?, place.address));
        }
        Ok(places)
    }

    fn owner(&self, of: Owner) -> Result<Host> {
        match of {
            Owner::Router => self.rig.router(),
            Owner::Internet => self.internet.clone().context("the topology has no internet"),
        }
    }
}

/// Makes the machine and cables it.
fn plug(rig: &Rig, switch: &Switch, device: &Device) -> Result<Host> {
    let host = rig.lab.host(&device.name)?;
    match &device.behind {
        Port::Vlan(vlan) => switch.access(*vlan, &host, "eth0", &device.mac).map(drop)?,
        Port::Card(card) => {
            rig.lab.wire(&rig.edge, card, &host, "eth0")?;
            host.ip(&format!("link set eth0 address {}", device.mac))?;
        }
    }
    Ok(host)
}
