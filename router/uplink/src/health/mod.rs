//! Whether an uplink carries anything.

mod judge;
mod watch;

pub use judge::{HealthVerdict, Judge, Sight};
pub use watch::{Plan, watch};
