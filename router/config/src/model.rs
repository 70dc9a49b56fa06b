//! The whole configuration, as it is after validation.

use crate::Dhcp;
use edge_net::{AttachKind, IfName, Interface, Mac, Name, PortRange, Protocol, VlanId, derived};
use std::{net::Ipv4Addr, time::Duration};

/// Everything in `edge-router.toml`. Names of networks, uplinks and hosts are unique across all three.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Config {
    pub system: System,
    /// `[router] namespace`: the network namespace the data plane lives in; none for the host's own.
    pub namespace: Option<Name>,
    /// `[router] drift`
    pub drift: Drift,
    pub uplinks: Vec<Uplink>,
    pub networks: Vec<Network>,
    pub hosts: Vec<Host>,
    pub allows: Vec<Allow>,
    pub forwards: Vec<Forward>,
}

/// What the daemon does about what somebody changes by hand in the kernel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Drift {
    /// Puts it back at once.
    #[default]
    Mend,
    /// Tells it, and puts back at once only what keeps the policy.
    Report,
}

/// `[system]`
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct System {
    /// RFC 1123 host name.
    pub hostname: Option<String>,
    /// Lines as in `authorized_keys`.
    pub ssh_keys: Vec<String>,
    /// Networks and uplinks that may open ssh to the box.
    pub ssh_from: Vec<Name>,
    pub ntp: Vec<String>,
}

/// `[[uplink]]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Uplink {
    pub name: Name,
    pub device: IfName,
    pub link: UplinkLink,
    pub address: UplinkAddress,
    pub gateway: Option<Ipv4Addr>,
    pub dns: Vec<Ipv4Addr>,
    pub masquerade: bool,
    /// Route priority, lower wins; by default the uplink's place in the file times 100.
    pub metric: u32,
    /// Addresses of which one must answer a ping for the uplink to count as healthy; empty: the gateway must answer ARP.
    pub probe: Vec<Ipv4Addr>,
    /// From one second to one hour.
    pub probe_interval: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UplinkLink {
    Direct,
    IpvlanL2,
    Macvlan,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UplinkAddress {
    Static(Interface),
    Dhcp,
}

/// `[[network]]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Network {
    pub name: Name,
    /// `trunk` and `vlan` come together.
    pub tagged: Option<Tagged>,
    /// Devices enslaved untagged.
    pub ports: Vec<IfName>,
    pub bridge: IfName,
    /// The router's own address, every node's gateway.
    pub address: Interface,
    pub dhcp: Option<Dhcp>,
    pub attach: AttachKind,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Tagged {
    pub trunk: IfName,
    pub vlan: VlanId,
}

/// `[[host]]`: a permanent address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host {
    pub name: Name,
    pub network: Name,
    /// How DHCP knows the device; none for a container, which is known by its name.
    pub device: Option<DeviceId>,
    pub address: Ipv4Addr,
}

/// What a device is known by.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum DeviceId {
    Mac(Mac),
    /// Option 61, 2 to 255 bytes (RFC 2132, 9.14).
    ClientId(Vec<u8>),
    /// Option 12, as it is after cleaning: lower case letters, digits and hyphens. Any device may call itself so; the
    /// first that does is the one until its lease ends.
    Hostname(String),
}

/// `[[allow]]`: what may open flows to what. An empty `ports` is every port; no `protocol` is every protocol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allow {
    pub from: Endpoint,
    pub to: Endpoint,
    pub protocol: Option<Protocol>,
    /// Only with `protocol` tcp or udp.
    pub ports: Vec<PortRange>,
}

/// What a policy line can name. The name exists.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Endpoint {
    Network(Name),
    Uplink(Name),
    Host(Name),
}

/// `[[forward]]`: a port opened on an uplink towards one node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forward {
    pub uplink: Name,
    /// Tcp or udp.
    pub protocol: Protocol,
    pub port: PortRange,
    /// An address inside one of the networks, not the router's own.
    pub to: Ipv4Addr,
    /// As many ports as `port`.
    pub to_port: PortRange,
}

impl Config {
    pub fn network(&self, name: &Name) -> Option<&Network> {
        self.networks.iter().find(|network| network.name == *name)
    }

    pub fn uplink(&self, name: &Name) -> Option<&Uplink> {
        self.uplinks.iter().find(|uplink| uplink.name == *name)
    }

    pub fn host(&self, name: &Name) -> Option<&Host> {
        self.hosts.iter().find(|host| host.name == *name)
    }

    /// The network an address lies in.
    pub fn network_of(&self, address: Ipv4Addr) -> Option<&Network> {
        self.networks.iter().find(|network| network.address.subnet().contains(&address))
    }
}

impl Host {
    pub fn is_container(&self) -> bool {
        self.device.is_none()
    }

    pub fn mac(&self) -> Option<Mac> {
        match self.device {
            Some(DeviceId::Mac(mac)) => Some(mac),
            _ => None,
        }
    }
}

impl Uplink {
    /// The interface traffic leaves by.
    pub fn ifname(&self) -> IfName {
        match self.link {
            UplinkLink::Direct => self.device.clone(),
            UplinkLink::IpvlanL2 | UplinkLink::Macvlan => derived::uplink(&self.name),
        }
    }
}
