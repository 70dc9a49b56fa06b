//! Reports: what the plan found, as the API tells it, and the API's answers as text. Pure.

mod change;
mod drift;
mod effect;
mod history;
mod put_back;
mod reachability;
pub mod render;
mod unnamed;
mod verdict;
pub mod warning;

pub use change::{change, plan};
pub use drift::{bounded, drift};
pub use effect::{Container, Fate, Lease, Living, effects, line};
pub use history::{history, unified};
pub use put_back::put_back;
pub use reachability::reachability;
pub use unnamed::unnamed;
pub use verdict::part;
