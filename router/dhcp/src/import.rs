use crate::{Identity, LeaseState, lease::Lease};
use edge_net::{Mac, Name};
use std::{net::Ipv4Addr, time::SystemTime};

/// A lease of another server, or of this one on another box.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Import {
    pub network: Name,
    pub address: Ipv4Addr,
    /// A device's; with its option 61, if it sends one.
    pub mac: Option<Mac>,
    pub client_id: Option<Vec<u8>>,
    /// A container's name, instead.
    pub container: Option<String>,
    pub hostname: Option<String>,
    /// None: not leased now, kept for its owner.
    pub expires: Option<SystemTime>,
}

impl From<Lease> for Import {
    fn from(lease: Lease) -> Self {
        let (client_id, container) = match lease.identity {
            Identity::ClientId(id) | Identity::Cloned(id, _) => (Some(id.into_vec()), None),
            Identity::Container(name) => (None, Some(name)),
            Identity::Mac(_) => (None, None),
        };
        let expires = match lease.state {
            LeaseState::Bound { until } => Some(until),
            LeaseState::Held | LeaseState::Released { .. } | LeaseState::Expired { .. } => None,
        };
        let Lease { network, address, mac, hostname, .. } = lease;
        Self { network, address, mac, client_id, container, hostname, expires }
    }
}
