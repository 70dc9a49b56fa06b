use super::{LinkBehaviour, NewLink, Reported};
use crate::{Error, marks, message, space::Spaces};
use edge_net::IfName;
use edge_plan::{LinkKind, Owner, Space, link::Veth};
use netlink_packet_route::link::{InfoData, InfoVeth, LinkMessage};
use rtnetlink::{LinkMessageBuilder, LinkUnspec, LinkVeth};
use std::os::fd::AsRawFd;

impl LinkBehaviour for Veth {
    fn create(&self, spaces: &mut Spaces, new: &NewLink) -> Result<(Space, LinkMessage), Error> {
        let (owner, mac) = new.peer.map_or((Owner::Plan, None), |peer| (peer.owner, peer.mac));
        let netns = spaces.get(&self.peer_space)?.netns.as_raw_fd();
        let end = LinkUnspec::new_with_name(self.peer.as_str()).setns_by_fd(netns);
        Ok(new.here(pair(new.name, message::marked(end, marks::group(owner), mac))))
    }

    fn read(reported: Reported) -> Option<LinkKind> {
        reported.other.map(|(peer_space, peer)| LinkKind::Veth(Veth { peer_space, peer }))
    }
}

/// A pair whose other end is all of `peer`: `LinkVeth` would have it by its name alone.
pub(crate) fn pair(name: &IfName, peer: LinkMessage) -> LinkMessageBuilder<LinkVeth> {
    LinkVeth::new(name.as_str(), "").set_info_data(InfoData::Veth(InfoVeth::Peer(peer)))
}
