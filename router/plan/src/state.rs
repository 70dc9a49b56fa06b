//! Kernel state, as wanted and as observed: the same types, so that the difference is a comparison.

use crate::{Link, Space, nft};
use edge_net::{IfName, Interface};
use ipnet::IpNet;
use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
    sync::Arc,
};

/// Every namespace we have to do with. A named space is in the map when it exists (observed: exists and carries our mark).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    pub spaces: BTreeMap<Space, SpaceState>,
}

/// Desired: what shall be there and is ours. Observed: every link (foreign ones with [`Owner::Foreign`]), but only
/// those addresses and routes that carry our mark, and only our own nftables table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SpaceState {
    pub links: BTreeMap<IfName, Link>,
    pub addresses: BTreeSet<Address>,
    pub routes: BTreeSet<Route>,
    /// A setting the kernel does not have (no bridge netfilter module) is absent.
    pub sysctls: BTreeMap<Sysctl, bool>,
    /// Shared, not copied: a table is as large as the rest of a state.
    pub table: Option<Arc<nft::Table>>,
    /// Links whose established flows the kernel forwards past the rules (a flowtable). Observed `None`: this kernel cannot.
    pub fast_path: Option<BTreeSet<IfName>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sysctl {
    /// `net.ipv4.ip_forward`
    IpForward,
    /// `net.bridge.bridge-nf-call-iptables`, `-ip6tables` and `-arptables` together: on when any of them is.
    BridgeNetfilter,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Address {
    pub link: IfName,
    pub interface: Interface<IpNet>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Route {
    pub destination: IpNet,
    pub via: Option<IpAddr>,
    pub link: IfName,
    pub metric: u32,
}
