//! Kernel state, as wanted and as observed: the same types, so that the difference is a comparison.

use crate::nft;
use edge_net::{IfName, Interface, Mac, Name, VlanId};
use ipnet::Ipv4Net;
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    net::Ipv4Addr,
    sync::Arc,
};

/// A network namespace: the host's own, or a named one (`/run/netns/NAME`, as `ip netns` has it).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Space {
    Host,
    Named(Name),
}

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

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    pub kind: LinkKind,
    pub owner: Owner,
    pub master: Option<IfName>,
    pub up: bool,
    /// `None`: the kernel's choice (and in a diff: whatever it is).
    pub mac: Option<Mac>,
    /// `None`: left alone (a foreign device of which we only use the frames).
    pub conf: Option<LinkConf>,
}

/// Whose a link is, told by its link group (`IFLA_GROUP`), which unlike an alias is set in the same message that creates it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// Made by an apply (group 0x6564).
    Plan,
    /// Somebody else's device, of any kind, that an apply put into a bridge or made an uplink (group 0x6566): given back, never deleted.
    Lent,
    /// A container's bridge port, made by an attach (group 0x6565); the plan leaves it alone.
    Attach,
    Foreign,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LinkKind {
    /// A device that is there or not there, but never made by us. Wanted as a `Device`, a link may be of any kind;
    /// observed, it is one of none of the kinds below.
    Device,
    Bridge,
    Vlan {
        parent: IfName,
        id: VlanId,
    },
    /// One end of a pair; the other end stands in its own space. The pair is made and removed as one.
    Veth {
        peer_space: Space,
        peer: IfName,
    },
    /// `parent` is a link of the host space, whichever space the child lives in.
    IpvlanL2 {
        parent: IfName,
    },
    Macvlan {
        parent: IfName,
    },
}

/// What every link that carries packets for us is set to: no IPv6 address of its own (`addr_gen_mode none`),
/// ARP answered only for the link's own address (`arp_ignore 1`), and the reverse path filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinkConf {
    pub rp_filter: RpFilter,
}

/// Kernel doc networking/ip-sysctl, `rp_filter`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RpFilter {
    Off = 0,
    Strict = 1,
    Loose = 2,
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
    pub interface: Interface,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Route {
    pub destination: Ipv4Net,
    pub via: Option<Ipv4Addr>,
    pub link: IfName,
    pub metric: u32,
}

impl fmt::Display for Space {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Space::Host => f.pad("host"),
            Space::Named(name) => f.pad(name.as_str()),
        }
    }
}

impl Link {
    /// The link of the host space that this one is made on.
    pub fn parent(&self) -> Option<&IfName> {
        match &self.kind {
            LinkKind::Vlan { parent, .. } | LinkKind::IpvlanL2 { parent } | LinkKind::Macvlan { parent } => Some(parent),
            LinkKind::Device | LinkKind::Bridge | LinkKind::Veth { .. } => None,
        }
    }
}

impl LinkKind {
    /// As `ip link` has it.
    pub fn word(&self) -> &'static str {
        match self {
            LinkKind::Device => "device",
            LinkKind::Bridge => "bridge",
            LinkKind::Vlan { .. } => "vlan",
            LinkKind::Veth { .. } => "veth",
            LinkKind::IpvlanL2 { .. } => "ipvlan",
            LinkKind::Macvlan { .. } => "macvlan",
        }
    }
}
