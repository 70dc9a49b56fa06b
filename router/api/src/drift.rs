use crate::{PartKind, Waiting};
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
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DriftedPart {
    pub kind: PartKind,
    /// Of the network or uplink.
    pub name: Option<String>,
    pub objects: Vec<DriftedObject>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DriftedObject {
    /// `host`, or the namespace's name.
    pub space: String,
    /// As in [`crate::ObjectVerdict`].
    pub object: String,
    pub drift: Drift,
    /// Of an altered one: what of it is otherwise.
    pub deviations: Vec<Deviation>,
    /// Of a missing one: the link it went with.
    pub with: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Drift {
    Missing,
    Altered,
    /// It carries our mark, and nothing that was applied asks for it.
    Extra,
    /// A link that is not ours has its name. An apply does not mend that.
    Taken,
}

/// `null`: not there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deviation {
    pub what: String,
    pub is: Option<String>,
    pub should_be: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForeignObject {
    pub space: String,
    /// `address 10.9.9.9/24`
    pub object: String,
    /// The link of ours it is on.
    pub link: String,
}
