//! A pair: one end in the bridge, the other born in the container.

use super::{Plug, Plugged, Prepare, Side, Sides, announce, inside, mac_of, other_end, refused, taken};
use crate::{
    Error, link, marks,
    message::{self, Settings},
    space::group_of,
};
use edge_net::{IfName, Mac};
use edge_plan::{LinkConf, RpFilter};
use netlink_packet_route::link::{BridgePortState, InfoBridgePort, InfoPortData, LinkAttribute, LinkInfo, LinkMessage};
use rtnetlink::LinkUnspec;
use std::{
    os::fd::{AsRawFd, RawFd},
    path::Path,
    thread,
    time::{Duration, Instant},
};

/// How long a new port may take until its bridge forwards: a moment, unless the machine is busy.
const CARRIER: Duration = Duration::from_secs(1);

pub(super) fn plug(sides: &mut Sides, bridge: u32, plug: &Plug) -> Result<Plugged, Error> {
    let found = find(sides, plug)?;
    if found.is_none() {
        // The port may be left from a container of the same name that is dying.
        sides.host.remove(&plug.port)?;
        if sides.inside.link(&plug.ifname)?.is_some() {
            return Err(taken(&plug.ifname, &sides.inside.place));
        }
        create(&mut sides.host, &plug.port, &plug.ifname, plug.mac, Some(sides.netns.as_raw_fd()))?;
    }
    let done = settle_port(&mut sides.host, bridge, &plug.port, &plug.alias).and_then(|()| inside::settle(sides, plug));
    if done.is_err() && found.is_none() {
        let _ = sides.host.remove(&plug.port);
    }
    let plugged = done?;
    wait_for_port(&mut sides.host, &plug.port);
    announce(sides, plug);
    Ok(plugged)
}

pub(super) fn prepare(host: &mut Side, bridge: u32, prepare: &Prepare) -> Result<Plugged, Error> {
    host.remove(&prepare.port)?;
    host.remove(&prepare.ifname)?;
    create(host, &prepare.port, &prepare.ifname, prepare.mac, None)?;
    let done = settle_port(host, bridge, &prepare.port, &prepare.alias).and_then(|()| host.link(&prepare.ifname));
    if done.is_err() {
        let _ = host.remove(&prepare.port);
    }
    let mac = done?.as_ref().and_then(mac_of);
    mac.map(|mac| Plugged { mac }).ok_or_else(|| refused(format!("link {} went away meanwhile; try again", prepare.ifname)))
}

/// The container's end, when the pair is there as it should be.
fn find(sides: &mut Sides, plug: &Plug) -> Result<Option<LinkMessage>, Error> {
    let Some(port) = sides.host.link(&plug.port)?.filter(|port| group_of(port) == marks::ATTACH_GROUP) else { return Ok(None) };
    let Some(end) = sides.inside.link(&plug.ifname)? else { return Ok(None) };
    let nsid =
        sides.host.route.nsid_of(&sides.netns).map_err(|error| sides.host.error("ask for the namespace's number", error))?;
    let is_pair = nsid.is_some() && other_end(&port) == (Some(end.header.index), nsid);
    Ok(is_pair.then_some(end))
}

/// The end in the container is not up until the port is set, so nothing comes through meanwhile.
fn create(host: &mut Side, port: &IfName, ifname: &IfName, mac: Option<Mac>, netns: Option<RawFd>) -> Result<(), Error> {
    let mut end = message::marked(LinkUnspec::new_with_name(ifname.as_str()), marks::ATTACH_GROUP, mac);
    end.attributes.extend(netns.map(LinkAttribute::NetNsFd));
    host.create(&format!("the veth pair {port}"), message::marked(link::veth::pair(port, end), marks::ATTACH_GROUP, None))
}

/// In two messages: the settings have to be in force before the link is up.
fn settle_port(host: &mut Side, bridge: u32, port: &IfName, alias: &str) -> Result<(), Error> {
    let conf = LinkConf { rp_filter: RpFilter::Off, forwarding: false };
    // Whether a container forwards is its own affair.
    let settings = Settings { forwarding: None, ..Settings::ours(conf, Path::new("/proc/sys/net/ipv6").exists()) };
    let named = || LinkUnspec::new_with_name(port.as_str());
    host.set(port, named().controller(bridge).alias(alias).append_extra_attribute(settings.attribute()))?;
    host.set(port, named().up())
}

/// The bridge notices the carrier a moment after the pair is up; until then it drops what comes from the container.
fn wait_for_port(host: &mut Side, port: &IfName) {
    let start = Instant::now();
    while start.elapsed() < CARRIER {
        match host.link(port) {
            Ok(Some(link)) if !is_forwarding(&link) => thread::sleep(Duration::from_millis(1)),
            _ => return,
        }
    }
}

fn is_forwarding(port: &LinkMessage) -> bool {
    let infos = port
        .attributes
        .iter()
        .filter_map(|attribute| if let LinkAttribute::LinkInfo(infos) = attribute { Some(infos) } else { None });
    infos.flatten().any(|info| match info {
        LinkInfo::PortData(InfoPortData::BridgePort(data)) => data.contains(&InfoBridgePort::State(BridgePortState::Forwarding)),
        _ => false,
    })
}
