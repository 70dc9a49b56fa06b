use super::mirror::Links;
use crate::{
    link::{self, Reported},
    marks,
    socket::NetlinkError,
    space::OpenSpace,
};
use edge_net::{IfName, Mac};
use edge_plan::{Link, LinkConf, LinkKind, Owner, RpFilter, Space};
use netlink_packet_route::link::{
    AfSpecInet, AfSpecInet6, AfSpecUnspec, In6AddrGenMode, InfoData, InfoKind, LinkAttribute, LinkFlags, LinkInfo, LinkMessage,
};
use std::collections::{BTreeMap, HashMap};

/// A link as the kernel tells it: others by their index.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// `None`: a name no configuration can hold; such a link is nobody we could mean.
    pub name: Option<IfName>,
    group: u32,
    master: Option<u32>,
    up: bool,
    loopback: bool,
    mac: Option<Mac>,
    kind: Option<InfoKind>,
    data: Option<InfoData>,
    /// The veth peer or the parent.
    pub link: Option<u32>,
    /// The number of the namespace `link` lives in; `None`: this one.
    link_netns: Option<i32>,
    conf: Option<LinkConf>,
    /// What rtnetlink does not tell of it.
    asked: Option<LinkKind>,
}

/// A link as its message tells it, which may not be all.
pub(super) struct Told {
    index: u32,
    found: Found,
}

impl Found {
    /// Made by an apply, or lent to it.
    pub fn is_of_the_plan(&self) -> bool {
        !self.loopback && matches!(marks::owner(self.group), Owner::Plan | Owner::Lent)
    }

    fn read(message: LinkMessage, ipv6: bool) -> Self {
        let flags = message.header.flags;
        let mut found =
            Self { up: flags.contains(LinkFlags::Up), loopback: flags.contains(LinkFlags::Loopback), ..Self::default() };
        for attribute in message.attributes {
            match attribute {
                LinkAttribute::IfName(name) => found.name = name.parse().ok(),
                LinkAttribute::Group(group) => found.group = group,
                LinkAttribute::Controller(index) => found.master = Some(index),
                LinkAttribute::Address(bytes) => {
                    found.mac = <[u8; 6]>::try_from(bytes).ok().and_then(|bytes| Mac::new(bytes).ok())
                }
                LinkAttribute::Link(index) => found.link = Some(index),
                LinkAttribute::LinkNetNsId(id) => found.link_netns = Some(id),
                LinkAttribute::AfSpecUnspec(families) => found.conf = conf(&families, ipv6),
                LinkAttribute::LinkInfo(infos) => infos.into_iter().for_each(|info| match info {
                    LinkInfo::Kind(kind) => found.kind = Some(kind),
                    LinkInfo::Data(data) if link::reads_data(found.kind.as_ref()) => found.data = Some(data),
                    _ => {}
                }),
                _ => {}
            }
        }
        found
    }
}

impl Told {
    pub fn read(message: LinkMessage, ipv6: bool) -> Self {
        Self { index: message.header.index, found: Found::read(message, ipv6) }
    }

    /// With what else is asked of it: nothing else makes a [`Found`], however the link was looked for.
    pub fn complete(self, space: &mut OpenSpace) -> Result<(u32, Found), NetlinkError> {
        let Self { index, mut found } = self;
        if marks::owner(found.group) == Owner::Plan {
            found.asked = link::ask(space, index, found.kind.as_ref())?;
        }
        Ok((index, found))
    }
}

/// `Some` when the link is set as we set links.
fn conf(families: &[AfSpecUnspec], ipv6: bool) -> Option<LinkConf> {
    let mut settings = None;
    // A link too small for IPv6 has none of its settings and makes no address either.
    let mut addr_gen = In6AddrGenMode::None;
    for family in families {
        match family {
            AfSpecUnspec::Inet(inet) => {
                settings = inet.iter().find_map(|attribute| match attribute {
                    AfSpecInet::DevConf(conf) if conf.arp_ignore == 1 && conf.send_redirects == 0 => {
                        Some((conf.rp_filter, conf.forwarding != 0))
                    }
                    _ => None,
                });
            }
            AfSpecUnspec::Inet6(inet6) if ipv6 => {
                let mode =
                    |attribute: &AfSpecInet6| if let AfSpecInet6::AddrGenMode(mode) = attribute { Some(*mode) } else { None };
                addr_gen = inet6.iter().find_map(mode).unwrap_or_default();
            }
            _ => {}
        }
    }
    let (rp_filter, forwarding) = settings?;
    let rp_filter = match rp_filter {
        0 => RpFilter::Off,
        1 => RpFilter::Strict,
        2 => RpFilter::Loose,
        _ => return None,
    };
    (addr_gen == In6AddrGenMode::None).then_some(LinkConf { rp_filter, forwarding })
}

/// The links of `space`, with those they point to by name. The loopback is left out: it is part of its namespace.
pub(super) fn resolve(
    space: &Space,
    links: &BTreeMap<&Space, &Links>,
    neighbours: &HashMap<(Space, i32), Space>,
) -> BTreeMap<IfName, Link> {
    let Some(own) = links.get(space) else { return BTreeMap::new() };
    let name_of = |space: &Space, index: u32| links.get(space)?.get(&index)?.name;
    let named = own.values().filter(|found| !found.loopback).filter_map(|found| {
        let other = found.link.and_then(|index| {
            let space = match found.link_netns {
                Some(id) => neighbours.get(&(space.clone(), id))?,
                None => space,
            };
            Some((space.clone(), name_of(space, index)?))
        });
        let link = Link {
            kind: link::read(
                found.kind.as_ref(),
                Reported { data: found.data.as_ref(), asked: found.asked.as_ref(), space, other },
            ),
            owner: marks::owner(found.group),
            master: found.master.and_then(|index| name_of(space, index)),
            up: found.up,
            mac: found.mac,
            conf: found.conf,
        };
        Some((found.name?, link))
    });
    named.collect()
}
