//! Each kind of link in a file of its own: what makes one, and what tells one apart.

mod bridge;
mod device;
pub(crate) mod ipvlan;
pub(crate) mod macvlan;
pub(crate) mod veth;
mod vlan;

use crate::{Error, marks, message, space::Spaces};
use edge_net::IfName;
use edge_plan::{Link, LinkKind, Space};
use netlink_packet_route::link::{InfoData, InfoKind, LinkMessage};
use rtnetlink::LinkMessageBuilder;
use std::os::fd::{AsRawFd, RawFd};

/// A link to be made.
pub(crate) struct NewLink<'a> {
    pub at: &'a Space,
    pub name: &'a IfName,
    pub link: &'a Link,
    /// Of a pair.
    pub peer: Option<&'a Link>,
}

impl NewLink<'_> {
    /// With its mark and its MAC.
    fn marked<T>(&self, message: LinkMessageBuilder<T>) -> LinkMessage {
        message::marked(message, marks::group(self.link.owner), self.link.mac)
    }
}

/// The message that makes it, and the space to send it in.
pub(crate) fn create(spaces: &mut Spaces, new: &NewLink) -> Result<(Space, LinkMessage), Error> {
    let here = |message: LinkMessage| (new.at.clone(), message);
    // Asked for where the parent is, and born where it shall live.
    let from_host = |message: LinkMessage| (Space::Host, message);
    match &new.link.kind {
        LinkKind::Device => Err(device::refusal(new)),
        LinkKind::Bridge => Ok(here(bridge::create(new))),
        LinkKind::Vlan(vlan) => vlan::create(spaces, new, vlan).map(here),
        LinkKind::Veth(veth) => veth::create(spaces, new, veth).map(here),
        LinkKind::IpvlanL2(ipvlan) => ipvlan::create(spaces, new, ipvlan).map(from_host),
        LinkKind::Macvlan(macvlan) => macvlan::create(spaces, new, macvlan).map(from_host),
    }
}

/// The parent's index in the host space, and the namespace the child is born in.
fn born_elsewhere(spaces: &mut Spaces, new: &NewLink, parent: &IfName) -> Result<(u32, RawFd), Error> {
    Ok((spaces.host.index(parent)?, spaces.get(new.at)?.netns.as_raw_fd()))
}

/// What the kernel tells of a link's kind.
pub(crate) struct Reported<'a> {
    pub kind: Option<&'a InfoKind>,
    pub data: Option<&'a InfoData>,
    /// Where the link is.
    pub space: &'a Space,
    /// The other end or the parent, with the space it lives in.
    pub other: Option<(Space, IfName)>,
}

/// One of no kind of ours is a device.
pub(crate) fn read(reported: Reported) -> LinkKind {
    let known = match reported.kind {
        Some(InfoKind::Bridge) => Some(LinkKind::Bridge),
        Some(InfoKind::Vlan) => vlan::read(reported),
        Some(InfoKind::Veth) => veth::read(reported),
        Some(InfoKind::IpVlan) => ipvlan::read(reported),
        Some(InfoKind::MacVlan) => macvlan::read(reported),
        _ => None,
    };
    known.unwrap_or(LinkKind::Device)
}

/// Of the others nothing is asked, and a bridge's are long.
pub(crate) fn is_read(data: &InfoData) -> bool {
    matches!(data, InfoData::Vlan(_) | InfoData::IpVlan(_))
}
