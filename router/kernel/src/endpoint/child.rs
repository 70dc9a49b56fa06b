//! A macvlan or ipvlan child of the bridge, born in the container.

use super::{Plug, Plugged, Prepare, Side, Sides, announce, inside, kind_of, mac_of, other_end, refused, taken};
use crate::{Error, link, marks, message, space::group_of};
use edge_net::{AttachKind, IfName, Mac};
use netlink_packet_route::link::{InfoKind, LinkAttribute};
use rtnetlink::LinkUnspec;
use std::os::fd::{AsRawFd, RawFd};

pub(super) fn plug(sides: &mut Sides, bridge: u32, plug: &Plug) -> Result<Plugged, Error> {
    let is_new = !is_there(sides, bridge, plug)?;
    if is_new {
        create(&mut sides.host, &plug.ifname, plug.kind, bridge, plug.mac, Some(sides.netns.as_raw_fd()))?;
    }
    let done = alias(&mut sides.inside, &plug.ifname, &plug.alias).and_then(|()| inside::settle(sides, plug));
    if done.is_err() && is_new {
        let _ = sides.inside.remove(&plug.ifname);
    }
    let plugged = done?;
    announce(sides, plug);
    Ok(plugged)
}

pub(super) fn prepare(host: &mut Side, bridge: u32, prepare: &Prepare) -> Result<Plugged, Error> {
    host.remove(&prepare.ifname)?;
    create(host, &prepare.ifname, prepare.kind, bridge, prepare.mac, None)?;
    let done = alias(host, &prepare.ifname, &prepare.alias).and_then(|()| host.link(&prepare.ifname));
    if done.is_err() {
        let _ = host.remove(&prepare.ifname);
    }
    let mac = done?.as_ref().and_then(mac_of);
    mac.map(|mac| Plugged { mac }).ok_or_else(|| refused(format!("link {} went away meanwhile; try again", prepare.ifname)))
}

/// Whether the child is there as it should be; an error when another link has its name.
fn is_there(sides: &mut Sides, bridge: u32, plug: &Plug) -> Result<bool, Error> {
    let Some(link) = sides.inside.link(&plug.ifname)? else { return Ok(false) };
    let kind = if plug.kind == AttachKind::Macvlan { InfoKind::MacVlan } else { InfoKind::IpVlan };
    let nsid = sides.inside.route.nsid_of(&sides.own).map_err(|error| sides.inside.error("ask for the host's number", error))?;
    let is_ours = group_of(&link) == marks::ATTACH_GROUP && kind_of(&link) == Some(&kind);
    if is_ours && nsid.is_some() && other_end(&link) == (Some(bridge), nsid) {
        Ok(true)
    } else {
        Err(taken(&plug.ifname, &sides.inside.place))
    }
}

/// The link of the host that the child was made on; none when there is no such child.
pub(super) fn parent(sides: &mut Sides, ifname: &IfName) -> Result<Option<IfName>, Error> {
    let Some(link) = sides.inside.link(ifname)?.filter(|link| group_of(link) == marks::ATTACH_GROUP) else { return Ok(None) };
    let nsid = sides.inside.route.nsid_of(&sides.own).map_err(|error| sides.inside.error("ask for the host's number", error))?;
    match other_end(&link) {
        (Some(index), at) if nsid.is_some() && at == nsid => sides.host.name_at(index),
        _ => Ok(None),
    }
}

fn create(
    host: &mut Side,
    ifname: &IfName,
    kind: AttachKind,
    bridge: u32,
    mac: Option<Mac>,
    netns: Option<RawFd>,
) -> Result<(), Error> {
    let mut request = match kind {
        AttachKind::IpvlanL2 => message::marked(link::ipvlan::child(ifname, bridge), marks::ATTACH_GROUP, None),
        _ => message::marked(link::macvlan::child(ifname, bridge), marks::ATTACH_GROUP, mac),
    };
    request.attributes.extend(netns.map(LinkAttribute::NetNsFd));
    host.create(&format!("the interface {ifname}"), request)
}

fn alias(side: &mut Side, ifname: &IfName, alias: &str) -> Result<(), Error> {
    side.set(ifname, LinkUnspec::new_with_name(ifname.as_str()).alias(alias))
}
