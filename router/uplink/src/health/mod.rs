//! Whether an uplink carries anything.

mod judge;
mod watch;

pub use judge::{Judge, Sight, Verdict};
pub use watch::{Plan, watch};
