use serde::{Deserialize, Serialize};
use std::net::Ipv4Addr;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AttachRequest {
    /// The network namespace, an absolute path: `/run/netns/container1`, `/proc/4711/ns/net`.
    pub netns: String,
    /// Who it is, from one life to the next: its address belongs to this name.
    pub name: String,
    pub network: String,
    /// What the interface is called inside.
    #[serde(default = "eth0")]
    pub ifname: String,
}

fn eth0() -> String {
    "eth0".to_owned()
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attached {
    pub netns: String,
    pub name: String,
    pub network: String,
    pub ifname: String,
    /// With its prefix length: `10.0.1.4/24`.
    pub address: String,
    pub gateway: Ipv4Addr,
    pub mac: String,
}

/// Whom to unplug: `{"netns": "/run/netns/container1"}` or `{"name": "container1"}`, from all of its networks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DetachRequest {
    Netns(String),
    Name(String),
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Detached {
    /// Empty: it was not attached.
    pub detached: Vec<Attached>,
}
