use crate::{Address, Link, LinkKind, Route, Space, Sysctl, nft};
use edge_net::{IfName, Name};
use std::{collections::BTreeSet, sync::Arc};

/// One change of the kernel. It has no inverse: the way back is the old configuration, kept on disk before the first operation, by the same
/// comparison with what is there. So it leads back from any half-way point too, and from what somebody else did meanwhile. What a
/// change comes `from` is held against the kernel's state, so that only what differs is written, and is told to people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Op {
    /// Makes the namespace, marks it as ours and sets its loopback up.
    CreateNamespace(Name),
    /// What was made in it goes with it; a direct uplink's device is moved out before.
    DeleteNamespace(Name),
    /// Writes a setting of a space.
    SetSysctl {
        /// Where.
        space: Space,
        /// Which.
        sysctl: Sysctl,
        /// What it is.
        from: bool,
        /// What it becomes.
        to: bool,
    },
    /// For a veth this makes both ends, each set as its own `Link` says: `peer` is the other end's.
    CreateLink {
        /// Where it comes to live.
        space: Space,
        /// What it is called there.
        name: IfName,
        /// What it is and is set to.
        link: Link,
        /// Of a veth only.
        peer: Option<Link>,
    },
    /// With it goes the other end of a pair.
    DeleteLink {
        /// Where it is.
        space: Space,
        /// What it is called.
        name: IfName,
        /// What it is.
        kind: LinkKind,
    },
    /// What can be changed on a living link: owner mark, MAC, master, up, conf, and what its kind says of itself that it can. In all
    /// else the kinds are equal.
    ChangeLink {
        /// Where it is.
        space: Space,
        /// What it is called.
        name: IfName,
        /// As it is.
        from: Link,
        /// As it becomes.
        to: Link,
    },
    /// Takes a device into the other space (a direct uplink of a router with its own namespace).
    MoveLink {
        /// The same in both spaces.
        name: IfName,
        /// Where it is.
        from: Space,
        /// Where it goes.
        to: Space,
    },
    /// Puts an address on a link.
    AddAddress {
        /// Where.
        space: Space,
        /// The address and its link.
        address: Address,
    },
    /// Takes an address from a link.
    DeleteAddress {
        /// Where.
        space: Space,
        /// The address and its link.
        address: Address,
    },
    /// Makes a route of the main table, marked as ours.
    AddRoute {
        /// Where.
        space: Space,
        /// The route.
        route: Route,
    },
    /// Takes a route of ours away.
    DeleteRoute {
        /// Where.
        space: Space,
        /// The route.
        route: Route,
    },
    /// Makes our table of a family what it shall be in one transaction, changing what differs ([`nft::edits`]); `to: None` removes it.
    SetTable {
        /// Where.
        space: Space,
        /// Which of the two.
        family: nft::Family,
        /// As it is; `None`: there is none.
        from: Option<Arc<nft::Table>>,
        /// As it becomes.
        to: Option<Arc<nft::Table>>,
    },
    /// Binds these links to the flowtable, and no others.
    SetFastPath {
        /// Where.
        space: Space,
        /// The links bound now.
        from: BTreeSet<IfName>,
        /// The links bound afterwards.
        to: BTreeSet<IfName>,
    },
}
