//! Containers: the one core behind every front (`routerctl attach`, Docker, CNI, netavark).
//!
//! A container is known by its name, from one life to the next: its address comes from the same store as the devices' leases,
//! and its MAC from its name. What is attached is written to the journal, `attachments.json`, before the answer goes out;
//! after a crash [`Attach::reconcile`] brings journal, leases and kernel together again.
//!
//! A front is a translation: from its engine's words to [`Request`] and [`DetachTarget`], and from [`Record`] and [`Error`]
//! back. It calls [`Attach::attach`] and [`Attach::detach`], or the steps of an [`AttachTransaction`] where its engine asks for
//! an address before there is a namespace.

#![warn(missing_docs)]

mod attach;
mod dhcp;
mod error;
mod foresee;
mod journal;
mod kernel;
mod mac;
mod needs;
mod place;
mod rebuild;
mod reconcile;
mod record;
mod records;
mod request;
mod stored;
mod transaction;
mod withdraw;

pub use attach::Attach;
pub use error::{Error, JournalError, NetnsError};
pub use foresee::Foreseen;
pub use kernel::KernelPlugs;
pub use needs::{Leases, NetnsId, Plugs, Port};
pub use place::Place;
pub use record::{Plugged, Record, State};
pub use request::{DetachTarget, EndpointName, Request};
pub use transaction::AttachTransaction;
