use crate::{FileEffect, Guarded, Part, UnnamedDevices, Waiting, Warning, Which};
use serde::{Deserialize, Serialize};

/// Asks for a plan; without `config` of the daemon's own configuration file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConfigRequest {
    /// `null`: the daemon's own configuration file.
    #[serde(default)]
    pub config: Option<ConfigText>,
}

/// A configuration file as it was read; not parsed yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConfigText {
    /// What diagnostics call it.
    pub file_name: String,
    /// TOML, whole.
    pub text: String,
}

/// What an apply would do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanReport {
    /// In the order an apply would make them.
    pub changes: Vec<Change>,
    /// The configuration means what is in force, and the kernel is as it says.
    pub nothing_to_change: bool,
    /// What the configuration brings that is not in force.
    #[serde(default)]
    pub effects: Vec<FileEffect>,
    /// The configuration means what is in force, in other words: comments, order or spelling differ.
    #[serde(default)]
    pub only_spelling: bool,
    /// The verdict of each object, those that stay as they are too.
    #[serde(default)]
    pub parts: Vec<Part>,
    /// How many objects stay as they are.
    #[serde(default)]
    pub unchanged: u32,
    /// Devices the configuration needs and that are not there.
    pub waiting: Vec<Waiting>,
    /// What is hardly meant, or may be spoiled by what others have on the machine.
    #[serde(default)]
    pub warnings: Vec<Warning>,
    /// Devices that the configuration does not name; `null`: there is none.
    #[serde(default)]
    pub unnamed: Option<UnnamedDevices>,
    /// What an apply of it asks `confirm_within` or `force` for; `null`: for nothing.
    #[serde(default)]
    pub guarded: Option<Guarded>,
}

/// What an apply did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApplyReport {
    /// Changes made in the kernel; 0 when everything was already so.
    pub writes: u32,
    /// In the order they were made.
    pub changes: Vec<Change>,
    /// What it brought that was not in force before.
    #[serde(default)]
    pub effects: Vec<FileEffect>,
    /// What is in force means the same as before, in other words: comments, order or spelling differ.
    #[serde(default)]
    pub only_spelling: bool,
    /// Devices the configuration needs and that are not there.
    pub waiting: Vec<Waiting>,
    /// What is hardly meant in it.
    #[serde(default)]
    pub warnings: Vec<Warning>,
    /// Milliseconds.
    pub took_ms: u64,
    /// What is in force now is called so: the file it came from.
    #[serde(default)]
    pub in_force: String,
    /// Seconds left to confirm it in; `null`: it stays.
    #[serde(default)]
    pub confirm_within: Option<u32>,
    /// The same as `in_force`, with its number and time.
    #[serde(default)]
    pub now: Option<Which>,
    /// Where `routerctl revert` leads; within `confirm_within`, what comes back by itself.
    #[serde(default)]
    pub before: Option<Which>,
}

/// One change of the kernel, for people to read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// What becomes of the object.
    pub action: Action,
    /// `host`, or the namespace's name.
    pub space: String,
    /// What kind of thing and which: `bridge br0`, `address 10.0.1.3/24`.
    pub object: String,
    /// What of it is set or altered, in words.
    pub detail: Option<String>,
}

/// What becomes of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// It is made.
    Add,
    /// It is altered while it stays.
    Change,
    /// It is taken away.
    Remove,
}
