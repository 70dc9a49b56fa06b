//! Containers: the one core behind every front (`routerctl attach`, Docker, CNI, netavark).
//!
//! A container is known by its name, from one life to the next: its address comes from the same store as the devices' leases,
//! and its MAC from its name. What is attached is written to the journal, `attachments.json`, before the answer goes out;
//! after a crash [`Attach::reconcile`] brings journal, leases and kernel together again.

mod answer;
mod attach;
mod dhcp;
mod error;
mod journal;
mod kernel;
mod mac;
mod needs;
mod part;
mod reconcile;
mod record;
mod request;

pub use attach::Attach;
pub use error::{Error, JournalError};
pub use kernel::KernelPlugs;
pub use needs::{Leases, NetnsId, Plugs, Port};
pub use record::Record;
pub use request::{EndpointName, Request};
