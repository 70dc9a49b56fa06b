//! Who may open flows to whom: one list of [`Grant`]s, and what is read from it. The nftables table, the matrix, the sweep of flows
//! that lost their permission, the drawing and the name servers a network is told of: none of them reads the file's lines itself.
//!
//! Every node has, always: its own network; and what the router answers in it ([`inputs`]). Everything else needs an `[[allow]]` or a
//! `[[forward]]`.

mod collect;
mod grant;
pub mod inputs;
mod keeps;
mod label;
mod lookup;
mod matches;
mod name_servers;
mod places;
mod reach;

pub use collect::grants;
pub use grant::{Grant, Party, Why};
pub use inputs::{Input, Zone};
pub use keeps::Flow;
pub use label::Label;
pub use lookup::Policy;
pub use matches::{Match, Packet};
pub(crate) use places::Places;
pub use reach::Reach;
