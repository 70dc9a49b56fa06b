//! What somebody else has put on links of ours. It carries no mark, so it is told of and left alone.

use crate::{Owner, Space, State};
use edge_net::IfName;
use ipnet::IpNet;
use std::{fmt, net::IpAddr};

/// One thing of somebody else's on a link of ours.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stranger {
    /// Where the link is.
    pub space: Space,
    /// Ours, or lent to us.
    pub link: IfName,
    /// What is on it.
    pub thing: Strange,
}

/// What it may be.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Strange {
    /// An address.
    Address(IpNet),
    /// A route by that link.
    Route {
        /// Where to.
        destination: IpNet,
        /// The next hop; `None`: on the link.
        via: Option<IpAddr>,
    },
    /// A link that is a port of ours.
    Port(IfName),
    /// A link that is made on ours.
    Child(IfName),
}

/// The links among them. Addresses and routes without a mark are not in the state.
pub fn strange_links(observed: &State) -> Vec<Stranger> {
    let mut strangers = Vec::new();
    for (space, state) in &observed.spaces {
        let is_ours = |space: &Space, name: &IfName| {
            let link = observed.spaces.get(space).and_then(|state| state.links.get(name));
            link.is_some_and(|link| matches!(link.owner, Owner::Plan | Owner::Lent))
        };
        for (name, link) in state.links.iter().filter(|(_, link)| link.owner == Owner::Foreign) {
            let stranger = |link: &IfName, thing| Stranger { space: space.clone(), link: *link, thing };
            let port = link.master.as_ref().filter(|master| is_ours(space, master));
            strangers.extend(port.map(|master| stranger(master, Strange::Port(*name))));
            let parent = link.kind.parent().filter(|parent| is_ours(&Space::Host, parent));
            strangers.extend(parent.map(|parent| stranger(parent, Strange::Child(*name))));
        }
    }
    strangers
}

impl fmt::Display for Strange {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Strange::Address(address) => write!(f, "address {address}"),
            Strange::Route { destination, via: Some(via) } => write!(f, "route {destination} via {via}"),
            Strange::Route { destination, via: None } => write!(f, "route {destination}"),
            Strange::Port(name) => write!(f, "port {name}"),
            Strange::Child(name) => write!(f, "link {name}"),
        }
    }
}
