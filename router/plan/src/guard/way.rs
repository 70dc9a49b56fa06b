//! Whether what is sent to a session still arrives, and its answers leave by the same way.

use super::{Session, Side, Why, zone::Zone};
use crate::{Space, addressing};
use edge_config::{Place, Uplink};
use edge_net::{Interface, Name};
use std::net::Ipv4Addr;

/// The router's addresses are in another namespace then.
pub(super) fn addresses_moved(session: &Session, after: Side) -> Option<Why> {
    let (here, then) = (&session.space, after.space());
    let at = Place { table: "router", name: None, key: "namespace" };
    match then {
        _ if *here == then => None,
        Space::Named(name) => Some(Why::said(at, format!("`namespace` is {name}, and the router's addresses go there"))),
        Space::Host => Some(Why::not_said(format!("the file has no more `namespace` {here}"))),
    }
}

/// The namespace where its socket is goes, whatever it comes by.
pub(super) fn namespace_gone(session: &Session, after: Side) -> Option<Why> {
    if session.space == Space::Host { None } else { addresses_moved(session, after) }
}

/// The address it was opened to goes, or is another table's. `is`: what its own zone is then.
pub(super) fn address_lost(zone: Zone, is: Zone, session: &Session, before: Side, after: Side) -> Option<Why> {
    let (local, _) = session.ipv4()?;
    let (table, name, was) = before.owner(local)?;
    let now = after.owner(local).map(|(table, name, _)| (table, name));
    let own = zone.table() == Some((table, name));
    let stays = if own { now == is.table() } else { now.is_some() };
    let then = is.table().filter(|_| own).unwrap_or((table, name));
    (!stays).then(|| other_address(after, then, was))
}

fn other_address(after: Side, (table, name): (&'static str, &Name), was: Interface) -> Why {
    if !after.has(table, name) {
        return Why::not_said(format!("the file has no more {table} {name}, whose {} it was opened to", was.address()));
    }
    let at = Place { table, name: Some(name.clone()), key: "address" };
    Why::said(
        at,
        match after.address_in(table, name) {
            Some(is) => format!("`address` of {name} is {is}, not {was}"),
            None => format!("`address` of {name} is asked for by DHCP, and is {was} now"),
        },
    )
}

/// Its peer is no longer in the subnet, or answers take another gateway.
pub(super) fn answers_lost(zone: Zone, then: Zone, session: &Session, before: Side, after: Side) -> Option<Why> {
    let (_, remote) = session.ipv4()?;
    match (zone, then) {
        (Zone::Network(was), Zone::Network(is)) => {
            let leaves = was.address.subnet().contains(&remote) && !is.address.subnet().contains(&remote);
            leaves.then(|| other_address(after, ("network", &is.name), was.address))
        }
        (Zone::Uplink(was), Zone::Uplink(is)) => {
            let (was_at, is_at) = (before.address_of(was)?, after.address_of(is)?);
            match (was_at.subnet().contains(&remote), is_at.subnet().contains(&remote)) {
                (true, true) => None,
                (true, false) => Some(other_address(after, ("uplink", &is.name), was_at)),
                (false, _) => gateway_lost(was, is, remote, before, after),
            }
        }
        _ => None,
    }
}

/// Only of an answer that goes by the uplink's default route now; where else it goes, others say.
fn gateway_lost(was: &Uplink, is: &Uplink, remote: Ipv4Addr, before: Side, after: Side) -> Option<Why> {
    let preferred = before.preferred()?;
    if preferred.name != was.name || before.leads_elsewhere(was, remote) {
        return None;
    }
    let gateway = |side: Side, uplink| addressing(uplink, side.facts).and_then(|(_, gateway)| gateway);
    let at = |uplink: &Uplink, key| Place { table: "uplink", name: Some(uplink.name.clone()), key };
    match (gateway(before, was), gateway(after, is)) {
        (Some(was), None) => Some(Why::said(at(is, "gateway"), format!("{} has no more `gateway` {was}", is.name))),
        (Some(was), Some(now)) if was != now => {
            Some(Why::said(at(is, "gateway"), format!("`gateway` of {} is {now}, not {was}", is.name)))
        }
        _ => {
            let other = after.preferred().filter(|preferred| preferred.name != is.name)?;
            Some(Why::said(at(other, "metric"), format!("answers leave by {}, not by {}", other.name, is.name)))
        }
    }
}

impl<'a> Side<'a> {
    /// The uplink whose default route counts.
    fn preferred(self) -> Option<&'a Uplink> {
        let leads_out = |uplink: &&Uplink| addressing(uplink, self.facts).is_some_and(|(_, gateway)| gateway.is_some());
        let rank = |uplink: &&Uplink| (self.facts.unhealthy.contains(&uplink.name), uplink.metric);
        self.config.uplinks.iter().filter(leads_out).min_by_key(rank)
    }

    /// A network, another uplink or a learned route covers the peer.
    fn leads_elsewhere(self, uplink: &Uplink, remote: Ipv4Addr) -> bool {
        let inside = self.config.network_of(remote).is_some();
        let on_link = |other: &Uplink| self.address_of(other).is_some_and(|own| own.subnet().contains(&remote));
        let learned = self.facts.uplink_leases.values().flat_map(|lease| &lease.routes);
        inside
            || self.config.uplinks.iter().any(|other| other.name != uplink.name && on_link(other))
            || learned.into_iter().any(|(to, _)| to.contains(&remote))
    }
}
