//! Takes over what an older generation of this program made, before anything looks for objects of ours: an upgrade that changes the
//! marks must neither make anything anew nor leave anything behind.

use crate::{
    Error, address, marks, message, route,
    socket::NetlinkError,
    space::{OpenSpace, Spaces, group_of, older_owner},
};
use netlink_packet_core::{NLM_F_CREATE, NLM_F_REPLACE};
use netlink_packet_route::{
    RouteNetlinkMessage,
    address::{AddressAttribute, AddressMessage, AddressProtocol},
    link::LinkAttribute,
    route::{RouteAttribute, RouteMessage, RouteProtocol},
};
use rtnetlink::LinkUnspec;

pub(crate) fn adopt(spaces: &mut Spaces) -> Result<usize, Error> {
    spaces.refresh()?;
    let mut adopted = 0;
    for space in spaces.iter_mut() {
        let here = links(space).and_then(|links| Ok(links + addresses(space)? + routes(space)?));
        adopted += here.map_err(|error| space.error("take over what an older release made", error))?;
    }
    Ok(adopted)
}

/// Those that carry none of today's marks: the alias of others is theirs to choose.
fn links(space: &mut OpenSpace) -> Result<usize, NetlinkError> {
    let mut adopted = 0;
    for message in space.route.dump(&message::get_links())? {
        let RouteNetlinkMessage::NewLink(link) = message else { continue };
        let Some(owner) = older_owner(&link).filter(|_| group_of(&link) == 0) else { continue };
        let marked = LinkUnspec::new_with_index(link.header.index)
            .link_group(marks::group(owner))
            .append_extra_attribute(LinkAttribute::IfAlias(String::new()));
        space.route.write(RouteNetlinkMessage::SetLink(marked.build()), 0)?;
        adopted += 1;
    }
    Ok(adopted)
}

fn addresses(space: &mut OpenSpace) -> Result<usize, NetlinkError> {
    let is_older = |attribute: &AddressAttribute| {
        marks::OLDER.iter().any(|older| *attribute == AddressAttribute::Protocol(AddressProtocol::Other(older.protocol)))
    };
    let mut adopted = 0;
    for message in space.route.dump(&address::get())? {
        let RouteNetlinkMessage::NewAddress(AddressMessage { header, mut attributes, .. }) = message else { continue };
        let Some(mark) = attributes.iter_mut().find(|attribute| is_older(attribute)) else { continue };
        *mark = AddressAttribute::Protocol(marks::ADDRESS);
        // The rest goes back as it came: the kernel takes all but the mark and the lifetime from the address it has
        // (`inet_rtm_newaddr` in net/ipv4/devinet.c).
        let mut again = AddressMessage::default();
        (again.header, again.attributes) = (header, attributes);
        space.route.write(RouteNetlinkMessage::NewAddress(again), NLM_F_REPLACE)?;
        adopted += 1;
    }
    Ok(adopted)
}

/// A route of the same destination and metric is replaced in place: no packet finds none (`fib_table_insert` in net/ipv4/fib_trie.c).
fn routes(space: &mut OpenSpace) -> Result<usize, NetlinkError> {
    let mut adopted = 0;
    for older in &marks::OLDER {
        for message in space.route.dump(&route::get_by(RouteProtocol::Other(older.protocol)))? {
            let RouteNetlinkMessage::NewRoute(RouteMessage { mut header, mut attributes, .. }) = message else { continue };
            header.protocol = marks::ROUTE;
            // Told, but not to be asked for.
            attributes.retain(|attribute| !matches!(attribute, RouteAttribute::CacheInfo(_)));
            let mut again = RouteMessage::default();
            (again.header, again.attributes) = (header, attributes);
            space.route.write(RouteNetlinkMessage::NewRoute(again), NLM_F_CREATE | NLM_F_REPLACE)?;
            adopted += 1;
        }
    }
    Ok(adopted)
}
