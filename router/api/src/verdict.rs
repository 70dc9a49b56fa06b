use serde::{Deserialize, Serialize};

/// A network, an uplink, or what they have in common, with the verdict of each object of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    pub kind: PartKind,
    /// Of the network or uplink.
    pub name: Option<String>,
    /// What somebody who uses it notices, the worst first; empty when nothing becomes of it.
    pub effects: Vec<Effect>,
    pub objects: Vec<ObjectVerdict>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PartKind {
    Network,
    Uplink,
    /// The nftables tables.
    Policy,
    /// What no one network or uplink has to itself: namespaces, settings, trunks.
    Box,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Effect {
    Gone,
    ContainersLoseLink,
    DevicesCutOff,
    GatewayLost,
    FlowsBreak,
    DisallowedFlowsCut,
    New,
    FlowsGoOn,
}

/// What an apply does to one object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObjectVerdict {
    /// `host`, or the namespace's name.
    pub space: String,
    /// What kind of thing and which: `bridge br0`, `address 10.0.1.3/24 on br0`.
    pub object: String,
    pub verdict: Judgement,
    /// In words, a reason each.
    pub why: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Judgement {
    Unchanged,
    /// While it lives: nothing that hangs on it notices.
    ChangedLive,
    Recreated,
    Created,
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
