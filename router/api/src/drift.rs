use crate::{FileEffect, PartKind, Waiting};
use serde::{Deserialize, Serialize};

/// The kernel against what was applied.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DriftReport {
    /// How many objects are not as they were applied; `routerctl apply` mends them.
    pub drifted: u32,
    /// Those that have drifted objects.
    pub parts: Vec<DriftedPart>,
    /// Devices that are not there: what hangs on them has not drifted, it waits.
    pub waiting: Vec<Waiting>,
    /// What others have put on links of ours; it is left alone.
    pub foreign: Vec<ForeignObject>,
    /// What the configuration file brings that is not in force, left out where that is nothing. It is no drift.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pending: Vec<FileEffect>,
}

/// A network, an uplink, or what they have in common.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DriftedPart {
    /// Which of these.
    pub kind: PartKind,
    /// Of a table of the file.
    pub name: Option<String>,
    /// Those that are not as they were applied.
    pub objects: Vec<DriftedObject>,
}

/// One object that is not as it was applied.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DriftedObject {
    /// `host`, or the namespace's name.
    pub space: String,
    /// As in [`crate::ObjectVerdict`].
    pub object: String,
    /// In what way.
    pub drift: Drift,
    /// Of an altered one: what of it is otherwise.
    pub deviations: Vec<Deviation>,
    /// Of a missing one: the link it went with.
    pub with: Option<String>,
}

/// In what way an object is not as it was applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Drift {
    /// It was applied, and is gone.
    Missing,
    /// It is there, and otherwise.
    Altered,
    /// It carries our mark, and nothing that was applied asks for it.
    Extra,
    /// A link that is not ours has its name. An apply does not mend that.
    Taken,
}

/// `null`: not there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deviation {
    /// The attribute.
    pub what: String,
    /// What the kernel has.
    pub is: Option<String>,
    /// What was applied.
    pub should_be: Option<String>,
}

/// What is not ours on a link of ours.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForeignObject {
    /// `host`, or the namespace's name.
    pub space: String,
    /// `address 10.9.9.9/24`
    pub object: String,
    /// The link of ours it is on.
    pub link: String,
}
