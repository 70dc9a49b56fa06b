use serde::{Deserialize, Serialize};
use std::net::Ipv4Addr;

/// `routerctl leases`: devices and containers alike.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leases {
    /// In the order of the networks in the file, then by address.
    pub leases: Vec<Node>,
}

/// Who has an address, or has one kept for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Node {
    /// Its name in the configuration, the one it was attached under, or the one it gave by DHCP.
    pub name: Option<String>,
    /// Its network's name in the configuration.
    pub network: String,
    /// Its own in that network.
    pub address: Ipv4Addr,
    /// What it is.
    pub kind: NodeKind,
    /// `02:00:00:00:01:05`; `null`: not known.
    pub mac: Option<String>,
    /// An attached container's network namespace, a path.
    pub netns: Option<String>,
    /// The address is fixed by a `[[host]]`.
    pub permanent: bool,
    /// Unix seconds; `null`: never (a container), or not leased now (a device).
    pub expires: Option<u64>,
    /// A container: it is attached. A device: its lease runs.
    pub online: bool,
}

/// What a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NodeKind {
    /// It asks by DHCP, or has a `[[host]]` with a MAC.
    Device,
    /// It is plugged in, or was.
    Container,
    /// Nobody's: somebody uses the address without a lease, so it is given to nobody until `expires`.
    Resting,
}

impl NodeKind {
    /// As people and JSON read it.
    pub fn as_str(self) -> &'static str {
        match self {
            NodeKind::Device => "device",
            NodeKind::Container => "container",
            NodeKind::Resting => "resting",
        }
    }
}
