//! The container's side: address, default route, up.

use super::{Plug, Plugged, Side, Sides, mac_of, refused};
use crate::{Error, address, route, space::LOOPBACK};
use edge_net::{AttachKind, Interface};
use edge_plan::Route;
use ipnet::Ipv4Net;
use netlink_packet_core::{NLM_F_CREATE, NLM_F_EXCL, NLM_F_REPLACE};
use netlink_packet_route::{
    RouteNetlinkMessage,
    address::{AddressAttribute, AddressMessage},
    route::{RouteAttribute, RouteMessage},
};
use nix::errno::Errno;
use rtnetlink::LinkUnspec;

/// Brings the interface to what was asked for, from whatever an earlier call made of it.
pub(super) fn settle(sides: &mut Sides, plug: &Plug) -> Result<Plugged, Error> {
    let side = &mut sides.inside;
    let gone = || refused(format!("interface {} went away meanwhile; is the container stopping?", plug.ifname));
    let link = side.link(&plug.ifname)?.ok_or_else(gone)?;
    let index = link.header.index;
    let mac = mac_of(&link).ok_or_else(gone)?;
    // An ipvlan has its parent's address.
    let wanted = plug.mac.filter(|wanted| *wanted != mac && plug.kind != AttachKind::IpvlanL2);
    if let Some(wanted) = wanted {
        side.set(&plug.ifname, LinkUnspec::new_with_index(index).address(wanted.bytes().to_vec()))?;
    }
    set_address(side, index, plug.address)?;
    for index in [LOOPBACK, index] {
        side.set(&plug.ifname, LinkUnspec::new_with_index(index).up())?;
    }
    set_default_route(side, index, plug)?;
    Ok(Plugged { mac: wanted.unwrap_or(mac) })
}

/// Takes away an address given by an earlier call; one that the container gave itself stays.
fn set_address(side: &mut Side, index: u32, wanted: Interface) -> Result<(), Error> {
    let listed = side.route.dump(&address::get()).map_err(|error| side.error("list addresses", error))?;
    for message in listed {
        if let RouteNetlinkMessage::NewAddress(address) = message
            && address.header.index == index
            && is_former(&address, wanted)
        {
            let deleted = side.route.write(RouteNetlinkMessage::DelAddress(address), 0);
            deleted.map_err(|error| side.error("remove the former address", error))?;
        }
    }
    let request = RouteNetlinkMessage::NewAddress(address::message(index, wanted.into()));
    let given = side.route.write(request, NLM_F_CREATE | NLM_F_REPLACE);
    given.map_err(|error| side.error(&format!("give the address {wanted}"), error))
}

fn is_former(address: &AddressMessage, wanted: Interface) -> bool {
    let is_wanted = address.attributes.contains(&AddressAttribute::Local(wanted.address().into()));
    address::is_ours(address) && !(is_wanted && address.header.prefix_len == wanted.prefix_len())
}

/// With two networks the first one plugged in has the default route, as Docker has it.
fn set_default_route(side: &mut Side, index: u32, plug: &Plug) -> Result<(), Error> {
    let listed = side.route.dump(&route::get()).map_err(|error| side.error("list routes", error))?;
    for message in listed {
        if let RouteNetlinkMessage::NewRoute(route) = message
            && is_default_by(&route, index)
        {
            let deleted = side.route.write(RouteNetlinkMessage::DelRoute(route), 0);
            deleted.map_err(|error| side.error("remove the former default route", error))?;
        }
    }
    let route = Route { destination: Ipv4Net::default().into(), via: Some(plug.gateway.into()), link: plug.ifname, metric: 0 };
    let request = RouteNetlinkMessage::NewRoute(route::message(index, &route));
    match side.route.write(request, NLM_F_CREATE | NLM_F_EXCL) {
        Err(error) if error.errno() != Some(Errno::EEXIST) => {
            Err(side.error(&format!("add the default route via {}", plug.gateway), error))
        }
        _ => Ok(()),
    }
}

fn is_default_by(route: &RouteMessage, index: u32) -> bool {
    route.header.destination_prefix_length == 0 && route.attributes.contains(&RouteAttribute::Oif(index))
}
