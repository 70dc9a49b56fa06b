//! Reports: what the plan found, as the API tells it, and the API's answers as text. Pure.

mod change;
mod drift;
mod reachability;
pub mod render;
mod verdict;

pub use change::{change, plan};
pub use drift::{bounded, drift};
pub use reachability::reachability;
pub use verdict::part;
