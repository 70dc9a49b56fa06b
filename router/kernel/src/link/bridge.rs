use super::{LinkBehaviour, NewLink, Reported};
use crate::{Error, space::Spaces};
use edge_plan::{LinkKind, Space};
use netlink_packet_route::link::LinkMessage;
use rtnetlink::LinkMessageBuilder;

pub(super) struct Bridge;

impl LinkBehaviour for Bridge {
    /// `rtnetlink::LinkBridge::new` would have it up at once.
    fn create(&self, _spaces: &mut Spaces, new: &NewLink) -> Result<(Space, LinkMessage), Error> {
        Ok(new.here(LinkMessageBuilder::<rtnetlink::LinkBridge>::new(new.name.as_str())))
    }

    fn read(_reported: Reported) -> Option<LinkKind> {
        Some(LinkKind::Bridge)
    }
}
