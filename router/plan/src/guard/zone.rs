use super::{Session, Side, Why, way};
use edge_config::{Network, Place, Tagged, Uplink, UplinkLink};
use edge_net::{IfName, Name, derived};
use std::fmt;

/// What a session comes by.
#[derive(Clone, Copy, Debug)]
pub(super) enum Zone<'a> {
    Network(&'a Network),
    Uplink(&'a Uplink),
    /// It is nobody's leg.
    Device(IfName),
    Unknown,
}

impl<'a> Zone<'a> {
    /// Where nothing is in force.
    pub fn of(link: Option<IfName>) -> Self {
        link.map_or(Zone::Unknown, Zone::Device)
    }

    /// Why a session by it ends. The first that is found: what goes, then what moves, then what closes.
    pub fn end(self, session: &Session, before: Option<Side<'a>>, after: Side<'a>) -> Option<Why> {
        if session.stays_inside() {
            return None;
        }
        match (self, before) {
            (Zone::Network(_) | Zone::Uplink(_), Some(before)) => self.end_of_named(session, before, after),
            (Zone::Device(link), _) => super::device::end(link, session, before, after),
            _ => way::namespace_gone(session, after).or_else(|| way::address_lost(self, self, session, before?, after)),
        }
    }

    fn end_of_named(self, session: &Session, before: Side<'a>, after: Side<'a>) -> Option<Why> {
        let Some(then) = self.successor(session, after) else { return Some(self.gone()) };
        way::addresses_moved(session, after)
            .or_else(|| self.moved(then, &session.ports))
            .or_else(|| way::address_lost(self, then, session, before, after))
            .or_else(|| way::answers_lost(self, then, session, before, after))
            .or_else(|| self.closed(then, session, before, after))
    }

    /// What has the address and the way, whatever it is called then; else the same by its name.
    fn successor(self, session: &Session, after: Side<'a>) -> Option<Zone<'a>> {
        let local = session.ipv4().map(|(local, _)| local);
        let (by_address, by_name) = match self {
            Zone::Network(network) => (
                local.and_then(|local| after.network_at(local)).map(Zone::Network),
                after.config.network(&network.name).map(Zone::Network),
            ),
            Zone::Uplink(uplink) => (
                local.and_then(|local| after.uplink_at(local)).map(Zone::Uplink),
                after.config.uplink(&uplink.name).map(Zone::Uplink),
            ),
            Zone::Device(_) | Zone::Unknown => (None, None),
        };
        by_address.filter(|zone| self.moved(*zone, &session.ports).is_none()).or(by_name).or(by_address)
    }

    fn gone(self) -> Why {
        Why::not_said(match self.table() {
            Some((table, name)) => format!("the file has no more {table} {name}"),
            None => "it comes by what the file has no more".to_owned(),
        })
    }

    pub fn table(self) -> Option<(&'static str, &'a Name)> {
        match self {
            Zone::Network(network) => Some(("network", &network.name)),
            Zone::Uplink(uplink) => Some(("uplink", &uplink.name)),
            Zone::Device(_) | Zone::Unknown => None,
        }
    }

    fn moved(self, then: Zone, behind: &[IfName]) -> Option<Why> {
        match (self, then) {
            (Zone::Network(was), Zone::Network(is)) => network_moved(was, is, behind),
            (Zone::Uplink(was), Zone::Uplink(is)) => uplink_moved(was, is),
            _ => None,
        }
    }

    /// `ssh-from` named it, and does not any more.
    fn closed(self, then: Zone, session: &Session, before: Side, after: Side) -> Option<Why> {
        let (_, name) = then.table()?;
        let closes = before.admits(self, session) && !after.admits(then, session);
        closes.then(|| not_in_ssh_from(name, "no longer names"))
    }
}

/// Also for what was no zone of the file before.
pub(super) fn not_in_ssh_from(name: &Name, words: &str) -> Why {
    Why::said(Place { table: "system", name: None, key: "ssh-from" }, format!("`ssh-from` {words} {name}"))
}

/// Where it is not known by which of its ways a session comes to a network, it ends only when none of them is left.
fn network_moved(was: &Network, is: &Network, behind: &[IfName]) -> Option<Why> {
    let known: Vec<Way> = ways(was).filter(|way| behind.contains(&way.port())).collect();
    let used = if known.len() == 1 { known } else { ways(was).collect() };
    if used.is_empty() || used.iter().any(|way| ways(is).any(|other| other == *way)) {
        return None;
    }
    let at = |key| Place { table: "network", name: Some(is.name.clone()), key };
    let tagged = used.iter().find_map(|way| if let Way::Tagged(tagged) = way { Some(*tagged) } else { None });
    Some(match (tagged, &is.tagged) {
        (Some(was), Some(now)) if was.trunk == now.trunk => {
            Why::said(at("vlan"), format!("`vlan` of {} is {}, not {}", is.name, now.vlan, was.vlan))
        }
        (Some(was), Some(now)) => Why::said(at("trunk"), format!("`trunk` of {} is {}, not {}", is.name, now.trunk, was.trunk)),
        (Some(was), None) => Why::said(at("trunk"), format!("{} is no longer on `trunk` {}", is.name, was.trunk)),
        (None, _) => {
            let ports: Vec<_> = used.iter().map(|way| way.port().to_string()).collect();
            Why::said(at("ports"), format!("`ports` of {} leave out {}", is.name, ports.join(", ")))
        }
    })
}

/// How frames of a network come to the box.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way<'a> {
    Tagged(&'a Tagged),
    Port(IfName),
}

impl Way<'_> {
    /// The bridge port it is.
    fn port(self) -> IfName {
        match self {
            Way::Tagged(tagged) => derived::vlan(&tagged.trunk, tagged.vlan),
            Way::Port(port) => port,
        }
    }
}

fn ways(network: &Network) -> impl Iterator<Item = Way<'_>> {
    network.tagged.iter().map(Way::Tagged).chain(network.ports.iter().copied().map(Way::Port))
}

fn uplink_moved(was: &Uplink, is: &Uplink) -> Option<Why> {
    let at = |key| Place { table: "uplink", name: Some(is.name.clone()), key };
    if was.device != is.device {
        return Some(Why::said(at("device"), format!("`device` of {} is {}, not {}", is.name, is.device, was.device)));
    }
    (was.link != is.link)
        .then(|| Why::said(at("link"), format!("`link` of {} is {}, not {}", is.name, word(is.link), word(was.link))))
}

fn word(link: UplinkLink) -> &'static str {
    match link {
        UplinkLink::Direct => "direct",
        UplinkLink::IpvlanL2 => "ipvlan-l2",
        UplinkLink::Macvlan => "macvlan",
    }
}

impl fmt::Display for Zone<'_> {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Zone::Network(network) => f.write_str(network.name.as_str()),
            Zone::Uplink(uplink) => f.write_str(uplink.name.as_str()),
            Zone::Device(link) => f.write_str(link.as_str()),
            Zone::Unknown => f.write_str("somewhere"),
        }
    }
}
