//! A macvlan or ipvlan child of the bridge, born in the container.

use super::{Plug, Plugged, Prepare, Side, Sides, arp, inside, kind_of, mac_of, other_end, refused, taken};
use crate::{Error, marks, message, space::group_of};
use edge_config::{AttachKind, IfName, Mac};
use netlink_packet_route::link::{InfoKind, LinkAttribute};
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
    arp::announce(sides, plug, plugged.mac);
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

fn create(
    host: &mut Side,
    ifname: &IfName,
    kind: AttachKind,
    bridge: u32,
    mac: Option<Mac>,
    netns: Option<RawFd>,
) -> Result<(), Error> {
    let (mac, info) = match kind {
        AttachKind::IpvlanL2 => (None, message::ipvlan_l2()),
        _ => (mac, message::macvlan()),
    };
    let mut attributes = message::name_group_mac(ifname, marks::ATTACH_GROUP, mac);
    attributes.push(LinkAttribute::Link(bridge));
    attributes.extend(netns.map(LinkAttribute::NetNsFd));
    attributes.push(info);
    host.create(&format!("the interface {ifname}"), message::link(0, attributes))
}

fn alias(side: &mut Side, ifname: &IfName, alias: &str) -> Result<(), Error> {
    side.set(ifname, message::link(0, vec![LinkAttribute::IfName(ifname.to_string()), LinkAttribute::IfAlias(alias.to_owned())]))
}
