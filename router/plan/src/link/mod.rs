//! Links: each kind of them in a file of its own, and what they have in common.

mod behaviour;
mod bridge;
mod child;
mod device;
mod ipvlan;
mod living;
mod macvlan;
mod veth;
mod vlan;

pub(crate) use behaviour::{Changes, Rank};
pub use ipvlan::IpvlanL2;
pub use macvlan::Macvlan;
pub use veth::Veth;
pub use vlan::Vlan;

use crate::{Attribute, Difference, Effect, Space};
use behaviour::LinkBehaviour;
use edge_net::{IfName, Mac};
use std::mem::discriminant;

/// A kernel interface, as wanted or as observed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// What it is, and what it is made on.
    pub kind: LinkKind,
    /// Whose it is.
    pub owner: Owner,
    /// The bridge it is a port of (`IFLA_MASTER`).
    pub master: Option<IfName>,
    /// Set up (`IFF_UP`).
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
    /// Without a mark of ours: listed, never touched.
    Foreign,
}

impl Owner {
    /// The groups of [`Plan`](Self::Plan), [`Attach`](Self::Attach) and [`Lent`](Self::Lent).
    pub const GROUPS: [u32; 3] = [0x6564, 0x6565, 0x6566];
}

/// The kinds of links that a plan knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LinkKind {
    /// A device that is there or not there, but never made by us. Wanted as a `Device`, a link may be of any kind;
    /// observed, it is one of none of the kinds below.
    Device,
    /// A bridge; each network has one.
    Bridge,
    /// A VLAN of a trunk, port of its network's bridge.
    Vlan(Vlan),
    /// One end of a veth pair: the router's leg into a network.
    Veth(Veth),
    /// An uplink's way out that shares its device's MAC address.
    IpvlanL2(IpvlanL2),
    /// An uplink's way out with a MAC address of its own.
    Macvlan(Macvlan),
}

/// What every link that carries packets for us is set to: no IPv6 address of its own (`addr_gen_mode none`),
/// ARP answered only for the link's own address (`arp_ignore 1`), no redirects sent (`send_redirects 0`), the reverse path filter, and
/// whether the kernel forwards what comes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinkConf {
    /// What becomes of a packet whose way back leads by another link.
    pub rp_filter: RpFilter,
    /// `net.ipv4.conf.LINK.forwarding`
    pub forwarding: bool,
}

/// Kernel doc networking/ip-sysctl, `rp_filter`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RpFilter {
    /// Nothing is checked.
    Off = 0,
    /// The best way back must lead by this link (RFC 3704, 2.2).
    Strict = 1,
    /// Any way back will do (RFC 3704, 2.4).
    Loose = 2,
}

impl LinkKind {
    /// The one place that knows them all.
    fn own(&self) -> &dyn LinkBehaviour {
        match self {
            LinkKind::Device => &device::Device,
            LinkKind::Bridge => &bridge::Bridge,
            LinkKind::Vlan(vlan) => vlan,
            LinkKind::Veth(veth) => veth,
            LinkKind::IpvlanL2(ipvlan) => ipvlan,
            LinkKind::Macvlan(macvlan) => macvlan,
        }
    }

    /// As `ip link` has it.
    pub fn word(&self) -> &'static str {
        self.own().word()
    }

    /// What it is made of, in words: `id 10 on enp2s0`.
    pub fn made_of(&self) -> Option<String> {
        self.own().made_of()
    }

    /// The link of the host space that it is made on.
    pub fn parent(&self) -> Option<&IfName> {
        self.own().parent()
    }

    /// The other end of a pair, and the space it stands in.
    pub fn peer(&self) -> Option<(&Space, &IfName)> {
        self.own().peer()
    }

    pub(crate) fn rank(&self) -> Rank {
        self.own().rank()
    }

    /// What an apply interrupts that does this to such a link.
    pub(crate) fn effect(&self, changes: Changes) -> Option<Effect> {
        self.own().effect(changes)
    }

    /// Wanted where a link of the other kind is: with what is left to that one.
    pub(crate) fn over(&self, found: &LinkKind) -> LinkKind {
        self.own().over(found).unwrap_or_else(|| self.clone())
    }

    /// What makes the other one another than this.
    pub(crate) fn differences(&self, wanted: &LinkKind) -> Vec<Difference> {
        if discriminant(self) == discriminant(wanted) {
            self.own().differences(wanted)
        } else {
            vec![Difference::new(Attribute::Kind, self.word(), wanted.word())]
        }
    }

    /// Those of them that the kernel cannot change while it lives.
    pub(crate) fn fixed_differences(&self, wanted: &LinkKind) -> Vec<Difference> {
        self.differences(wanted).into_iter().filter(|difference| difference.what.is_fixed()).collect()
    }

    /// Whether a living link of this kind can become the other.
    pub(crate) fn can_become(&self, wanted: &LinkKind) -> bool {
        self == wanted || self.fixed_differences(wanted).is_empty()
    }
}
