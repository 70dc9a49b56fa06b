//! What tables of the file take for themselves, to be held against what the others take.

use crate::{
    parse::names::NameKind,
    span::{At, Span},
};
use edge_net::{IfName, Interface, Name};

/// A table that takes something for itself.
pub trait Claimant {
    /// `place` in the list of its kind, from 0. What could not be read is not claimed.
    fn claim<'a>(&'a self, place: usize, claims: &mut Claims<'a>);
}

/// Of all tables, in the order in which they were added: of two that clash the later one is wrong.
#[derive(Default)]
pub struct Claims<'a> {
    /// The data plane has a namespace of its own.
    pub namespaced: bool,
    pub names: Vec<(&'a At<Name>, NameKind)>,
    pub links: Vec<LinkClaim>,
    pub subnets: Vec<At<Interface>>,
}

/// An interface that the file names or makes necessary.
pub struct LinkClaim {
    pub link: IfName,
    pub role: Role,
    pub span: Span,
    /// In words: "the bridge of `vehicle`".
    pub what: String,
}

/// What an interface is for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Made by us.
    Made,
    /// The user's device, as a bridge's untagged port.
    Port,
    /// The user's device, under VLAN interfaces.
    Trunk,
    /// The user's device, an uplink itself.
    Direct,
    /// The user's device, under an uplink's ipvlan leg.
    Ipvlan,
    /// The user's device, under an uplink's macvlan leg.
    Macvlan,
}

impl<'a> Claims<'a> {
    /// One after the other.
    #[must_use]
    pub fn of(mut self, tables: &'a [impl Claimant]) -> Self {
        for (place, table) in tables.iter().enumerate() {
            table.claim(place, &mut self);
        }
        self
    }

    /// In the one name space of what `[[allow]]` names.
    pub fn name(&mut self, name: &'a Option<At<Name>>, kind: NameKind) {
        self.names.extend(name.as_ref().map(|name| (name, kind)));
    }

    /// `what` it is, in words.
    pub fn link(&mut self, link: &At<IfName>, role: Role, what: String) {
        self.links.push(LinkClaim { link: link.value, role, span: link.span, what });
    }

    pub fn subnet(&mut self, interface: Option<At<Interface>>) {
        self.subnets.extend(interface);
    }
}
