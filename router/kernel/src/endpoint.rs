//! Plugs a network namespace, a container's say, into one of our bridges.

use crate::Error;
use edge_config::{AttachKind, IfName, Interface, Mac};
use std::{net::Ipv4Addr, path::PathBuf};

/// One end to be plugged in.
#[derive(Clone, Debug)]
pub struct Plug {
    /// `/proc/PID/ns/net`, `/run/netns/NAME`, `/run/docker/netns/ID`.
    pub netns: PathBuf,
    /// The interface's name inside.
    pub ifname: IfName,
    pub kind: AttachKind,
    pub bridge: IfName,
    /// The host's end of the veth pair ([`edge_config::derived::endpoint_port`]); not used by macvlan and ipvlan.
    pub port: IfName,
    pub address: Interface,
    pub gateway: Ipv4Addr,
    /// `None`: the kernel's choice. An ipvlan has its parent's and cannot have another.
    pub mac: Option<Mac>,
    /// Written on the link, for people who read `ip link`.
    pub alias: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plugged {
    pub mac: Mac,
}

/// Plugs in, or mends what is plugged in already; when it fails nothing new is left behind.
pub async fn plug(_plug: Plug) -> Result<Plugged, Error> {
    unimplemented!()
}

/// What to pull out again.
#[derive(Clone, Debug)]
pub struct Unplug {
    /// Needed to find a macvlan or ipvlan child; a namespace that is gone took it along.
    pub netns: Option<PathBuf>,
    pub ifname: IfName,
    pub kind: AttachKind,
    pub port: IfName,
}

/// Removes what [`plug`] made. Succeeds when it is gone already.
pub async fn unplug(_unplug: Unplug) -> Result<(), Error> {
    unimplemented!()
}

/// For a runtime that takes the device into the container by itself and sets address and name there (Docker):
/// makes the device in the host space, down and without address, under the name `ifname`.
#[derive(Clone, Debug)]
pub struct Prepare {
    pub ifname: IfName,
    pub kind: AttachKind,
    pub bridge: IfName,
    pub port: IfName,
    pub mac: Option<Mac>,
    pub alias: String,
}

pub async fn prepare(_prepare: Prepare) -> Result<Plugged, Error> {
    unimplemented!()
}
