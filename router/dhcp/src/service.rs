use edge_config::{Dhcp, DhcpRelay, DhcpServer, Host};
use edge_net::{IfName, Interface, Name};
use std::{net::Ipv4Addr, path::PathBuf};

/// What the server does for one network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetworkService {
    pub network: Name,
    /// The interface that carries the router's address in this network.
    pub link: IfName,
    /// The network namespace that interface lives in, as a path to be opened; none for the daemon's own.
    pub netns: Option<PathBuf>,
    /// The router's own address: server identifier (option 54) and gateway (option 3).
    pub address: Interface,
    /// None: devices get no DHCP here, but containers still get reserved addresses or any free one of the subnet.
    pub dhcp: Option<Dhcp>,
    /// DNS servers (option 6) where the pool names none.
    pub dns: Vec<Ipv4Addr>,
    /// The router's host name: no device is known by it, whatever it calls itself.
    pub own_name: Option<String>,
    /// The `[[host]]` tables of this network.
    pub reservations: Vec<Host>,
}

impl NetworkService {
    /// What this server gives out.
    pub fn pool(&self) -> Option<&DhcpServer> {
        self.dhcp.as_ref()?.server()
    }

    /// Another server gives out the addresses, and this is its relay agent here.
    pub fn relay(&self) -> Option<&DhcpRelay> {
        self.dhcp.as_ref()?.relay()
    }
}
