//! What somebody changed by hand in the kernel.

use super::{current::Current, status};
use edge_control::DriftReport;
use edge_plan::{State, Stranger, desired, diff, grouped, verdicts};

/// The kernel against what was applied.
pub fn report(current: &Current, observed: &State, strangers: &[Stranger]) -> DriftReport {
    let wanted = desired(&current.config, &current.facts);
    let found = diff(&wanted, observed);
    let groups = grouped(verdicts(&wanted, observed, &found), &current.config, &current.config);
    // A name that is taken is drift, and told as such.
    DriftReport::new(&groups, status::waiting(&current.config, &found.waiting, &[]), strangers)
}
