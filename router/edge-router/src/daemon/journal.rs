//! What is being changed and the way back, on disk before the first operation.
//!
//! The way back is the old configuration itself, not a list of inverse operations: brought about by the same comparison with the kernel
//! as any other, it holds too after half an operation and after a reboot, when the kernel is empty.

use super::{boot::Moment, decision::Outcome};
use edge_api::Change;
use edge_plan::Op;
use serde::{Deserialize, Serialize};

pub const VERSION: u32 = 1;
/// So many changes are written down for people; the rest is a number.
const MOST_CHANGES: usize = 500;

/// A configuration that was given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Text {
    /// What it is called: the file it came from.
    pub name: String,
    pub text: String,
}

/// A configuration that is or was in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    #[serde(flatten)]
    pub text: Text,
    /// Unix seconds, to be shown; nothing is decided by it.
    pub at: Option<u64>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Journal {
    pub version: u32,
    pub phase: Phase,
    /// What was to be done in the kernel, for people to read.
    pub changes: Vec<String>,
    /// What the configuration file was when this began, see [`Fingerprint`](super::decision::Fingerprint).
    pub file: String,
    /// What was confirmed last: the way back. `None`: nothing was ever in force.
    pub old: Option<Kept>,
    pub new: Text,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// The kernel may be anywhere between the old and the new.
    Applying,
    /// The kernel is as the new wants it; somebody has to say so until that time of that boot.
    Confirming { boot: String, deadline_ms: u64, applied_at: u64 },
    /// On the way back.
    Reverting { outcome: Outcome, because: String },
}

impl Journal {
    pub fn new(old: Option<Kept>, new: Text, ops: &[Op], file: String) -> Self {
        let mut changes: Vec<String> = ops.iter().take(MOST_CHANGES).map(|op| in_words(&edge_report::change(op))).collect();
        if let Some(more @ 1..) = ops.len().checked_sub(MOST_CHANGES) {
            changes.push(format!("and {more} more"));
        }
        Self { version: VERSION, phase: Phase::Applying, changes, file, old, new }
    }

    /// Milliseconds left to confirm it in; `None` when nothing is to be confirmed, or not in this boot.
    pub fn left(&self, now: &Moment) -> Option<u64> {
        match &self.phase {
            Phase::Confirming { boot, deadline_ms, .. } if *boot == now.boot => Some(deadline_ms.saturating_sub(now.ms)),
            _ => None,
        }
    }
}

fn in_words(change: &Change) -> String {
    let detail = change.detail.as_ref().map(|detail| format!(" {detail}")).unwrap_or_default();
    format!("{:?} {} in {}{detail}", change.action, change.object, change.space).to_lowercase()
}
