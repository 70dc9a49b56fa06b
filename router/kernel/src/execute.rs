//! Carries operations out, one request after the other: a failed one leaves nothing behind it done.

mod link;

use crate::{
    Error, ExecuteError, address, marks, message, namespace, route,
    socket::{NetlinkError, RouteSocket},
    space::{LOOPBACK, Spaces, group_of},
    sysctl,
};
use edge_host::netns;
use edge_net::Name;
use edge_plan::{Address, Op, Route, Space, Sysctl};
use netlink_packet_core::{NLM_F_CREATE, NLM_F_EXCL};
use netlink_packet_route::{
    RouteNetlinkMessage,
    route::{RouteScope, RouteType},
};
use nix::errno::Errno;
use rtnetlink::LinkUnspec;
use std::{io, os::fd::AsFd};

/// Makes anew, and refuses where one is already.
const NEW: u16 = NLM_F_CREATE | NLM_F_EXCL;

pub(crate) fn execute(spaces: &mut Spaces, ops: &[Op]) -> Result<(), ExecuteError> {
    for (index, op) in ops.iter().enumerate() {
        // The first operation may be about a namespace that nobody has looked at yet.
        let ready = if index == 0 { spaces.refresh() } else { Ok(()) };
        ready.and_then(|()| carry_out(spaces, op)).map_err(|source| ExecuteError { index, op: Box::new(op.clone()), source })?;
    }
    Ok(())
}

fn carry_out(spaces: &mut Spaces, op: &Op) -> Result<(), Error> {
    #[cfg(feature = "faults")]
    return crate::fault::inject(op, || one(spaces, op));
    #[cfg(not(feature = "faults"))]
    one(spaces, op)
}

fn one(spaces: &mut Spaces, op: &Op) -> Result<(), Error> {
    match op {
        Op::CreateNamespace(name) => create_namespace(spaces, name),
        Op::DeleteNamespace(name) => delete_namespace(spaces, name),
        Op::SetSysctl { space, sysctl, to, .. } => set_sysctl(spaces, space, *sysctl, *to),
        Op::CreateLink { space, name, link, peer } => link::create(spaces, space, name, link, peer.as_ref()),
        Op::DeleteLink { space, name, .. } => link::delete(spaces, space, name),
        Op::ChangeLink { space, name, from, to } => link::change(spaces, space, name, from, to),
        Op::MoveLink { name, from, to } => link::move_between(spaces, name, from, to),
        Op::AddAddress { space, address } => add_address(spaces, space, address),
        Op::DeleteAddress { space, address } => delete_address(spaces, space, address),
        Op::AddRoute { space, route } => add_route(spaces, space, route),
        Op::DeleteRoute { space, route } => delete_route(spaces, space, route),
        Op::SetTable { space, family, from, to } => match to.as_ref().or(from.as_ref()) {
            Some(table) => {
                let sent = spaces.get(space)?.update_table(*family, &table.name, to.as_ref())?;
                spaces.written.add(sent.messages, sent.bytes);
                Ok(())
            }
            None => Ok(()),
        },
        Op::SetFastPath { space, to, .. } => {
            let sent = spaces.get(space)?.set_fast_path(to)?;
            spaces.written.add(sent.messages, sent.bytes);
            Ok(())
        }
    }
}

fn create_namespace(spaces: &mut Spaces, name: &Name) -> Result<(), Error> {
    let path = netns::path(name);
    if path.exists() {
        let why =
            format!("exists and is not marked as ours; remove it (ip netns delete {name}) or choose another name in [router]");
        return Err(Error::Namespace { path, why });
    }
    let made = namespace::create(name, || {
        let marked = LinkUnspec::new_with_index(LOOPBACK).link_group(marks::PLAN_GROUP).up().build();
        RouteSocket::open(&spaces.written)?.write(RouteNetlinkMessage::SetLink(marked), 0)
    });
    spaces.written.add(1, 0);
    made.map_err(|error| Error::netlink(&format!("make the namespace {name}"), Space::Host, error))?;
    spaces.trusted.insert(name.clone());
    spaces.refresh()
}

