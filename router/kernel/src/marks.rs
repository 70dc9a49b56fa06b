//! How we know our own: set in the same message that makes the object, so there is never one of ours without.

use edge_plan::Owner;
use netlink_packet_route::{address::AddressProtocol, route::RouteProtocol};

/// Link group (`IFLA_GROUP`) of what an apply made, "ed"; on its loopback it marks a namespace.
pub const PLAN_GROUP: u32 = Owner::GROUPS[0];
/// Link group of a container's port.
pub const ATTACH_GROUP: u32 = Owner::GROUPS[1];
/// Link group of somebody else's device that an apply uses.
pub const LENT_GROUP: u32 = Owner::GROUPS[2];
/// `IFA_PROTO` (since Linux 5.18) of our addresses, and the protocol number of our routes.
const PROTOCOL: u8 = 0xed;

pub(crate) const ADDRESS: AddressProtocol = AddressProtocol::Other(PROTOCOL);
pub(crate) const ROUTE: RouteProtocol = RouteProtocol::Other(PROTOCOL);

pub(crate) fn group(owner: Owner) -> u32 {
    match owner {
        Owner::Plan => PLAN_GROUP,
        Owner::Attach => ATTACH_GROUP,
        Owner::Lent => LENT_GROUP,
        Owner::Foreign => 0,
    }
}

pub(crate) fn owner(group: u32) -> Owner {
    match group {
        PLAN_GROUP => Owner::Plan,
        ATTACH_GROUP => Owner::Attach,
        LENT_GROUP => Owner::Lent,
        _ => Owner::Foreign,
    }
}

/// How an older generation of this program marked what an apply made. An upgrade takes such objects over ([`crate::Kernel::adopt`]).
pub(crate) struct Generation {
    /// Link alias (`IFLA_IFALIAS`) of what it made; on a loopback it marks a namespace.
    pub plan: &'static str,
    /// Link alias of somebody else's device that it used.
    pub lent: &'static str,
    /// `IFA_PROTO` of its addresses, and the protocol number of its routes.
    pub protocol: u8,
}

/// The oldest first. Generation 0 is the one of the first design, which told links by their alias: that is set in a second message,
/// so that a crash between the two left a link of ours without a mark.
pub(crate) const OLDER: [Generation; 1] = [Generation { plan: "edge-router", lent: "edge-router lent", protocol: 0xec }];

impl Generation {
    pub fn owner(&self, alias: &str) -> Option<Owner> {
        match alias {
            alias if alias == self.plan => Some(Owner::Plan),
            alias if alias == self.lent => Some(Owner::Lent),
            _ => None,
        }
    }
}
