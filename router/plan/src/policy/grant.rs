use super::matches::Match;
use edge_config::{Forward, Network, Uplink};
use edge_net::Name;
use std::{fmt, net::Ipv4Addr};

/// One line of the policy: who may open what to whom, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant<'a> {
    /// Who opens. Never the router: what it opens itself needs no grant.
    pub from: Party<'a>,
    /// Whom it is opened to.
    pub to: Party<'a>,
    /// A packet that fits one of these passes; never empty.
    pub matches: Vec<Match>,
    /// What of the file, or of the box, says so.
    pub why: Why<'a>,
}

/// One end of a grant, or of a flow that is asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Party<'a> {
    /// A node of a network. With an address that one; else, in a grant, all of them, and in a question one that no line names.
    Node(&'a Network, Option<Ipv4Addr>),
    /// The router's address in a network.
    Router(&'a Network),
    /// Any address of the router's own.
    Local,
    /// The router, by a broadcast or multicast address.
    Group(Ipv4Addr),
    /// Whatever lies behind an uplink.
    Beyond(&'a Uplink),
}

/// What a grant comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why<'a> {
    /// The nodes of a network reach each other always, even by way of the router.
    SameNetwork,
    /// An `[[allow]]`.
    Allow,
    /// This `[[forward]]`.
    Forward(&'a Forward),
    /// The router answers, for what is said here.
    Input(&'static str),
}

impl<'a> Party<'a> {
    /// The network it is in or the uplink it is behind; none for the router itself.
    pub fn zone(&self) -> Option<&'a Name> {
        match self {
            Party::Node(network, _) => Some(&network.name),
            Party::Beyond(uplink) => Some(&uplink.name),
            Party::Router(_) | Party::Local | Party::Group(_) => None,
        }
    }

    /// Whether `party` is this one, or one of those whom this one stands for.
    pub fn covers(&self, party: &Party) -> bool {
        match (self, party) {
            (Party::Node(all, None), Party::Node(network, _)) => all.name == network.name,
            (Party::Node(_, Some(address)), Party::Node(_, Some(other))) => address == other,
            (Party::Router(network), Party::Router(other)) => network.name == other.name,
            (Party::Local, Party::Local | Party::Router(_)) => true,
            (Party::Group(group), Party::Group(other)) => group == other,
            (Party::Beyond(uplink), Party::Beyond(other)) => uplink.name == other.name,
            _ => false,
        }
    }
}

impl fmt::Display for Why<'_> {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(match self {
            Why::SameNetwork => "same network",
            Why::Allow => "[[allow]]",
            Why::Forward(_) => "[[forward]]",
            Why::Input(what) => what,
        })
    }
}
