use serde::{Deserialize, Serialize};

/// A part of the file, as a network or an uplink, or what they have in common, with the verdict of each object of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// Which of these.
    pub kind: PartKind,
    /// Of a table of the file.
    pub name: Option<String>,
    /// What somebody who uses it notices, the worst first; empty when nothing becomes of it.
    pub effects: Vec<Effect>,
    /// Those that stay as they are too.
    pub objects: Vec<ObjectVerdict>,
}

/// What a part is, a word in JSON. A client shows tables that it has never heard of as the others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PartKind {
    /// The nftables tables.
    Policy,
    /// What no one table of the file has to itself: namespaces, settings, trunks.
    Box,
    /// A table of the file, by its word: `network` of a `[[network]]`, `uplink`.
    #[serde(untagged)]
    Table(String),
}

/// What somebody who uses it notices, the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Effect {
    /// It goes, with everything on it.
    Gone,
    /// Containers on it are unplugged, and plugged in again where it comes back.
    ContainersLoseLink,
    /// The devices behind a trunk or a port cannot be reached until it is in place again.
    DevicesCutOff,
    /// The router's address in it moves, changes or goes.
    GatewayLost,
    /// Flows through an uplink end.
    FlowsBreak,
    /// Flows end that the policy no longer allows; the others go on.
    DisallowedFlowsCut,
    /// There was nothing of it to interrupt.
    New,
    /// Nothing is interrupted.
    FlowsGoOn,
}

/// What an apply does to one object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObjectVerdict {
    /// `host`, or the namespace's name.
    pub space: String,
    /// What kind of thing and which: `bridge br0`, `address 10.0.1.3/24 on br0`.
    pub object: String,
    /// What becomes of it.
    pub verdict: Judgement,
    /// In words, a reason each.
    pub why: Vec<String>,
}

/// What becomes of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Judgement {
    /// It stays as it is.
    Unchanged,
    /// While it lives: nothing that hangs on it notices.
    ChangedLive,
    /// It is removed and made anew: what hangs on it notices.
    Recreated,
    /// It is made.
    Created,
    /// It is taken away.
    Removed,
    /// For a device that is not there.
    Waiting,
    /// Its name is taken by a link that is not ours.
    InConflict,
}

impl Judgement {
    /// Whether an apply touches the object.
    pub fn is_change(self) -> bool {
        matches!(self, Judgement::ChangedLive | Judgement::Recreated | Judgement::Created | Judgement::Removed)
    }
}
