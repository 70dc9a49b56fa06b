//! A macvlan or ipvlan child that is not where it was put: who is root in its namespace can rename it, or move it to another one.

use super::{Side, Unplug, alias_of, kind_of, mac_of, namespaces::namespaces, other_end, refused};
use crate::{Error, marks, message, space::group_of};
use edge_host::netns;
use edge_net::{AttachKind, Mac};
use edge_plan::Space;
use netlink_packet_route::{
    RouteNetlinkMessage,
    link::{InfoKind, LinkMessage},
};
use std::fs::File;

/// By what a child is known, whatever it is called and wherever it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Marks {
    /// Of a macvlan; an ipvlan has its parent's.
    pub mac: Option<Mac>,
    /// As in [`Plug::alias`](super::Plug::alias).
    pub alias: String,
}

/// Removes it in this namespace; whether it was there.
pub(super) fn remove(side: &mut Side, unplug: &Unplug) -> Result<bool, Error> {
    let own = netns::own().map_err(|error| Error::netlink("open /proc/thread-self/ns/net", Space::Host, error))?;
    let links = side.route.dump(&message::get_links()).map_err(|error| side.error("list links", error))?;
    let host = side.route.nsid_of(&own).map_err(|error| side.error("ask for the host's number", error))?;
    let meant = links.into_iter().find_map(|link| match link {
        RouteNetlinkMessage::NewLink(link) if is_meant(&link, unplug, host) => Some(link.header.index),
        _ => None,
    });
    meant.map_or(Ok(false), |index| side.delete(index, &unplug.ifname).map(|()| true))
}

/// Looks into every namespace that has a name or a process. A child is gone when it is nowhere, and not when it was not looked for.
pub(super) fn remove_anywhere(unplug: &Unplug) -> Result<(), Error> {
    let mut unseen = None;
    // What is not there any more by now took its links along.
    let there = namespaces().into_iter().filter_map(|(path, _)| File::open(path).ok());
    for netns in there {
        match Side::of(&netns).map_err(|error| refused(error.to_string())).and_then(|mut side| remove(&mut side, unplug)) {
            Ok(true) => return Ok(()),
            Ok(false) => {}
            Err(error) => unseen = Some(error),
        }
    }
    let why = |error| refused(format!("{} may be in a namespace that cannot be looked into: {error}", unplug.ifname));
    unseen.map_or(Ok(()), |error| Err(why(error)))
}

/// A child of a link of the host, and by its MAC or its alias the one that is meant. In another namespace than the host's, who is root
/// there may have taken our mark off; nobody but the host makes such a child there.
fn is_meant(link: &LinkMessage, unplug: &Unplug, host: Option<i32>) -> bool {
    let kind = if unplug.kind == AttachKind::Macvlan { InfoKind::MacVlan } else { InfoKind::IpVlan };
    let (parent, at) = other_end(link);
    // In the host itself neither has a number.
    let is_ours = parent.is_some() && at == host && (at.is_some() || group_of(link) == marks::ATTACH_GROUP);
    let Some(marks) = &unplug.marks else { return false };
    let is_known = (marks.mac.is_some() && mac_of(link) == marks.mac) || alias_of(link) == Some(&marks.alias);
    is_ours && kind_of(link) == Some(&kind) && is_known
}
