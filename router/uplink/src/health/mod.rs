//! Whether an uplink carries anything.

mod judge;
mod watch;

pub use judge::{HealthVerdict, Judge, ProbeResult};
pub use watch::{ProbeConf, watch};
