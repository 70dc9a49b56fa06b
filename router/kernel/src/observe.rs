//! What is there: read with one dump a kind and space, or only what changed since the last look.

mod link;
mod loops;
mod mirror;
mod strangers;
mod surroundings;

pub(crate) use loops::loops;
pub(crate) use strangers::strangers;
pub(crate) use surroundings::surroundings;

use crate::{
    Error, address, marks, message,
    route::{self, KernelRoute},
    socket::NetlinkError,
    space::{OpenSpace, Spaces},
    sysctl,
};
use edge_host::netns;
use edge_net::{IfName, Interface};
use edge_plan::{Address, Route, Settings, Space, SpaceState, State, nft::Family};
use ipnet::IpNet;
use link::{Found, Told};
pub(crate) use mirror::Mirror;
use mirror::{Kept, Links};
use netlink_packet_route::{RouteNetlinkMessage, address::AddressMessage, route::RouteMessage};
use nix::errno::Errno;
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    os::fd::AsFd,
};

/// All of it is read.
pub(crate) fn observe(spaces: &mut Spaces) -> Result<State, Error> {
    spaces.refresh()?;
    for space in spaces.iter_mut() {
        space.mirror.hear();
    }
    read(spaces)?;
    state(spaces)
}

/// What changed since the last look is read, where that can be told, and else all of it.
pub(crate) fn observe_changes(spaces: &mut Spaces) -> Result<State, Error> {
    spaces.refresh()?;
    let mut known = true;
    for space in spaces.iter_mut() {
        known &= space.mirror.hear();
    }
    if known {
        read_changes(spaces).inspect_err(|_| forget(spaces))?
    } else {
        read(spaces)?
    }
    state(spaces)
}

/// Of what was to be read again some was not, and its event is not told twice.
fn forget(spaces: &mut Spaces) {
    spaces.iter_mut().for_each(|space| space.mirror.forget());
}

fn read(spaces: &mut Spaces) -> Result<(), Error> {
    for space in spaces.iter_mut() {
        let links = dump_links(space).map_err(|error| space.error("list links", error))?;
        let addresses = dump_addresses(space, 0).map_err(|error| space.error("list addresses", error))?;
        space.mirror.keep(links, addresses);
    }
    Ok(())
}

/// A link of one space may be the other end of one in another, which no event there tells of: those are read again, too.
fn read_changes(spaces: &mut Spaces) -> Result<(), Error> {
    let mut moved = Moved::default();
    for space in spaces.iter_mut() {
        for index in std::mem::take(&mut space.mirror.changed.links) {
            read_link(space, index, &mut moved)?;
        }
        for index in std::mem::take(&mut space.mirror.changed.addresses) {
            read_addresses(space, index)?;
        }
    }
    for space in spaces.iter_mut() {
        for index in moved.others(space) {
            read_link(space, index, &mut Moved::default())?;
        }
    }
    Ok(())
}

/// Links that came or went, and those they lead to. By index alone: one that is meant in another space is read once more, in vain.
#[derive(Default)]
struct Moved {
    links: BTreeSet<u32>,
    lead_to: BTreeSet<u32>,
}

impl Moved {
    /// The links of this space that they are, or may be, the other ends of.
    fn others(&self, space: &OpenSpace) -> Vec<u32> {
        if self.links.is_empty() {
            return Vec::new();
        }
        let leads_there = |(index, found): &(&u32, &Found)| {
            self.lead_to.contains(index) || found.link.is_some_and(|other| self.links.contains(&other))
        };
        let kept = space.mirror.kept.iter().flat_map(|kept| &kept.links);
        kept.filter(leads_there).map(|(index, _)| *index).collect()
    }
}

fn read_link(space: &mut OpenSpace, index: u32, moved: &mut Moved) -> Result<(), Error> {
    let found = look_at_link(space, index).map_err(|error| space.error("look at a link", error))?;
    let Some(kept) = &mut space.mirror.kept else { return Ok(()) };
    let (is, was) = match found {
        Some(found) => (true, kept.links.insert(index, found).is_some()),
        None => (false, kept.links.remove(&index).is_some()),
    };
    if is != was {
        moved.links.insert(index);
        moved.lead_to.extend(kept.links.get(&index).and_then(|found| found.link));
    }
    Ok(())
}

/// `None`: there is none.
fn look_at_link(space: &mut OpenSpace, index: u32) -> Result<Option<Found>, NetlinkError> {
    let Some(link) = space.route.link(message::get_link_at(index))? else { return Ok(None) };
    let (_, found) = Told::read(link, space.ipv6).complete(space)?;
    Ok(Some(found))
}

fn read_addresses(space: &mut OpenSpace, index: u32) -> Result<(), Error> {
    let found = match dump_addresses(space, index) {
        // The link is gone, and its addresses with it.
        Err(error) if error.errno() == Some(Errno::ENODEV) => Vec::new(),
        found => found.map_err(|error| space.error("list addresses", error))?,
    };
    if let Some(kept) = &mut space.mirror.kept {
        kept.addresses.remove(&index);
        for (index, interface) in found {
            kept.addresses.entry(index).or_default().push(interface);
        }
    }
    Ok(())
}

