use super::NewLink;
use netlink_packet_route::link::LinkMessage;
use rtnetlink::{LinkBridge, LinkMessageBuilder};

/// `LinkBridge::new` would have it up at once.
pub(super) fn create(new: &NewLink) -> LinkMessage {
    new.marked(LinkMessageBuilder::<LinkBridge>::new(new.name.as_str()))
}
