use serde::{Deserialize, Serialize};
use std::net::Ipv4Addr;

/// `routerctl leases`: devices and containers alike.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leases {
    pub leases: Vec<Node>,
}

/// Who has an address, or has one kept for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Node {
    /// Its name in the configuration, the one it was attached under, or the one it gave by DHCP.
    pub name: Option<String>,
    pub network: String,
    pub address: Ipv4Addr,
    pub kind: NodeKind,
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

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NodeKind {
    Device,
    Container,
    /// Nobody's: somebody uses the address without a lease, so it is given to nobody until `expires`.
    Resting,
}

impl NodeKind {
    pub fn as_str(self) -> &'static str {
        match self {
            NodeKind::Device => "device",
            NodeKind::Container => "container",
            NodeKind::Resting => "resting",
        }
    }
}
