//! Each kind of link in a file of its own: what makes one, and what tells one apart.

mod behaviour;
mod bridge;
mod device;
pub(crate) mod ipvlan;
pub(crate) mod macvlan;
pub(crate) mod veth;
mod vlan;

use crate::{
    Error, marks, message,
    socket::NetlinkError,
    space::{OpenSpace, Spaces},
};
use behaviour::{LinkBehaviour, Reader};
use edge_net::IfName;
use edge_plan::{
    Link, LinkKind, Space,
    link::{IpvlanL2, Macvlan, Veth, Vlan},
};
use netlink_packet_route::link::{InfoData, InfoKind, LinkMessage};
use rtnetlink::LinkMessageBuilder;
use std::os::fd::AsRawFd;

/// Said where the kernel does not know a kind.
pub(crate) const LACKING: &str =
    "; this kernel lacks the driver or option for it (modprobe bridge, 8021q, veth, macvlan or ipvlan)";

/// Every kind that a plan may want.
fn behaviour(kind: &LinkKind) -> &dyn LinkBehaviour {
    match kind {
        LinkKind::Device => &device::Device,
        LinkKind::Bridge => &bridge::Bridge,
        LinkKind::Vlan(vlan) => vlan,
        LinkKind::Veth(veth) => veth,
        LinkKind::IpvlanL2(ipvlan) => ipvlan,
        LinkKind::Macvlan(macvlan) => macvlan,
    }
}

/// Every kind that is told apart, by what the kernel calls it; one of no kind of ours is a device.
fn reader(kind: Option<&InfoKind>) -> Option<Reader> {
    match kind? {
        InfoKind::Bridge => Some(Reader::of::<bridge::Bridge>()),
        InfoKind::Vlan => Some(Reader::of::<Vlan>()),
        InfoKind::Veth => Some(Reader::of::<Veth>()),
        InfoKind::IpVlan => Some(Reader::of::<IpvlanL2>()),
        InfoKind::MacVlan => Some(Reader::of::<Macvlan>()),
        _ => None,
    }
}

/// A link to be made.
pub(crate) struct NewLink<'a> {
    pub at: &'a Space,
    pub name: &'a IfName,
    pub link: &'a Link,
    /// Of a pair.
    pub peer: Option<&'a Link>,
}

impl NewLink<'_> {
    /// With its mark and its MAC, asked for where it shall live.
    fn here<T>(&self, message: LinkMessageBuilder<T>) -> (Space, LinkMessage) {
        (self.at.clone(), self.marked(message))
    }

    /// Asked for where its parent is, and born where it shall live.
    fn at_host<T>(
        &self,
        spaces: &mut Spaces,
        parent: &IfName,
        child: impl FnOnce(u32) -> LinkMessageBuilder<T>,
    ) -> Result<(Space, LinkMessage), Error> {
        let (parent, netns) = (spaces.host.index(parent)?, spaces.get(self.at)?.netns.as_raw_fd());
        Ok((Space::Host, self.marked(child(parent).setns_by_fd(netns))))
    }

    fn marked<T>(&self, message: LinkMessageBuilder<T>) -> LinkMessage {
        message::marked(message, marks::group(self.link.owner), self.link.mac)
    }
}

/// What the kernel tells of a link's kind.
pub(crate) struct Reported<'a> {
    pub data: Option<&'a InfoData>,
    /// What was [`ask`]ed besides.
    pub asked: Option<&'a LinkKind>,
    /// Where the link is.
    pub space: &'a Space,
    /// The other end or the parent, with the space it lives in.
    pub other: Option<(Space, IfName)>,
}

/// The message that makes it, and the space to send it in.
pub(crate) fn create(spaces: &mut Spaces, new: &NewLink) -> Result<(Space, LinkMessage), Error> {
    behaviour(&new.link.kind).create(spaces, new)
}

/// What of its kind is not in that message, or differs. `from`: `None` of a link that was just made.
pub(crate) fn set(spaces: &mut Spaces, at: &Space, name: &IfName, from: Option<&LinkKind>, to: &LinkKind) -> Result<(), Error> {
    behaviour(to).set(spaces, at, name, from)
}

/// What of one of ours its message does not tell.
pub(crate) fn ask(space: &mut OpenSpace, index: u32, kind: Option<&InfoKind>) -> Result<Option<LinkKind>, NetlinkError> {
    reader(kind).map_or(Ok(None), |reader| (reader.ask)(space, index))
}

pub(crate) fn reads_data(kind: Option<&InfoKind>) -> bool {
    reader(kind).is_some_and(|reader| (reader.reads_data)())
}

pub(crate) fn read(kind: Option<&InfoKind>, reported: Reported) -> LinkKind {
    reader(kind).and_then(|reader| (reader.read)(reported)).unwrap_or(LinkKind::Device)
}
