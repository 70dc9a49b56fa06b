//! What the networks and the uplinks rely on.

use edge_config::{Config, Uplink, UplinkAddress};
use edge_net::{Interface, Name};
use ipnet::Ipv4Net;
use std::{fmt, net::Ipv4Addr};

/// All of it.
pub struct Claims<'a>(Vec<Claim<'a>>);

/// Addresses that are one's, or that one must reach by its own way.
pub struct Claim<'a> {
    /// No network is called as an uplink is.
    owner: &'a Name,
    what: What,
    net: Ipv4Net,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum What {
    Network,
    Uplink,
    Gateway,
    NameServer,
    Probe,
}

impl<'a> Claims<'a> {
    pub fn of_the_file(config: &'a Config) -> Self {
        let mut claims = Self(config.inside().map(|(owner, net)| Claim { owner, what: What::Network, net }).collect());
        for uplink in &config.uplinks {
            claims.add_all(&uplink.name, What::NameServer, &uplink.dns);
            claims.add_all(&uplink.name, What::Probe, &uplink.probe);
            if let UplinkAddress::Static(interface) = uplink.address {
                claims.add_path(&uplink.name, interface, uplink.gateway);
            }
        }
        claims
    }

    /// `dns`: those of the lease that are used.
    pub fn add_lease(&mut self, uplink: &'a Uplink, interface: Interface, gateway: Option<Ipv4Addr>, dns: &[Ipv4Addr]) {
        self.add_path(&uplink.name, interface, gateway);
        self.add_all(&uplink.name, What::NameServer, dns);
    }

    fn add_path(&mut self, owner: &'a Name, interface: Interface, gateway: Option<Ipv4Addr>) {
        self.0.push(Claim { owner, what: What::Uplink, net: interface.subnet() });
        self.add_all(owner, What::Gateway, gateway.as_slice());
    }

    fn add_all(&mut self, owner: &'a Name, what: What, addresses: &[Ipv4Addr]) {
        self.0.extend(addresses.iter().map(|address| Claim { owner, what, net: Ipv4Net::from(*address) }));
    }

    /// Another's that has an address in common with what `uplink` was given.
    pub fn overlapping(&self, uplink: &Name, net: Ipv4Net) -> Option<&Claim<'a>> {
        self.of_others(uplink).find(|claim| claim.net.contains(&net) || net.contains(&claim.net))
    }

    /// The subnet of another that this address is in.
    pub fn subnet_around(&self, uplink: &Name, address: Ipv4Addr) -> Option<&Claim<'a>> {
        let is_subnet = |claim: &&Claim| matches!(claim.what, What::Network | What::Uplink);
        self.of_others(uplink).filter(is_subnet).find(|claim| claim.net.contains(&address))
    }

    fn of_others(&self, uplink: &Name) -> impl Iterator<Item = &Claim<'a>> {
        self.0.iter().filter(move |claim| claim.owner != uplink)
    }
}

impl fmt::Display for Claim<'_> {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let Self { owner, net, .. } = self;
        let address = net.addr();
        match self.what {
            What::Network => write!(f, "network {owner} ({net})"),
            What::Uplink => write!(f, "uplink {owner} ({net})"),
            What::Gateway => write!(f, "the gateway {address} of uplink {owner}"),
            What::NameServer => write!(f, "the name server {address} of uplink {owner}"),
            What::Probe => write!(f, "the probe {address} of uplink {owner}"),
        }
    }
}
