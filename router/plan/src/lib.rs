//! [`Config`](edge_config::Config) → desired kernel [`State`], the [`Op`]s that lead there from what is observed, and the policy as data.
//!
//! Pure: no sockets, no clock, no files.

pub mod nft;
mod op;
mod state;

pub use op::Op;
pub use state::{Address, Link, LinkConf, LinkKind, Owner, Route, RpFilter, Space, SpaceState, State, Sysctl};