/// What was read, in the words of the plan.
fn state(spaces: &mut Spaces) -> Result<State, Error> {
    let neighbours = neighbours(spaces)?;
    let nothing = Links::new();
    let links: BTreeMap<&Space, &Links> =
        spaces.iter().map(|space| (&space.space, space.mirror.kept.as_ref().map_or(&nothing, |kept| &kept.links))).collect();
    let resolved: Vec<_> = spaces.iter().map(|space| link::resolve(&space.space, &links, &neighbours)).collect();
    let mut state = State::default();
    for (space, links) in spaces.iter_mut().zip(resolved) {
        let observed = SpaceState { links, ..rest(space)? };
        state.spaces.insert(space.space.clone(), observed);
    }
    Ok(state)
}

/// What `/proc/sys` says in each of them.
pub(crate) fn settings(spaces: &mut Spaces) -> Result<BTreeMap<Space, Settings>, Error> {
    spaces.iter_mut().map(|space| Ok((space.space.clone(), sysctls(space)?))).collect()
}

fn sysctls(space: &OpenSpace) -> Result<Settings, Error> {
    let sysctls = netns::inside(space.netns.as_fd(), sysctl::observe);
    sysctls.map_err(|error| space.error("read the settings in /proc/sys", error))
}

fn dump_links(space: &mut OpenSpace) -> Result<Links, NetlinkError> {
    let ipv6 = space.ipv6;
    let told = space.route.dump_by(&message::get_links(), |message| match message {
        RouteNetlinkMessage::NewLink(link) => Some(Told::read(link, ipv6)),
        _ => None,
    });
    told?.into_iter().map(|told| told.complete(space)).collect()
}

/// By which number each space knows each other one.
fn neighbours(spaces: &mut Spaces) -> Result<HashMap<(Space, i32), Space>, Error> {
    let mut netns = Vec::new();
    for space in spaces.iter_mut() {
        netns
            .push((space.space.clone(), space.netns.try_clone().map_err(|error| space.error("keep the namespace open", error))?));
    }
    let mut neighbours = HashMap::new();
    for space in spaces.iter_mut() {
        for (other, file) in netns.iter().filter(|(other, _)| *other != space.space) {
            let nsid = space.route.nsid_of(file).map_err(|error| space.error("ask for a namespace's number", error))?;
            neighbours.extend(nsid.map(|nsid| ((space.space.clone(), nsid), other.clone())));
        }
    }
    Ok(neighbours)
}

/// Everything but the links.
fn rest(space: &mut OpenSpace) -> Result<SpaceState, Error> {
    let Some(kept) = &space.mirror.kept else { return Ok(SpaceState::default()) };
    let routes = space.route.dump_by(&route::get(), |message| match message {
        RouteNetlinkMessage::NewRoute(message) => our_route(&message, &kept.links),
        _ => None,
    });
    let addresses = addresses(kept);
    Ok(SpaceState {
        links: BTreeMap::new(),
        addresses,
        routes: routes.map_err(|error| space.error("list routes", error))?.into_iter().collect(),
        sysctls: sysctls(space)?,
        table: space.table(Family::Inet)?,
        // No bridge of ours is elsewhere.
        bridge_table: if space.space == Space::Host { space.table(Family::Bridge)? } else { None },
        fast_path: space.fast_path()?,
    })
}

fn name_of(links: &Links, index: u32) -> Option<&IfName> {
    links.get(&index)?.name.as_ref()
}

fn addresses(kept: &Kept) -> BTreeSet<Address> {
    let named = kept.addresses.iter().filter_map(|(index, addresses)| Some((name_of(&kept.links, *index)?, addresses)));
    let each =
        named.flat_map(|(link, addresses)| addresses.iter().map(|interface| Address { link: *link, interface: *interface }));
    each.collect()
}

/// Ours, of this link, or of all where it is 0.
fn dump_addresses(space: &mut OpenSpace, index: u32) -> Result<Vec<(u32, Interface<IpNet>)>, NetlinkError> {
    space.route.dump_by(&address::get_of(index), |message| match message {
        RouteNetlinkMessage::NewAddress(message) => our_address(&message),
        _ => None,
    })
}

fn our_address(message: &AddressMessage) -> Option<(u32, Interface<IpNet>)> {
    address::is_ours(message).then_some(())?;
    Some((message.header.index, Interface::new(address::read(message)?)?))
}

fn our_route(message: &RouteMessage, links: &Links) -> Option<Route> {
    (message.header.protocol == marks::ROUTE).then_some(())?;
    let KernelRoute { destination, via, link, metric } = route::read(message)?;
    Some(Route { destination, via, link: *name_of(links, link?)?, metric })
}
