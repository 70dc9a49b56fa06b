//! The whole configuration, as it is after validation.

mod dhcp;

pub use dhcp::{Dhcp, DhcpOption, DhcpRelay, DhcpServer};
use edge_net::{AttachKind, IfName, Interface, Mac, Name, PortRange, Protocol, VlanId, derived};
use ipnet::Ipv4Net;
use std::{net::Ipv4Addr, time::Duration};

/// Everything in `edge-router.toml`. Names of networks, uplinks and hosts are unique across all three.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Config {
    /// `[system]`
    pub system: System,
    /// `[router] namespace`: the network namespace the data plane lives in; none for the host's own.
    pub namespace: Option<Name>,
    /// `[router] drift`
    pub drift: Drift,
    /// In the order of the file, which is their order of preference where none gives a `metric`.
    pub uplinks: Vec<Uplink>,
    /// In the order of the file.
    pub networks: Vec<Network>,
    /// In the order of the file.
    pub hosts: Vec<Host>,
    /// In the order of the file.
    pub allows: Vec<Allow>,
    /// In the order of the file.
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
    /// Time servers: host names or addresses.
    pub ntp: Vec<String>,
    /// What becomes of devices that the file does not name; `None`: as is usual on the box.
    pub unnamed: Option<Unnamed>,
}

/// What becomes of traffic among devices that the file does not name, and between them and the box. To or from a network or an uplink a
/// line is needed either way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Unnamed {
    /// They open nothing.
    #[default]
    Closed,
    /// It passes, as if we were not there.
    Untouched,
}

/// `[[uplink]]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Uplink {
    /// What `[[allow]]`, `[[forward]]` and `ssh-from` call it.
    pub name: Name,
    /// The card it leaves by, or is made on.
    pub device: IfName,
    /// How it uses the card.
    pub link: UplinkLink,
    /// Where its address comes from.
    pub address: UplinkAddress,
    /// The next hop of its default route, with a static address; `None`: it has none.
    pub gateway: Option<Ipv4Addr>,
    /// Name servers; empty: those that DHCP brings.
    pub dns: Vec<Ipv4Addr>,
    /// Whether what leaves by it takes the uplink's own address (source NAT).
    pub masquerade: bool,
    /// Route priority, lower wins; by default the uplink's place in the file times 100.
    pub metric: u32,
    /// Addresses of which one must answer a ping for the uplink to count as healthy; empty: the gateway must answer ARP.
    pub probe: Vec<Ipv4Addr>,
    /// From one second to one hour.
    pub probe_interval: Duration,
}

/// How an uplink uses its device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UplinkLink {
    /// The device itself is the uplink's interface.
    Direct,
    /// An interface on the device, with the device's MAC address.
    IpvlanL2,
    /// An interface on the device, with a MAC address of its own.
    Macvlan,
}

/// Where an uplink's address comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UplinkAddress {
    /// From the file.
    Static(Interface),
    /// From a DHCP server out there.
    Dhcp,
}

/// `[[network]]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Network {
    /// What `[[allow]]` and `[[host]]` call it.
    pub name: Name,
    /// `trunk` and `vlan` come together.
    pub tagged: Option<Tagged>,
    /// Devices enslaved untagged.
    pub ports: Vec<IfName>,
    /// The bridge's name; `br-NAME` when the file does not say.
    pub bridge: IfName,
    /// The router's own address, every node's gateway.
    pub address: Interface,
    /// Who answers DHCP in it; `None`: nobody.
    pub dhcp: Option<Dhcp>,
    /// How containers are plugged into it.
    pub attach: AttachKind,
}

/// The VLAN of a trunk that carries a network (IEEE 802.1Q).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Tagged {
    /// The device.
    pub trunk: IfName,
    /// The VLAN's id on it.
    pub vlan: VlanId,
}

/// `[[host]]`: a permanent address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host {
    /// What `[[allow]]` calls it; of a container, its own name.
    pub name: Name,
    /// Where the address lies. It exists.
    pub network: Name,
    /// How DHCP knows the device; none for a container, which is known by its name.
    pub device: Option<DeviceId>,
    /// A node's address in the network, each given to one host only.
    pub address: Ipv4Addr,
}

/// What a device is known by.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum DeviceId {
    /// Its hardware address.
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
    /// Who opens.
    pub from: Endpoint,
    /// To whom.
    pub to: Endpoint,
    /// `None`: all of them.
    pub protocol: Option<Protocol>,
    /// Only with `protocol` tcp or udp.
    pub ports: Vec<PortRange>,
}

/// What a policy line can name. The name exists.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Endpoint {
    /// All nodes of a `[[network]]`.
    Network(Name),
    /// Whoever is beyond an `[[uplink]]`.
    Uplink(Name),
    /// The address of a `[[host]]`.
    Host(Name),
}

/// `[[forward]]`: a port opened on an uplink towards one node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forward {
    /// Where the port is open. It exists.
    pub uplink: Name,
    /// Tcp or udp.
    pub protocol: Protocol,
    /// One port or a range of them.
    pub port: PortRange,
    /// An address inside one of the networks, not the router's own.
    pub to: Ipv4Addr,
    /// As many ports as `port`.
    pub to_port: PortRange,
}

impl Config {
    /// Whether it has neither network nor uplink: it may be valid, but there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.networks.is_empty() && self.uplinks.is_empty()
    }

    /// By its name.
    pub fn network(&self, name: &Name) -> Option<&Network> {
        self.networks.iter().find(|network| network.name == *name)
    }

    /// By its name.
    pub fn uplink(&self, name: &Name) -> Option<&Uplink> {
        self.uplinks.iter().find(|uplink| uplink.name == *name)
    }

    /// By its name.
    pub fn host(&self, name: &Name) -> Option<&Host> {
        self.hosts.iter().find(|host| host.name == *name)
    }

    /// The subnets inside, and what each is called. No uplink brings a packet from there, and no lease of one may lead there: a table of
    /// the file that has subnets of its own names them here.
    pub fn inside(&self) -> impl Iterator<Item = (&Name, Ipv4Net)> {
        self.networks.iter().map(|network| (&network.name, network.address.subnet()))
    }

    /// The network an address lies in.
    pub fn network_of(&self, address: Ipv4Addr) -> Option<&Network> {
        self.networks.iter().find(|network| network.address.subnet().contains(&address))
    }
}

impl Host {
    /// Whether it is a container and not a device.
    pub fn is_container(&self) -> bool {
        self.device.is_none()
    }

    /// The MAC address it is known by; `None`: it is known otherwise.
    pub fn mac(&self) -> Option<Mac> {
        match self.device {
            Some(DeviceId::Mac(mac)) => Some(mac),
            _ => None,
        }
    }
}

impl Network {
    /// The ports of its bridge that the file names: the VLAN of its trunk, and its untagged devices.
    pub fn bridge_ports(&self) -> impl Iterator<Item = IfName> + '_ {
        let tagged = self.tagged.iter().map(|tagged| derived::vlan(&tagged.trunk, tagged.vlan));
        tagged.chain(self.ports.iter().copied())
    }
}

impl Uplink {
    /// The interface traffic leaves by.
    pub fn ifname(&self) -> IfName {
        match self.link {
            UplinkLink::Direct => self.device,
            UplinkLink::IpvlanL2 | UplinkLink::Macvlan => derived::uplink(&self.name),
        }
    }
}
