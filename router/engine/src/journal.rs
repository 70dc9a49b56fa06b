//! What is being changed and the way back, on disk before the first operation.
//!
//! The way back is the old configuration itself, not a list of inverse operations: brought about by the same comparison with the kernel
//! as any other, it holds too after half an operation and after a reboot, when the kernel is empty.

use crate::{Fingerprint, Moment, Outcome};
use edge_api::{Change, HistoryEntry};
use edge_plan::Op;
use serde::{Deserialize, Serialize};

/// A journal of another one is not read.
pub const VERSION: u32 = 1;
/// So many changes are written down for people; the rest is a number.
const MOST_CHANGES: usize = 500;

/// A configuration that was given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Text {
    /// What it is called: the file it came from.
    pub name: String,
    /// All of it.
    pub text: String,
}

/// A configuration that is or was in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// What it says.
    #[serde(flatten)]
    pub text: Text,
    /// Unix seconds, to be shown; nothing is decided by it.
    pub at: Option<u64>,
}

/// A configuration of the history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What it is.
    pub about: HistoryEntry,
    /// What it says.
    pub text: Text,
}

/// A transaction that is not over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Journal {
    /// [`VERSION`] of who wrote it.
    pub version: u32,
    /// How far it is.
    pub phase: Stage,
    /// What was to be done in the kernel, for people to read.
    pub changes: Vec<String>,
    /// What the configuration file was when this began.
    pub file: Fingerprint,
    /// What was confirmed last: the way back. `None`: nothing was ever in force.
    pub old: Option<Kept>,
    /// What is to be in force.
    pub new: Text,
    /// Which of the history that is.
    #[serde(default)]
    pub revert_to: Option<u64>,
}

/// How far a transaction is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// The kernel may be anywhere between the old and the new.
    Applying,
    /// The kernel is as the new wants it; somebody has to say so until that time of that boot.
    Confirming {
        /// See [`Moment`].
        boot: String,
        /// Milliseconds since that boot.
        deadline_ms: u64,
        /// Unix seconds.
        applied_at: u64,
    },
    /// On the way back.
    Reverting {
        /// What the decision about the new one will be.
        outcome: Outcome,
        /// Why it goes back, in full.
        because: String,
    },
}

impl Journal {
    /// As it begins. `changes`: see [`changes`].
    pub fn new(old: Option<Kept>, new: Text, changes: Vec<String>, file: Fingerprint) -> Self {
        Self { version: VERSION, phase: Stage::Applying, changes, file, old, new, revert_to: None }
    }

    /// Milliseconds left to confirm it in; `None` when nothing is to be confirmed, or not in this boot.
    pub fn left(&self, now: &Moment) -> Option<u64> {
        match &self.phase {
            Stage::Confirming { boot, deadline_ms, .. } if *boot == now.boot => Some(deadline_ms.saturating_sub(now.ms)),
            _ => None,
        }
    }
}

/// What is to be done in the kernel, for people to read; of very much the first part.
pub fn changes(ops: &[Op]) -> Vec<String> {
    let mut changes: Vec<String> = ops.iter().take(MOST_CHANGES).map(|op| in_words(&edge_report::change(op))).collect();
    if let Some(more @ 1..) = ops.len().checked_sub(MOST_CHANGES) {
        changes.push(format!("and {more} more"));
    }
    changes
}

fn in_words(change: &Change) -> String {
    let detail = change.detail.as_ref().map(|detail| format!(" {detail}")).unwrap_or_default();
    format!("{:?} {} in {}{detail}", change.action, change.object, change.space).to_lowercase()
}
