//! What is there, read with one dump a kind and space.

mod link;
mod strangers;

pub(crate) use strangers::strangers;

use crate::{
    Error, address, marks, message,
    route::{self, KernelRoute},
    socket::NetlinkError,
    space::{OpenSpace, Spaces},
    sysctl,
};
use edge_host::netns;
use edge_net::{IfName, Interface};
use edge_plan::{Address, Route, Settings, Space, SpaceState, State};
use link::Found;
use netlink_packet_route::{RouteNetlinkMessage, address::AddressMessage, route::RouteMessage};
use std::{
    collections::{BTreeMap, HashMap},
    os::fd::AsFd,
};

/// The links of one space by their index.
type Links = HashMap<u32, Found>;

pub(crate) fn observe(spaces: &mut Spaces) -> Result<State, Error> {
    spaces.refresh()?;
    let mut links = BTreeMap::new();
    for space in spaces.iter_mut() {
        let found = dump_links(space).map_err(|error| space.error("list links", error))?;
        links.insert(space.space.clone(), found);
    }
    let neighbours = neighbours(spaces)?;
    let mut state = State::default();
    for space in spaces.iter_mut() {
        let observed = SpaceState { links: link::resolve(&space.space, &links, &neighbours), ..rest(space, &links)? };
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
    let links = space.route.dump_by(&message::get_links(), |message| match message {
        RouteNetlinkMessage::NewLink(link) => Some((link.header.index, Found::read(link, ipv6))),
        _ => None,
    });
    Ok(links?.into_iter().collect())
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
fn rest(space: &mut OpenSpace, links: &BTreeMap<Space, Links>) -> Result<SpaceState, Error> {
    let name_of = |index: u32| links.get(&space.space)?.get(&index)?.name.as_ref();
    let addresses = space.route.dump_by(&address::get(), |message| match message {
        RouteNetlinkMessage::NewAddress(message) => our_address(&message, name_of),
        _ => None,
    });
    let routes = space.route.dump_by(&route::get(), |message| match message {
        RouteNetlinkMessage::NewRoute(message) => our_route(&message, name_of),
        _ => None,
    });
    Ok(SpaceState {
        links: BTreeMap::new(),
        addresses: addresses.map_err(|error| space.error("list addresses", error))?.into_iter().collect(),
        routes: routes.map_err(|error| space.error("list routes", error))?.into_iter().collect(),
        sysctls: sysctls(space)?,
        table: space.table()?,
        fast_path: space.fast_path()?,
    })
}

fn our_address<'a>(message: &AddressMessage, name_of: impl Fn(u32) -> Option<&'a IfName>) -> Option<Address> {
    address::is_ours(message).then_some(())?;
    let interface = Interface::new(address::read(message)?)?;
    Some(Address { link: name_of(message.header.index)?.clone(), interface })
}

fn our_route<'a>(message: &RouteMessage, name_of: impl Fn(u32) -> Option<&'a IfName>) -> Option<Route> {
    (message.header.protocol == marks::ROUTE).then_some(())?;
    let KernelRoute { destination, via, link, metric } = route::read(message)?;
    Some(Route { destination, via, link: name_of(link?)?.clone(), metric })
}
