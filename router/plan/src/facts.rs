use crate::{FlowTable, policy::inputs::Input};
use edge_config::{Config, Network, Unnamed, Uplink, UplinkAddress};
use edge_net::{Interface, Mac, Name};
use ipnet::Ipv4Net;
use std::{
    collections::{BTreeMap, BTreeSet},
    net::Ipv4Addr,
};

/// What the plan must know beyond the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// Sixteen bytes that tell this box from every other (the machine id).
    pub machine: [u8; 16],
    /// What becomes here of devices that the file does not name, where it does not say.
    pub unnamed: Unnamed,
    /// The machine was a gateway before we came: devices that the file does not name are to each other's, too.
    pub was_gateway: bool,
    /// What the uplinks with `address = "dhcp"` were given.
    pub uplink_leases: BTreeMap<Name, UplinkLease>,
    /// Uplinks that carry nothing: their default routes stand back behind those of all others.
    pub unhealthy: BTreeSet<Name>,
    /// How many flows the kernel tracks at most.
    pub flows: FlowTable,
    /// What services listen to, besides what every configuration opens by itself.
    pub inputs: Vec<Input>,
}

/// What an uplink was given by DHCP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UplinkLease {
    /// Its address with the prefix length of its subnet (`yiaddr`, option 1).
    pub interface: Interface,
    /// The next hop of its default route (option 3 or 121); `None`: it has none.
    pub gateway: Option<Ipv4Addr>,
    /// Name servers (option 6), in the server's order.
    pub dns: Vec<Ipv4Addr>,
    /// Besides the default one, with the next hop; `None`: on the link.
    pub routes: Vec<(Ipv4Net, Option<Ipv4Addr>)>,
}

impl Facts {
    /// The name servers of an uplink: what the file says wins over what was learned.
    pub fn name_servers<'a>(&'a self, uplink: &'a Uplink) -> &'a [Ipv4Addr] {
        let learned = self.uplink_leases.get(&uplink.name).filter(|_| uplink.address == UplinkAddress::Dhcp);
        learned.filter(|_| uplink.dns.is_empty()).map_or(&uplink.dns, |lease| &lease.dns)
    }

    /// What becomes of devices that the file does not name.
    pub fn unnamed(&self, config: &Config) -> Unnamed {
        config.system.unnamed.unwrap_or(self.unnamed)
    }

    /// A MAC address for a link of ours: the same after every boot, so that nodes do not lose
    /// their gateway for an ARP timeout; and different from box to box, since two boxes may share a wire.
    pub fn mac(&self, link: &str) -> Mac {
        Mac::derived(&[&self.machine, link.as_bytes()].concat())
    }

    /// Of the router's own link in a network.
    pub fn gateway_mac(&self, network: &Network) -> Mac {
        self.mac(&format!("gateway of {}", network.name))
    }
}

/// The address and gateway of an uplink, where they are known.
pub fn addressing(uplink: &Uplink, facts: &Facts) -> Option<(Interface, Option<Ipv4Addr>)> {
    match uplink.address {
        UplinkAddress::Static(interface) => Some((interface, uplink.gateway)),
        UplinkAddress::Dhcp => facts.uplink_leases.get(&uplink.name).map(|lease| (lease.interface, lease.gateway)),
    }
}
