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
    /// By the space.
    pub spaces: BTreeMap<Space, SpaceState>,
}

/// Settings of a space, each on or off.
pub type Settings = BTreeMap<Sysctl, bool>;

/// Desired: what shall be there and is ours. Observed: every link (foreign ones with [`crate::link::Owner::Foreign`]), but only
/// those addresses and routes that carry our mark, and only our own nftables table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SpaceState {
    /// By their names, all but the loopback.
    pub links: BTreeMap<IfName, Link>,
    /// Of its links.
    pub addresses: BTreeSet<Address>,
    /// Of its main table.
    pub routes: BTreeSet<Route>,
    /// A setting the kernel does not have (no bridge netfilter module) is absent.
    pub sysctls: Settings,
    /// In the family `inet`. Shared, not copied: a table is as large as the rest of a state.
    pub table: Option<Arc<nft::Table>>,
    /// In the family `bridge`, where the bridges are.
    pub bridge_table: Option<Arc<nft::Table>>,
    /// Links whose established flows the kernel forwards past the rules (a flowtable). Observed `None`: this kernel cannot.
    pub fast_path: Option<BTreeSet<IfName>>,
}

impl SpaceState {
    /// Our table of a family.
    pub fn table_of(&self, family: nft::Family) -> &Option<Arc<nft::Table>> {
        match family {
            nft::Family::Inet => &self.table,
            nft::Family::Bridge => &self.bridge_table,
        }
    }

    /// To make it another one.
    pub fn table_of_mut(&mut self, family: nft::Family) -> &mut Option<Arc<nft::Table>> {
        match family {
            nft::Family::Inet => &mut self.table,
            nft::Family::Bridge => &mut self.bridge_table,
        }
    }
}

/// A setting that decides who gets through (kernel doc networking/ip-sysctl).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sysctl {
    /// `net.ipv4.ip_forward`
    IpForward,
    /// `net.bridge.bridge-nf-call-iptables`, `-ip6tables` and `-arptables` together: on when any of them is.
    BridgeNetfilter,
    /// `net.netfilter.nf_conntrack_max` and `nf_conntrack_buckets`: on when they are at least what the [`FlowTable`](crate::FlowTable) of
    /// the machine's memory is. The machine's and not a namespace's: where they cannot be set, they are absent.
    FlowTable,
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
    /// Answers ARP for whoever it has a route to.
    ProxyArp,
    /// Both are needed; a link has its own by default.
    AcceptRedirects,
    /// Packets may say which way they take (RFC 791, 3.1).
    AcceptSourceRoute,
    /// One of the two is enough for the router to tell nodes of a shorter way (RFC 792), which is past its rules.
    SendRedirects,
}

impl Loosening {
    /// All of them.
    pub const EACH: [Self; 7] = [
        Self::RpFilter,
        Self::ArpIgnore,
        Self::AcceptLocal,
        Self::ProxyArp,
        Self::AcceptRedirects,
        Self::AcceptSourceRoute,
        Self::SendRedirects,
    ];
}

impl Sysctl {
    /// In a namespace that nobody has changed.
    pub fn is_on_at_first(self) -> bool {
        matches!(self, Sysctl::All(Loosening::SendRedirects) | Sysctl::FlowTable)
    }

    /// What `on` is in words.
    pub fn word(self, on: bool) -> &'static str {
        match (self, on) {
            (Sysctl::FlowTable, true) => "as large as the memory allows",
            (Sysctl::FlowTable, false) => "too small",
            (_, true) => "on",
            (_, false) => "off",
        }
    }

    /// As sysctl(8) has it.
    pub fn name(self) -> &'static str {
        match self {
            Sysctl::IpForward => "net.ipv4.ip_forward",
            Sysctl::BridgeNetfilter => "net.bridge.bridge-nf-call-*",
            Sysctl::FlowTable => "net.netfilter.nf_conntrack_max",
            Sysctl::All(Loosening::RpFilter) => "net.ipv4.conf.all.rp_filter",
            Sysctl::All(Loosening::ArpIgnore) => "net.ipv4.conf.all.arp_ignore",
            Sysctl::All(Loosening::AcceptLocal) => "net.ipv4.conf.all.accept_local",
            Sysctl::All(Loosening::ProxyArp) => "net.ipv4.conf.all.proxy_arp",
            Sysctl::All(Loosening::AcceptRedirects) => "net.ipv4.conf.all.accept_redirects",
            Sysctl::All(Loosening::AcceptSourceRoute) => "net.ipv4.conf.all.accept_source_route",
            Sysctl::All(Loosening::SendRedirects) => "net.ipv4.conf.all.send_redirects",
        }
    }
}

/// An address on a link.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Address {
    /// By its name in the space.
    pub link: IfName,
    /// The address with its prefix length.
    pub interface: Interface<IpNet>,
}

/// A unicast route of the main table.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Route {
    /// Where to; the default route has length 0.
    pub destination: IpNet,
    /// The next hop; `None`: on the link.
    pub via: Option<IpAddr>,
    /// By its name in the space.
    pub link: IfName,
    /// Priority: of two to the same destination the lower counts.
    pub metric: u32,
}
