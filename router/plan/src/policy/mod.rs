//! Who may open flows to whom. The one place that answers this: the nftables table, the reachability matrix and the
//! sweep of flows that lost their permission all ask here.
//!
//! Every node has, always: its own network; and the router's address in its own network for ping, DHCP and, from
//! `ssh-from`, ssh. Everything else needs an `[[allow]]` or a `[[forward]]`.

pub mod inputs;
mod matches;

use crate::{Facts, Label, addressing};
use edge_config::{Allow, Config, Endpoint, Forward, Network, Uplink};
use edge_net::{Name, PortRange, Protocol};
use inputs::SSH;
use std::{fmt, net::Ipv4Addr};

pub use inputs::{Input, Zone};
pub use matches::{Match, Packet};

/// One end of a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Party<'a> {
    /// A node of a network; with an address, that one, else any node that no line names.
    Node(&'a Network, Option<Ipv4Addr>),
    /// The router's address in a network. As a source: the router itself.
    Router(&'a Network),
    /// Whatever lies behind an uplink.
    Beyond(&'a Uplink),
}

/// What one party may open towards another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reach {
    All,
    /// These and nothing else; never empty.
    Only(Vec<Service>),
    Nothing,
}

/// A protocol, and for TCP and UDP the ports (`None`: all of them).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Service {
    pub protocol: Protocol,
    pub ports: Option<PortRange>,
}

/// A connection as the kernel tracks it: the first packet's tuple, and where replies come from and go to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flow {
    pub source: Ipv4Addr,
    pub destination: Ipv4Addr,
    /// IP protocol number.
    pub protocol: u8,
    /// Zero where the protocol has no ports.
    pub destination_port: u16,
    pub reply_source: Ipv4Addr,
    pub reply_source_port: u16,
    pub reply_destination: Ipv4Addr,
}

#[derive(Clone, Copy)]
pub struct Policy<'a> {
    config: &'a Config,
}

impl<'a> Policy<'a> {
    pub fn of(config: &'a Config) -> Self {
        Self { config }
    }

    pub fn reach(&self, from: Party, to: Party) -> Reach {
        match (from, to) {
            (Party::Router(_), _) => Reach::All,
            (Party::Node(network, _), Party::Node(other, _)) if network.name == other.name => Reach::All,
            (Party::Node(network, _), Party::Router(other)) if network.name == other.name => self.own_router(network),
            (Party::Node(..), Party::Router(_)) => Reach::Nothing,
            (Party::Beyond(uplink), Party::Router(_)) => {
                self.ssh(&uplink.name).map_or(Reach::Nothing, |ssh| Reach::Only(vec![ssh]))
            }
            _ => self.crossing(from, to),
        }
    }

    /// What the `[[allow]]` lines for this pair say, and for a node behind an uplink's `[[forward]]` that too.
    fn crossing(&self, from: Party, to: Party) -> Reach {
        let mut services = Vec::new();
        for allow in self.config.allows.iter().filter(|allow| self.covers(&allow.from, from) && self.covers(&allow.to, to)) {
            match services_of(allow) {
                None => return Reach::All,
                Some(some) => services.extend(some),
            }
        }
        if let (Party::Beyond(uplink), Party::Node(_, Some(address))) = (from, to) {
            services.extend(self.forwards(uplink).filter(|forward| forward.to == address).map(forwarded));
        }
        services.sort();
        services.dedup();
        if services.is_empty() { Reach::Nothing } else { Reach::Only(services) }
    }

    fn own_router(&self, network: &Network) -> Reach {
        let ping = Service { protocol: Protocol::Icmp, ports: None };
        let dhcp = (network.dhcp.is_some() || network.dhcp_relay.is_some())
            .then(|| Service { protocol: Protocol::Udp, ports: PortRange::new(67, 67) });
        Reach::Only([Some(ping), self.ssh(&network.name), dhcp].into_iter().flatten().collect())
    }

    /// The ssh service, where `ssh-from` names this network or uplink.
    pub fn ssh(&self, from: &Name) -> Option<Service> {
        let named = self.config.system.ssh_from.contains(from);
        named.then(|| Service { protocol: Protocol::Tcp, ports: Some(SSH) })
    }

    pub fn forwards(&self, uplink: &Uplink) -> impl Iterator<Item = &'a Forward> + use<'a> {
        let name = uplink.name.clone();
        self.config.forwards.iter().filter(move |forward| forward.uplink == name)
    }

    /// Networks, hosts and uplinks that some node of `network` may open something to, each once, in the order of the file.
    pub fn reaches(&self, network: &Network) -> Vec<Label> {
        let is_from = |endpoint: &Endpoint| match endpoint {
            Endpoint::Network(name) => *name == network.name,
            Endpoint::Host(name) => self.config.host(name).is_some_and(|host| host.network == network.name),
            Endpoint::Uplink(_) => false,
        };
        let mut reached = Vec::new();
        for allow in self.config.allows.iter().filter(|allow| is_from(&allow.from)) {
            let label = Label::of(&allow.to);
            if !reached.contains(&label) {
                reached.push(label);
            }
        }
        reached
    }

