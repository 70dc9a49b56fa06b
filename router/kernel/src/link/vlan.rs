use super::{LinkBehaviour, NewLink, Reported};
use crate::{Error, space::Spaces};
use edge_net::VlanId;
use edge_plan::{LinkKind, Space, link::Vlan};
use netlink_packet_route::link::{InfoData, InfoVlan, LinkMessage, VlanProtocol};
use rtnetlink::LinkVlan;

impl LinkBehaviour for Vlan {
    fn create(&self, spaces: &mut Spaces, new: &NewLink) -> Result<(Space, LinkMessage), Error> {
        let parent = spaces.get(new.at)?.index(&self.parent)?;
        Ok(new.here(LinkVlan::new(new.name.as_str(), parent, self.id.get())))
    }

    fn reads_data() -> bool {
        true
    }

    /// `None` where its trunk is in another space.
    fn read(reported: Reported) -> Option<LinkKind> {
        let (Some(InfoData::Vlan(data)), Some((at, parent))) = (reported.data, reported.other) else { return None };
        let id = id(data)?;
        (at == *reported.space).then_some(LinkKind::Vlan(Vlan { parent, id }))
    }
}

/// Of an 802.1Q link; an 802.1ad one is not what we call a VLAN.
fn id(data: &[InfoVlan]) -> Option<VlanId> {
    data.contains(&InfoVlan::Protocol(VlanProtocol::Ieee8021Q)).then_some(())?;
    data.iter().find_map(|attribute| if let InfoVlan::Id(id) = attribute { VlanId::new(*id) } else { None })
}
