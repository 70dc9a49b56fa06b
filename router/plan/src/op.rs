use crate::{Address, Link, Route, Space, Sysctl, nft};
use edge_net::{IfName, Name};
use std::{collections::BTreeSet, sync::Arc};

/// One change of the kernel. Each knows enough to be undone.
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
    DeleteLink {
        space: Space,
        name: IfName,
        link: Link,
        peer: Option<Link>,
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

impl Op {
    /// The change that undoes this one.
    pub fn inverse(self) -> Op {
        match self {
            Op::CreateNamespace(name) => Op::DeleteNamespace(name),
            Op::DeleteNamespace(name) => Op::CreateNamespace(name),
            Op::SetSysctl { space, sysctl, from, to } => Op::SetSysctl { space, sysctl, from: to, to: from },
            Op::CreateLink { space, name, link, peer } => Op::DeleteLink { space, name, link, peer },
            Op::DeleteLink { space, name, link, peer } => Op::CreateLink { space, name, link, peer },
            Op::ChangeLink { space, name, from, to } => Op::ChangeLink { space, name, from: to, to: from },
            Op::MoveLink { name, from, to } => Op::MoveLink { name, from: to, to: from },
            Op::AddAddress { space, address } => Op::DeleteAddress { space, address },
            Op::DeleteAddress { space, address } => Op::AddAddress { space, address },
            Op::AddRoute { space, route } => Op::DeleteRoute { space, route },
            Op::DeleteRoute { space, route } => Op::AddRoute { space, route },
            Op::SetTable { space, from, to } => Op::SetTable { space, from: to, to: from },
            Op::SetFastPath { space, from, to } => Op::SetFastPath { space, from: to, to: from },
        }
    }
}
