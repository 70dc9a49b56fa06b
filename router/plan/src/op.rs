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
    DeleteNamespace(Name),
    SetSysctl {
        space: Space,
        sysctl: Sysctl,
        from: bool,
        to: bool,
    },
    /// For a veth this makes both ends, each set as its own `Link` says: `peer` is the other end's.
    CreateLink {
        space: Space,
        name: IfName,
        link: Link,
        peer: Option<Link>,
    },
    /// With it goes the other end of a pair.
    DeleteLink {
        space: Space,
        name: IfName,
        kind: LinkKind,
    },
    /// What can be changed on a living link: owner mark, MAC, master, up, conf. The kinds are equal.
    ChangeLink {
        space: Space,
        name: IfName,
        from: Link,
        to: Link,
    },
    /// Takes a device into the other space (a direct uplink of a router with its own namespace).
    MoveLink {
        name: IfName,
        from: Space,
        to: Space,
    },
    AddAddress {
        space: Space,
        address: Address,
    },
    DeleteAddress {
        space: Space,
        address: Address,
    },
    AddRoute {
        space: Space,
        route: Route,
    },
    DeleteRoute {
        space: Space,
        route: Route,
    },
    /// Makes our table what it shall be in one transaction, changing what differs ([`nft::edits`]); `to: None` removes it.
    SetTable {
        space: Space,
        from: Option<Arc<nft::Table>>,
        to: Option<Arc<nft::Table>>,
    },
    /// Binds these links to the flowtable, and no others.
    SetFastPath {
        space: Space,
        from: BTreeSet<IfName>,
        to: BTreeSet<IfName>,
    },
}
