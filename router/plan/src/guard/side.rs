use super::{Session, zone::Zone};
use crate::{
    Facts, Leg, Space, addressing, leg_of,
    policy::{Packet, Party, Policy},
    router_space,
    ruleset::named,
};
use edge_config::{Config, Network, Unnamed, Uplink};
use edge_net::{IfName, Interface, Name, Protocol};
use std::net::Ipv4Addr;

/// A configuration, and what is known for it.
#[derive(Clone, Copy, Debug)]
pub struct Side<'a> {
    /// The file.
    pub config: &'a Config,
    /// The rest.
    pub facts: &'a Facts,
}

/// Whose an address of the router is: the table, its name, and the address.
pub(super) type Owned<'a> = (&'static str, &'a Name, Interface);

impl<'a> Side<'a> {
    pub(super) fn space(self) -> Space {
        router_space(self.config)
    }

    /// What a session comes by.
    pub(super) fn zone(self, session: &Session) -> Zone<'a> {
        let here = session.space == self.space();
        match session.link {
            Some(link) if here => self.zone_of_link(link).unwrap_or(Zone::Device(link)),
            Some(link) => Zone::Device(link),
            None if here => self.zone_of_addresses(session).unwrap_or(Zone::Unknown),
            None => Zone::Unknown,
        }
    }

    /// Whether traffic by it is none of our business.
    pub(super) fn leaves_alone(self, link: IfName) -> bool {
        self.facts.unnamed(self.config) == Unnamed::Untouched && !self.names(link)
    }

    pub(super) fn names(self, link: IfName) -> bool {
        named(self.config).contains(&link)
    }

    pub(super) fn zone_of_link(self, link: IfName) -> Option<Zone<'a>> {
        Some(match leg_of(self.config, &link)? {
            Leg::Network(network) => Zone::Network(network),
            Leg::Uplink(uplink) => Zone::Uplink(uplink),
        })
    }

    fn zone_of_addresses(self, session: &Session) -> Option<Zone<'a>> {
        let (local, remote) = session.ipv4()?;
        let network = self.config.networks.iter().find(|network| network.address.subnet().contains(&remote));
        network.map(Zone::Network).or_else(|| self.uplink_at(local).map(Zone::Uplink))
    }

    pub(super) fn uplink_at(self, local: Ipv4Addr) -> Option<&'a Uplink> {
        self.config.uplinks.iter().find(|uplink| self.address_of(uplink).is_some_and(|own| own.address() == local))
    }

    pub(super) fn network_at(self, local: Ipv4Addr) -> Option<&'a Network> {
        self.config.networks.iter().find(|network| network.address.address() == local)
    }

    pub(super) fn address_of(self, uplink: &Uplink) -> Option<Interface> {
        addressing(uplink, self.facts).map(|(interface, _)| interface)
    }

    pub(super) fn owner(self, local: Ipv4Addr) -> Option<Owned<'a>> {
        let network = self.network_at(local).map(|network| ("network", &network.name, network.address));
        let uplink = || self.uplink_at(local).and_then(|uplink| Some(("uplink", &uplink.name, self.address_of(uplink)?)));
        network.or_else(uplink)
    }

    /// The address that a table of this name has now.
    pub(super) fn address_in(self, table: &str, name: &Name) -> Option<Interface> {
        match table {
            "network" => self.config.network(name).map(|network| network.address),
            _ => self.config.uplink(name).and_then(|uplink| self.address_of(uplink)),
        }
    }

    pub(super) fn has(self, table: &str, name: &Name) -> bool {
        if table == "network" { self.config.network(name).is_some() } else { self.config.uplink(name).is_some() }
    }

    /// Whether the policy lets such a session be opened. What the file does not name is closed.
    pub(super) fn admits(self, zone: Zone, session: &Session) -> bool {
        let Some((local, remote)) = session.ipv4() else { return false };
        let policy = Policy::of(self.config, self.facts);
        let packet = Packet { destination_port: session.local.port(), ..Packet::of(Protocol::Tcp.number()) };
        let from = match zone {
            Zone::Network(network) => self.config.network(&network.name).map(|network| Party::Node(network, Some(remote))),
            Zone::Uplink(uplink) => self.config.uplink(&uplink.name).map(Party::Beyond),
            Zone::Device(_) | Zone::Unknown => None,
        };
        let to = self.network_at(local).map_or(Party::Local, Party::Router);
        from.is_some_and(|from| policy.reach(from, to).admits(&packet))
    }
}
