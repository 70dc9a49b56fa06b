use crate::{EndpointName, NetnsError, error::Cause};
use edge_dhcp::ClaimError;
use edge_kernel::endpoint::{Found, Plug, Unplug};
use edge_net::{AttachKind, IfName, Mac, Name};
use serde::{Deserialize, Serialize};
use std::{net::Ipv4Addr, path::Path};

/// Where addresses come from. Everything is on disk when it returns.
pub trait Leases: Send + Sync + 'static {
    /// The container's address in the network: `address` and no other when one is given, else the reserved one, else the
    /// one it had, else a free one (not where another server gives out the addresses).
    fn claim(
        &self,
        network: &Name,
        name: &EndpointName,
        address: Option<Ipv4Addr>,
    ) -> impl Future<Output = Result<Ipv4Addr, ClaimError>> + Send;

    /// The container is gone. The address stays its own until somebody else needs it.
    fn release(&self, network: &Name, name: &str) -> impl Future<Output = Result<(), ClaimError>> + Send;

    /// Whether a container is held to be attached, also in a network that is not configured yet.
    fn is_used(&self) -> bool;

    /// Containers that are held to be attached: network and name.
    fn held(&self) -> Vec<(Name, String)>;
}

/// What plugs the ends in.
pub trait Plugs: Send + Sync + 'static {
    /// Which network namespace the path leads to; an error when to none, or to one that is not a container's.
    fn identify(&self, netns: &Path) -> Result<NetnsId, NetnsError>;

    /// Plugs in, or mends what is plugged in; when it fails nothing new is left behind.
    fn plug(&self, plug: Plug) -> impl Future<Output = Result<Mac, Cause>> + Send;

    /// Removes what `plug` made. Succeeds when it is gone already.
    fn unplug(&self, unplug: Unplug) -> impl Future<Output = Result<(), Cause>> + Send;

    /// The bridge that a macvlan or ipvlan child is on; none when there is no such child.
    fn parent(&self, netns: &Path, ifname: &IfName) -> impl Future<Output = Result<Option<IfName>, Cause>> + Send;

    /// Every interface in a container that carries an attachment's mark.
    fn found(&self) -> impl Future<Output = Result<Vec<Found>, Cause>> + Send;

    /// Every bridge port that carries an attachment's mark.
    fn ports(&self) -> impl Future<Output = Result<Vec<Port>, Cause>> + Send;
}

/// Device and inode of a namespace (namespaces(7)): different numbers, different namespaces. They may be used again
/// when a namespace is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NetnsId {
    /// Of the file system of namespaces.
    pub device: u64,
    /// Of the namespace in it.
    pub inode: u64,
}

/// The host's end of an attachment to a bridge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Port {
    /// As the host has it.
    pub name: IfName,
    /// Which one it is a port of; `None`: of none.
    pub bridge: Option<IfName>,
}

impl Port {
    /// How to remove one that nobody remembers.
    pub(crate) fn unplug(self) -> Unplug {
        // A port is found by its name; the other end goes with it.
        Unplug { netns: None, ifname: self.name, kind: AttachKind::Bridge, port: self.name, marks: None }
    }
}
