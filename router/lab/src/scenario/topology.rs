//! `topology.toml`: what surrounds the box.

use super::Needs;
use crate::dhcp::Client;
use serde::Deserialize;
use std::net::Ipv4Addr;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Topology {
    /// How many rows the table has.
    pub rows: usize,
    /// A card cabled to a switch that filters by VLAN.
    pub trunk: Option<Trunk>,
    pub internet: Option<Internet>,
    #[serde(default, rename = "device")]
    pub devices: Vec<Device>,
    #[serde(default, rename = "container")]
    pub containers: Vec<Container>,
    /// What else the table names: addresses of the router and of the Internet.
    #[serde(default, rename = "place")]
    pub places: Vec<Address>,
    /// Other files that must come to the same.
    #[serde(default, rename = "variant")]
    pub variants: Vec<Change>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Trunk {
    pub card: String,
    pub vlans: Vec<u16>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Internet {
    pub card: String,
    /// The provider's, as CIDR.
    pub gateway: String,
}

/// A machine that takes its address by DHCP.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Device {
    pub name: String,
    pub behind: Port,
    pub mac: String,
    pub client: ClientName,
    pub lease: ExpectedLease,
}

/// What a device's `eth0` is plugged into.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Port {
    /// An untagged port of the switch.
    Vlan(u16),
    /// A card of the box.
    Card(String),
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum ClientName {
    Udhcpc,
    Dhclient,
    Dhcpcd,
}

/// What the device must be lent.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ExpectedLease {
    pub address: Ipv4Addr,
    pub router: Ipv4Addr,
    pub seconds: u32,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Container {
    pub name: String,
    pub network: String,
    pub address: Ipv4Addr,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Address {
    pub name: String,
    pub of: Owner,
    pub address: Ipv4Addr,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Owner {
    Router,
    Internet,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Change {
    pub name: String,
    /// Texts of the file, and what stands there instead.
    pub replace: Vec<[String; 2]>,
}

impl Topology {
    pub fn needs(&self) -> Needs {
        if self.trunk.is_some() { Needs::Vlans } else { Needs::AnyKernel }
    }
}

impl From<ClientName> for Client {
    fn from(name: ClientName) -> Self {
        match name {
            ClientName::Udhcpc => Self::Udhcpc,
            ClientName::Dhclient => Self::Dhclient,
            ClientName::Dhcpcd => Self::Dhcpcd,
        }
    }
}
