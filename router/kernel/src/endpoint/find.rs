//! Who is plugged in, as the kernel tells it: for when nobody else remembers.

use super::{Side, Sides, alias_of, blocking, kind_of, mac_of, namespaces::namespaces, other_end};
use crate::{Error, address, marks, message, space::group_of};
use edge_host::netns::{self, NetnsIdentity};
use edge_net::{AttachKind, IfName, Interface, Mac};
use edge_plan::Space;
use ipnet::IpNet;
use netlink_packet_route::{
    RouteNetlinkMessage,
    link::{InfoKind, LinkAttribute, LinkMessage},
};
use std::path::{Path, PathBuf};

/// An interface in a container that bears our mark.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// A path that leads to its namespace now.
    pub netns: PathBuf,
    /// Its name inside.
    pub ifname: IfName,
    /// How it is plugged in.
    pub kind: AttachKind,
    /// Its own.
    pub mac: Mac,
    /// That we gave it.
    pub address: Option<Interface>,
    /// Of a pair, the host's end; of a child, the bridge it is on.
    pub other: IfName,
    /// As in [`super::Plug::alias`]. That of a pair is out of the container's reach.
    pub alias: String,
}

/// Looks into every namespace but our own.
pub async fn find() -> Result<Vec<Found>, Error> {
    blocking(|| {
        let own = netns::own().and_then(|own| NetnsIdentity::of(&own));
        let own = own.map_err(|error| Error::netlink("open /proc/thread-self/ns/net", Space::Host, error))?;
        let mut found = Vec::new();
        for (path, _) in namespaces().into_iter().filter(|(_, id)| *id != own) {
            // One that ends meanwhile has nobody in it.
            if let Ok(mut sides) = Sides::open(&path) {
                found.extend(marked(&mut sides, &path).unwrap_or_default());
            }
        }
        Ok(found)
    })
    .await
}

fn marked(sides: &mut Sides, path: &Path) -> Result<Vec<Found>, Error> {
    let listed = sides.inside.route.dump(&message::get_links()).map_err(|error| sides.inside.error("list links", error))?;
    let links =
        listed.into_iter().filter_map(|message| if let RouteNetlinkMessage::NewLink(link) = message { Some(link) } else { None });
    let mut found = Vec::new();
    for link in links.filter(|link| group_of(link) == marks::ATTACH_GROUP) {
        found.extend(recognise(sides, path, &link)?);
    }
    Ok(found)
}

fn recognise(sides: &mut Sides, path: &Path, link: &LinkMessage) -> Result<Option<Found>, Error> {
    let nsid = sides.inside.route.nsid_of(&sides.own).map_err(|error| sides.inside.error("ask for the host's number", error))?;
    let (Some(index), at) = other_end(link) else { return Ok(None) };
    if nsid.is_none() || at != nsid {
        return Ok(None);
    }
    let kind = match kind_of(link) {
        Some(InfoKind::Veth) => AttachKind::Bridge,
        Some(InfoKind::MacVlan) => AttachKind::Macvlan,
        Some(InfoKind::IpVlan) => AttachKind::IpvlanL2,
        _ => return Ok(None),
    };
    let Some(other) = sides.host.at(index)? else { return Ok(None) };
    let alias = if kind == AttachKind::Bridge { alias_of(&other) } else { alias_of(link) }.cloned();
    let address = address_of(&mut sides.inside, link.header.index)?;
    let (Some(ifname), Some(mac), Some(other), Some(alias)) = (name_of(link), mac_of(link), name_of(&other), alias) else {
        return Ok(None);
    };
    Ok(Some(Found { netns: path.to_owned(), ifname, kind, mac, address, other, alias }))
}

fn address_of(side: &mut Side, index: u32) -> Result<Option<Interface>, Error> {
    let listed = side.route.dump(&address::get()).map_err(|error| side.error("list addresses", error))?;
    let given = listed.into_iter().find_map(|message| match message {
        RouteNetlinkMessage::NewAddress(given) if given.header.index == index && address::is_ours(&given) => {
            address::read(&given)
        }
        _ => None,
    });
    Ok(if let Some(IpNet::V4(given)) = given { Interface::new(given) } else { None })
}

impl Side {
    fn at(&mut self, index: u32) -> Result<Option<LinkMessage>, Error> {
        self.route.link(message::get_link_at(index)).map_err(|error| self.error("look for a link", error))
    }
}

fn name_of(link: &LinkMessage) -> Option<IfName> {
    link.attributes
        .iter()
        .find_map(|attribute| if let LinkAttribute::IfName(name) = attribute { name.parse().ok() } else { None })
}
