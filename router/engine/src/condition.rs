use crate::Fights;
use edge_plan::{Conflict, Waiting};

/// How the kernel stands to what is in force, by the last attempt to bring it there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Condition {
    /// Devices that are not there.
    pub waiting: Vec<Waiting>,
    /// Names taken by links that are not ours.
    pub conflicts: Vec<Conflict>,
    /// Why the kernel is not what is in force.
    pub failed: Option<String>,
    /// Settings that something else writes too.
    pub fights: Fights,
}
