use super::{NewLink, Reported, born_elsewhere};
use crate::{Error, space::Spaces};
use edge_net::IfName;
use edge_plan::{LinkKind, Space, link::IpvlanL2};
use netlink_packet_route::link::{InfoData, InfoIpVlan, IpVlanMode, LinkMessage};
use rtnetlink::{LinkIpVlan, LinkMessageBuilder};

pub(super) fn create(spaces: &mut Spaces, new: &NewLink, ipvlan: &IpvlanL2) -> Result<LinkMessage, Error> {
    let (parent, netns) = born_elsewhere(spaces, new, &ipvlan.parent)?;
    Ok(new.marked(child(new.name, parent).setns_by_fd(netns)))
}

pub(crate) fn child(name: &IfName, parent: u32) -> LinkMessageBuilder<LinkIpVlan> {
    LinkIpVlan::new(name.as_str(), parent, IpVlanMode::L2)
}

/// In another mode it is another thing.
pub(super) fn read(reported: Reported) -> Option<LinkKind> {
    let (Some(InfoData::IpVlan(data)), Some((Space::Host, parent))) = (reported.data, reported.other) else { return None };
    data.contains(&InfoIpVlan::Mode(IpVlanMode::L2)).then_some(LinkKind::IpvlanL2(IpvlanL2 { parent }))
}