    /// Whether a policy line's end means this party (or all of whom this party is one).
    fn covers(&self, endpoint: &Endpoint, party: Party) -> bool {
        match (endpoint, party) {
            (Endpoint::Network(name), Party::Node(network, _)) => *name == network.name,
            (Endpoint::Uplink(name), Party::Beyond(uplink)) => *name == uplink.name,
            (Endpoint::Host(name), Party::Node(_, Some(address))) => {
                self.config.host(name).is_some_and(|host| host.address == address)
            }
            _ => false,
        }
    }

    /// Whether a flow that is already there may go on. Flows that touch none of our networks are not ours to judge. `facts`: the
    /// addresses that uplinks were given tell them apart.
    pub fn keeps(&self, flow: &Flow, facts: &Facts) -> bool {
        let forwarded = flow.reply_source != flow.destination;
        let (destination, port) =
            if forwarded { (flow.reply_source, flow.reply_source_port) } else { (flow.destination, flow.destination_port) };
        let to_node = self.config.network_of(destination);
        let Some(network) = self.config.network_of(flow.source) else {
            return self.keeps_from_beyond(flow, destination, port, facts);
        };
        if flow.source == network.address.address() {
            return true;
        }
        let from = Party::Node(network, Some(flow.source));
        match to_node {
            Some(target) if destination == target.address.address() => {
                admits(&self.reach(from, Party::Router(target)), flow.protocol, port)
            }
            Some(target) => admits(&self.reach(from, Party::Node(target, Some(destination))), flow.protocol, port),
            None => {
                let mut ways_out = self.uplinks_as(flow.reply_destination, facts);
                ways_out.any(|uplink| admits(&self.reach(from, Party::Beyond(uplink)), flow.protocol, port))
            }
        }
    }

    /// From beyond an uplink, or from the box itself, whose flows are all allowed.
    fn keeps_from_beyond(&self, flow: &Flow, destination: Ipv4Addr, port: u16, facts: &Facts) -> bool {
        if self.is_own(flow.source, facts) {
            return true;
        }
        let mut ways_in = self.uplinks_as(flow.destination, facts);
        match self.config.network_of(destination) {
            Some(network) => ways_in.any(|uplink| {
                admits(&self.reach(Party::Beyond(uplink), Party::Node(network, Some(destination))), flow.protocol, port)
            }),
            None if self.is_own(destination, facts) => ways_in
                .any(|uplink| self.ssh(&uplink.name).is_some_and(|ssh| admits(&Reach::Only(vec![ssh]), flow.protocol, port))),
            None => true,
        }
    }

    /// The uplinks by which a flow may go that wears this address out there: the one that has it, else any.
    fn uplinks_as(&self, worn: Ipv4Addr, facts: &Facts) -> impl Iterator<Item = &'a Uplink> {
        let known = self.is_own(worn, facts);
        self.config.uplinks.iter().filter(move |uplink| !known || has(uplink, worn, facts))
    }

    fn is_own(&self, address: Ipv4Addr, facts: &Facts) -> bool {
        self.config.uplinks.iter().any(|uplink| has(uplink, address, facts))
    }
}

fn has(uplink: &Uplink, address: Ipv4Addr, facts: &Facts) -> bool {
    addressing(uplink, facts).is_some_and(|(interface, _)| interface.address() == address)
}

/// `None`: everything.
pub fn services_of(allow: &Allow) -> Option<Vec<Service>> {
    let protocol = allow.protocol?;
    if allow.ports.is_empty() {
        return Some(vec![Service { protocol, ports: None }]);
    }
    Some(allow.ports.iter().map(|range| Service { protocol, ports: Some(*range) }).collect())
}

/// What a forward opens at its target.
pub fn forwarded(forward: &Forward) -> Service {
    Service { protocol: forward.protocol, ports: Some(forward.to_port) }
}

fn admits(reach: &Reach, protocol: u8, port: u16) -> bool {
    match reach {
        Reach::All => true,
        Reach::Nothing => false,
        Reach::Only(services) => services
            .iter()
            .any(|service| service.protocol.number() == protocol && service.ports.is_none_or(|range| range.contains(port))),
    }
}

impl Reach {
    /// Whether a ping gets through.
    pub fn pings(&self) -> bool {
        admits(self, Protocol::Icmp.number(), 0)
    }
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self.ports {
            Some(ports) => write!(f, "{} {ports}", self.protocol),
            None => write!(f, "{}", self.protocol),
        }
    }
}

impl fmt::Display for Reach {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Reach::All => f.pad("yes"),
            Reach::Nothing => f.pad("no"),
            Reach::Only(services) => f.pad(&services.iter().map(Service::to_string).collect::<Vec<_>>().join(", ")),
        }
    }
}
