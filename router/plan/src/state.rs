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

pub type Settings = BTreeMap<Sysctl, bool>;

/// Desired: what shall be there and is ours. Observed: every link (foreign ones with [`crate::link::Owner::Foreign`]), but only
/// those addresses and routes that carry our mark, and only our own nftables table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SpaceState {
    pub links: BTreeMap<IfName, Link>,
    pub addresses: BTreeSet<Address>,
    pub routes: BTreeSet<Route>,
    /// A setting the kernel does not have (no bridge netfilter module) is absent.
    pub sysctls: Settings,
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
    /// On when it is anything but 0.
    All(Loosening),
}

/// One of `net.ipv4.conf.all`, which the kernel takes together with each link's own: anything but 0 loosens what the links are set to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Loosening {
    /// The greater of the two counts, and 2 filters less than 1.
    RpFilter,
    /// Likewise, and 2 to 8 answer otherwise than 1.
    ArpIgnore,
    /// One of the two is enough for a packet that claims to be from the router itself.
    AcceptLocal,
    ProxyArp,
    /// Both are needed; a link has its own by default.
    AcceptRedirects,
    AcceptSourceRoute,
}

impl Loosening {
    pub const EACH: [Self; 6] =
        [Self::RpFilter, Self::ArpIgnore, Self::AcceptLocal, Self::ProxyArp, Self::AcceptRedirects, Self::AcceptSourceRoute];
}

impl Sysctl {
    /// As sysctl(8) has it.
    pub fn name(self) -> &'static str {
        match self {
            Sysctl::IpForward => "net.ipv4.ip_forward",
            Sysctl::BridgeNetfilter => "net.bridge.bridge-nf-call-*",
            Sysctl::All(Loosening::RpFilter) => "net.ipv4.conf.all.rp_filter",
            Sysctl::All(Loosening::ArpIgnore) => "net.ipv4.conf.all.arp_ignore",
            Sysctl::All(Loosening::AcceptLocal) => "net.ipv4.conf.all.accept_local",
            Sysctl::All(Loosening::ProxyArp) => "net.ipv4.conf.all.proxy_arp",
            Sysctl::All(Loosening::AcceptRedirects) => "net.ipv4.conf.all.accept_redirects",
            Sysctl::All(Loosening::AcceptSourceRoute) => "net.ipv4.conf.all.accept_source_route",
        }
    }
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
