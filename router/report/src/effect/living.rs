//! Who is there while a configuration changes. A file alone does not know it, the daemon does.

use super::value::time;
use edge_config::{Config, DeviceId, Dhcp, DhcpServer, Host};
use edge_net::{Mac, Name};
use std::net::Ipv4Addr;

/// Whom a change may interrupt; nobody where it is not known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Living {
    /// Plugged in, and not as they are afterwards.
    pub containers: Vec<Container>,
    /// Leases of devices that are not over.
    pub leases: Vec<Lease>,
}

/// A container that does not stay as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Container {
    /// Where it is plugged in.
    pub network: Name,
    /// As it is attached.
    pub name: String,
    /// What becomes of it.
    pub fate: Fate,
}

/// What becomes of a container.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fate {
    /// It is plugged in again at once.
    Replugged,
    /// It stays unplugged.
    Unplugged,
}

/// An address that a device has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// Where.
    pub network: Name,
    /// Which.
    pub address: Ipv4Addr,
    /// The device's.
    pub mac: Option<Mac>,
    /// As the device calls itself.
    pub hostname: Option<String>,
    /// A `[[host]]` keeps it for the device.
    pub permanent: bool,
}

impl Living {
    /// A note about the container that a `[[host]]` names.
    pub fn of_container(&self, host: &Host) -> Option<&'static str> {
        let is_it = |one: &&Container| one.network == host.network && one.name == host.name.as_str();
        let found = self.containers.iter().find(is_it)?;
        Some(match found.fate {
            Fate::Replugged => ", unplugged for a moment",
            Fate::Unplugged => ", unplugged",
        })
    }

    /// A note about a device that learns of its address only when it renews.
    pub fn of_device(&self, before: &Config, old: Option<&Host>, new: &Host) -> Option<String> {
        let has = |lease: &&Lease| match old {
            Some(old) => lease.permanent && lease.network == old.network && lease.address == old.address,
            None => lease.network == new.network && is_by(lease, new.device.as_ref()),
        };
        let lease =
            self.leases.iter().find(has).filter(|lease| (&lease.network, lease.address) != (&new.network, new.address))?;
        let server = before.network(&lease.network).and_then(|network| network.dhcp.as_ref()).and_then(Dhcp::server);
        let latest = server.map(|server| format!(", {} at most", time(renews(server)))).unwrap_or_default();
        Some(format!(", the device keeps {} until it renews{latest}", lease.address))
    }

    /// A note about those whose address leaves the range.
    pub fn out_of_range(&self, network: &Name, old: &DhcpServer, new: &DhcpServer) -> String {
        let is_in = |server: &DhcpServer, address| (server.from..=server.to).contains(&address);
        let moves = |lease: &&Lease| {
            lease.network == *network && !lease.permanent && is_in(old, lease.address) && !is_in(new, lease.address)
        };
        let latest = time(renews(old));
        match self.leases.iter().filter(moves).count() {
            0 => String::new(),
            1 => format!(", 1 device keeps its address until it renews, {latest} at most"),
            count => format!(", {count} devices keep their addresses until they renew, {latest} at most"),
        }
    }
}

fn is_by(lease: &Lease, device: Option<&DeviceId>) -> bool {
    match device {
        Some(DeviceId::Mac(mac)) => lease.mac == Some(*mac),
        Some(DeviceId::Hostname(name)) => lease.hostname.as_ref() == Some(name),
        Some(DeviceId::ClientId(_)) | None => false,
    }
}

/// T1 (RFC 2131, 4.4.5).
fn renews(server: &DhcpServer) -> std::time::Duration {
    server.renew.unwrap_or(server.lease / 2)
}
