use super::{LinkBehaviour, NewLink, Reported};
use crate::{Error, space::Spaces};
use edge_net::IfName;
use edge_plan::{LinkKind, Space, link::IpvlanL2};
use netlink_packet_route::link::{InfoData, InfoIpVlan, IpVlanMode, LinkMessage};
use rtnetlink::{LinkIpVlan, LinkMessageBuilder};

impl LinkBehaviour for IpvlanL2 {
    fn create(&self, spaces: &mut Spaces, new: &NewLink) -> Result<(Space, LinkMessage), Error> {
        new.at_host(spaces, &self.parent, |parent| child(new.name, parent))
    }

    fn reads_data() -> bool {
        true
    }

    /// In another mode it is another thing.
    fn read(reported: Reported) -> Option<LinkKind> {
        let (Some(InfoData::IpVlan(data)), Some((Space::Host, parent))) = (reported.data, reported.other) else { return None };
        data.contains(&InfoIpVlan::Mode(IpVlanMode::L2)).then_some(LinkKind::IpvlanL2(IpvlanL2 { parent }))
    }
}

pub(crate) fn child(name: &IfName, parent: u32) -> LinkMessageBuilder<LinkIpVlan> {
    LinkIpVlan::new(name.as_str(), parent, IpVlanMode::L2)
}
