use super::{LinkBehaviour, NewLink, Reported};
use crate::{Error, space::Spaces};
use edge_net::IfName;
use edge_plan::{LinkKind, Space, link::Macvlan};
use netlink_packet_route::link::{LinkMessage, MacVlanMode};
use rtnetlink::{LinkMacVlan, LinkMessageBuilder};

impl LinkBehaviour for Macvlan {
    fn create(&self, spaces: &mut Spaces, new: &NewLink) -> Result<(Space, LinkMessage), Error> {
        new.at_host(spaces, &self.parent, |parent| child(new.name, parent))
    }

    fn read(reported: Reported) -> Option<LinkKind> {
        let Some((Space::Host, parent)) = reported.other else { return None };
        Some(LinkKind::Macvlan(Macvlan { parent }))
    }
}

/// In bridge mode: children of the same parent reach each other.
pub(crate) fn child(name: &IfName, parent: u32) -> LinkMessageBuilder<LinkMacVlan> {
    LinkMacVlan::new(name.as_str(), parent, MacVlanMode::Bridge)
}
