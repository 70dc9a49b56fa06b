//! The answers as text: pure, nothing wider than [`WIDTH`], what is wrong first, colour only when asked for.

mod attach;
mod change;
mod confirm;
mod drift;
mod failure;
mod history;
mod node;
mod reachability;
mod status;
mod table;
mod text;
mod time;
mod unnamed;
mod verdict;
mod warning;

pub use attach::{attached, detached};
pub use change::{apply, plan};
pub use confirm::{confirmed, reverted};
pub use drift::diff;
pub use failure::failure;
pub use history::{history, history_diff, history_text, which};
pub use node::{imported, leases};
pub use reachability::reachability;
pub use status::status;
pub(crate) use text::cut;
pub use time::clock;

/// Columns of the narrowest terminal people still use with two panes side by side.
pub const WIDTH: usize = 100;
