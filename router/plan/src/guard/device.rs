//! A session by a device that is nobody's leg: the file did not name it, or names it as what others are made on.

use super::{
    Session, Side, Why, way,
    zone::{Zone, not_in_ssh_from},
};
use crate::Space;
use edge_config::{Place, Unnamed, UplinkLink};
use edge_net::IfName;

pub(super) fn end(link: IfName, session: &Session, before: Option<Side>, after: Side) -> Option<Why> {
    way::namespace_gone(session, after)
        .or_else(|| taken(link, session, before, after))
        .or_else(|| closed(link, session, before, after))
}

/// A port of a bridge hears nothing by its own addresses, and one that goes to another namespace has none any more.
fn taken(link: IfName, session: &Session, before: Option<Side>, after: Side) -> Option<Why> {
    let port_of = |side: Side| side.config.networks.iter().position(|network| network.ports.contains(&link));
    if let Some(at) = port_of(after).filter(|_| before.and_then(port_of).is_none()) {
        let name = &after.config.networks[at].name;
        let at = Place { table: "network", name: Some(name.clone()), key: "ports" };
        return Some(Why::said(at, format!("`ports` of {name} take {link}")));
    }
    let uplink = after.config.uplinks.iter().find(|uplink| uplink.link == UplinkLink::Direct && uplink.device == link)?;
    (session.space != after.space()).then(|| {
        let at = Place { table: "uplink", name: Some(uplink.name.clone()), key: "device" };
        Why::said(at, format!("`device` of {} takes {link} to {}", uplink.name, after.space()))
    })
}

/// What the new file names, or closes, and the one in force left alone. Where nothing is in force everything is open.
fn closed(link: IfName, session: &Session, before: Option<Side>, after: Side) -> Option<Why> {
    let leaves_alone = |side: Side| session.space == Space::Host && side.leaves_alone(link);
    if before.is_some_and(|before| !leaves_alone(before)) || leaves_alone(after) {
        return None;
    }
    let zone = Some(link).filter(|_| session.space == after.space()).and_then(|link| after.zone_of_link(link));
    match zone {
        Some(zone) if after.admits(zone, session) => None,
        Some(_) if session.ipv4().is_none() => Some(Why::not_said(format!("IPv6 by {link} is closed"))),
        Some(Zone::Network(network)) => Some(not_in_ssh_from(&network.name, "does not name")),
        Some(Zone::Uplink(uplink)) => Some(not_in_ssh_from(&uplink.name, "does not name")),
        _ if after.names(link) => Some(Why::not_said(format!("what comes by {link} itself is closed"))),
        _ if after.config.system.unnamed == Some(Unnamed::Closed) => {
            let at = Place { table: "system", name: None, key: "unnamed" };
            Some(Why::said(at, format!("`unnamed` closes {link}, which the file does not name")))
        }
        _ => Some(Why::not_said(format!("the file does not name {link}, and what it does not name is closed"))),
    }
}