fn delete_namespace(spaces: &mut Spaces, name: &Name) -> Result<(), Error> {
    // Only if it is ours.
    let Some(space) = spaces.named.get_mut(name) else {
        return if netns::path(name).exists() { Err(Error::no_namespace(name)) } else { Ok(()) };
    };
    // The kernel brings hardware back to the host, but every other device would end with the namespace.
    let links = space.route.dump(&message::get_links()).map_err(|error| space.error("list links", error))?;
    let is_lent =
        |link: &RouteNetlinkMessage| matches!(link, RouteNetlinkMessage::NewLink(link) if group_of(link) == marks::LENT_GROUP);
    if links.iter().any(is_lent) {
        let why = format!("namespace {name} still holds a device of the host, which would end with it; apply again");
        return Err(Error::Refused { why });
    }
    // Our own sockets in it would keep it alive.
    spaces.named.remove(name);
    spaces.written.add(1, 0);
    namespace::delete(name).map_err(|error| Error::netlink(&format!("remove the namespace {name}"), Space::Host, error))
}

fn set_sysctl(spaces: &mut Spaces, space: &Space, sysctl: Sysctl, to: bool) -> Result<(), Error> {
    let netns = &spaces.get(space)?.netns;
    let set = netns::inside(netns.as_fd(), || Ok::<_, io::Error>(sysctl::set(sysctl, to)));
    let writes = set.map_err(|error| Error::netlink("enter the namespace", space.clone(), error))??;
    spaces.written.add(writes, 0);
    Ok(())
}

fn add_address(spaces: &mut Spaces, space: &Space, address: &Address) -> Result<(), Error> {
    let Address { link, interface } = address;
    let space = spaces.get(space)?;
    let index = space.index(link)?;
    let request = RouteNetlinkMessage::NewAddress(address::message(index, *interface));
    space.route.write(request, NEW).map_err(|error| space.error(format!("give link {link} the address {interface}"), error))
}

fn delete_address(spaces: &mut Spaces, space: &Space, address: &Address) -> Result<(), Error> {
    let Address { link, interface } = address;
    let space = spaces.get(space)?;
    let Some(index) = space.index_if_any(link)? else { return Ok(()) };
    let request = RouteNetlinkMessage::DelAddress(address::message(index, *interface));
    gone(space.route.write(request, 0))
        .map_err(|error| space.error(format!("take the address {interface} from link {link}"), error))
}

fn add_route(spaces: &mut Spaces, space: &Space, route: &Route) -> Result<(), Error> {
    let space = spaces.get(space)?;
    let request = RouteNetlinkMessage::NewRoute(route::message(space.index(&route.link)?, route));
    space.route.write(request, NEW).map_err(|error| space.error(format!("add the route {}", words(route)), error))
}

fn delete_route(spaces: &mut Spaces, space: &Space, route: &Route) -> Result<(), Error> {
    let space = spaces.get(space)?;
    let Some(index) = space.index_if_any(&route.link)? else { return Ok(()) };
    let mut request = route::message(index, route);
    // As `ip route delete` asks: of whatever scope and type.
    request.header.scope = RouteScope::NoWhere;
    request.header.kind = RouteType::Unspec;
    let deleted = space.route.write(RouteNetlinkMessage::DelRoute(request), 0);
    gone(deleted).map_err(|error| space.error(format!("remove the route {}", words(route)), error))
}

fn words(route: &Route) -> String {
    let via = route.via.map(|via| format!(" via {via}")).unwrap_or_default();
    format!("{}{via} dev {} metric {}", route.destination, route.link, route.metric)
}

/// What is gone already needs no removing.
fn gone(deleted: Result<(), NetlinkError>) -> Result<(), NetlinkError> {
    match deleted {
        Err(error) if matches!(error.errno(), Some(Errno::ENODEV | Errno::EADDRNOTAVAIL | Errno::ESRCH)) => Ok(()),
        deleted => deleted,
    }
}
