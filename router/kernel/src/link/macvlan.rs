use super::{NewLink, Reported, born_elsewhere};
use crate::{Error, space::Spaces};
use edge_net::IfName;
use edge_plan::{LinkKind, Space, link::Macvlan};
use netlink_packet_route::link::{LinkMessage, MacVlanMode};
use rtnetlink::{LinkMacVlan, LinkMessageBuilder};

pub(super) fn create(spaces: &mut Spaces, new: &NewLink, macvlan: &Macvlan) -> Result<LinkMessage, Error> {
    let (parent, netns) = born_elsewhere(spaces, new, &macvlan.parent)?;
    Ok(new.marked(child(new.name, parent).setns_by_fd(netns)))
}

/// In bridge mode: children of the same parent reach each other.
pub(crate) fn child(name: &IfName, parent: u32) -> LinkMessageBuilder<LinkMacVlan> {
    LinkMacVlan::new(name.as_str(), parent, MacVlanMode::Bridge)
}

pub(super) fn read(reported: Reported) -> Option<LinkKind> {
    let Some((Space::Host, parent)) = reported.other else { return None };
    Some(LinkKind::Macvlan(Macvlan { parent }))
}
