use super::{NewLink, Reported};
use crate::{Error, marks, message, space::Spaces};
use edge_net::IfName;
use edge_plan::{LinkKind, Owner, link::Veth};
use netlink_packet_route::link::{InfoData, InfoVeth, LinkMessage};
use rtnetlink::{LinkMessageBuilder, LinkUnspec, LinkVeth};
use std::os::fd::AsRawFd;

pub(super) fn create(spaces: &mut Spaces, new: &NewLink, veth: &Veth) -> Result<LinkMessage, Error> {
    let (owner, mac) = new.peer.map_or((Owner::Plan, None), |peer| (peer.owner, peer.mac));
    let netns = spaces.get(&veth.peer_space)?.netns.as_raw_fd();
    let end = LinkUnspec::new_with_name(veth.peer.as_str()).setns_by_fd(netns);
    Ok(new.marked(pair(new.name, message::marked(end, marks::group(owner), mac))))
}

/// A pair whose other end is all of `peer`: `LinkVeth` would have it by its name alone.
pub(crate) fn pair(name: &IfName, peer: LinkMessage) -> LinkMessageBuilder<LinkVeth> {
    LinkVeth::new(name.as_str(), "").set_info_data(InfoData::Veth(InfoVeth::Peer(peer)))
}

pub(super) fn read(reported: Reported) -> Option<LinkKind> {
    reported.other.map(|(peer_space, peer)| LinkKind::Veth(Veth { peer_space, peer }))
}
