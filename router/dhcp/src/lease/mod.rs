//! Who has which address: [`Lease`] as it is shown, and the table it comes from.

mod binding;
mod identity;
pub(crate) mod mac;
pub(crate) mod name;
mod offers;
mod owners;
mod probed;
mod resting;
mod table;
mod unused;

use edge_net::{Mac, Name};
use std::{net::Ipv4Addr, time::SystemTime};

pub(crate) use binding::{Binding, Change, Secs, State};
pub use identity::Identity;
pub(crate) use offers::Offer;
use offers::Offers;
use owners::{Bindings, Owners};
use probed::Probed;
use resting::Resting;
pub(crate) use table::Table;
use unused::Unused;

/// One binding as `routerctl leases` shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    pub network: Name,
    pub address: Ipv4Addr,
    pub identity: Identity,
    /// The device's; a container's is not known here.
    pub mac: Option<Mac>,
    /// The reservation's name, else the host name the device sent, cleaned to letters, digits and hyphens; a
    /// container's own name.
    pub name: Option<String>,
    /// What the device calls itself, cleaned in the same way.
    pub hostname: Option<String>,
    pub kind: LeaseKind,
    pub state: LeaseState,
    /// Reserved by a `[[host]]`.
    pub permanent: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeaseKind {
    Device,
    Container,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeaseState {
    /// A device's lease, good until then.
    Bound { until: SystemTime },
    /// A container's address, for as long as it is attached.
    Held,
    /// Given back; kept for its owner until somebody else needs it.
    Released { since: SystemTime },
    /// Ran out; kept like a released one.
    Expired { since: SystemTime },
}
