use serde::{Deserialize, Serialize};
use std::net::Ipv4Addr;

/// Whom to plug in where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AttachRequest {
    /// The network namespace, an absolute path: `/run/netns/container1`, `/proc/4711/ns/net`.
    pub netns: String,
    /// Who it is, from one life to the next: its address belongs to this name.
    pub name: String,
    /// The network's name in the configuration.
    pub network: String,
    /// What the interface is called inside.
    #[serde(default = "eth0")]
    pub ifname: String,
}

fn eth0() -> String {
    "eth0".to_owned()
}

/// What is plugged in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attached {
    /// The path it was plugged in by.
    pub netns: String,
    /// Who it is, as in [`AttachRequest::name`].
    pub name: String,
    /// The network's name in the configuration.
    pub network: String,
    /// What the interface is called inside.
    pub ifname: String,
    /// With its prefix length: `10.0.1.4/24`.
    pub address: String,
    /// The router's own address in the network.
    pub gateway: Ipv4Addr,
    /// The interface's: `02:02:59:3a:cb:e0`.
    pub mac: String,
}

/// Whom to unplug: `{"netns": "/run/netns/container1"}` or `{"name": "container1"}`, from all of its networks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DetachRequest {
    /// An absolute path, as in [`AttachRequest::netns`].
    Netns(String),
    /// As in [`AttachRequest::name`].
    Name(String),
}

/// Whom a call unplugged.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Detached {
    /// Empty: it was not attached.
    pub detached: Vec<Attached>,
}
