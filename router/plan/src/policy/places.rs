use super::{grant::Party, label::Label};
use edge_config::{Config, Endpoint, Host, Network};
use edge_net::Name;
use std::{
    collections::{BTreeMap, HashMap},
    net::Ipv4Addr,
};

/// Whatever a line or a flow may name, found without a walk through all of it: there may be as many lines as networks.
#[derive(Debug)]
pub struct Places<'a> {
    pub config: &'a Config,
    networks: HashMap<&'a Name, &'a Network>,
    hosts: HashMap<&'a Name, &'a Host>,
    addresses: HashMap<Ipv4Addr, &'a Host>,
    /// By the subnet's own address; no two networks share one.
    subnets: BTreeMap<Ipv4Addr, &'a Network>,
}

impl<'a> Places<'a> {
    pub fn of(config: &'a Config) -> Self {
        Self {
            config,
            networks: config.networks.iter().map(|network| (&network.name, network)).collect(),
            hosts: config.hosts.iter().map(|host| (&host.name, host)).collect(),
            addresses: config.hosts.iter().map(|host| (host.address, host)).collect(),
            subnets: config.networks.iter().map(|network| (network.address.subnet().network(), network)).collect(),
        }
    }

    /// One end of a line. The names exist: `config` has seen to it.
    pub fn party(&self, endpoint: &Endpoint) -> Option<Party<'a>> {
        match endpoint {
            Endpoint::Network(name) => Some(Party::Node(self.network(name)?, None)),
            Endpoint::Uplink(name) => self.config.uplink(name).map(Party::Beyond),
            Endpoint::Host(name) => {
                let host = self.hosts.get(name)?;
                Some(Party::Node(self.network(&host.network)?, Some(host.address)))
            }
        }
    }

    pub fn network(&self, name: &Name) -> Option<&'a Network> {
        self.networks.get(name).copied()
    }

    /// The network an address lies in.
    pub fn network_of(&self, address: Ipv4Addr) -> Option<&'a Network> {
        let (_, network) = self.subnets.range(..=address).next_back()?;
        network.address.subnet().contains(&address).then_some(*network)
    }

    /// The node, or the router's address, that is `address` in one of the networks.
    pub fn inside(&self, address: Ipv4Addr) -> Option<Party<'a>> {
        let network = self.network_of(address)?;
        let is_router = network.address.address() == address;
        Some(if is_router { Party::Router(network) } else { Party::Node(network, Some(address)) })
    }

    /// What a reader calls it. An address that no `[[host]]` has goes by its network; none: the router by more than one address.
    pub fn label(&self, party: &Party) -> Option<Label> {
        let host = |address| self.addresses.get(address).map(|host| Label::Host(host.name.clone()));
        match party {
            Party::Node(network, address) => {
                address.as_ref().and_then(host).or_else(|| Some(Label::Network(network.name.clone())))
            }
            Party::Router(network) => Some(Label::Router(network.name.clone())),
            Party::Beyond(uplink) => Some(Label::Uplink(uplink.name.clone())),
            Party::Local | Party::Group(_) => None,
        }
    }
}
