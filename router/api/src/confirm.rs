use crate::ConfigText;
use serde::{Deserialize, Serialize};

/// Asks for an apply; without `config` of the daemon's own configuration file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApplyRequest {
    /// `null`: the daemon's own configuration file.
    #[serde(default)]
    pub config: Option<ConfigText>,
    /// Seconds, of [`CONFIRM_WITHIN`]: what was confirmed last comes back by itself unless [`Confirmed`] is asked for in that time.
    #[serde(default)]
    pub confirm_within: Option<u32>,
    /// Also where it ends ssh sessions, or leaves neither network nor uplink.
    #[serde(default)]
    pub force: bool,
}

/// Asks to go back.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RevertRequest {
    /// Of the history; `null`: to what was confirmed last, or the one before.
    #[serde(default)]
    pub to: Option<u64>,
    /// As in [`ApplyRequest::confirm_within`]; only beside `to`.
    #[serde(default)]
    pub confirm_within: Option<u32>,
    /// As in [`ApplyRequest::force`]. Within the time of [`ApplyRequest::confirm_within`] it is not asked for.
    #[serde(default)]
    pub force: bool,
}

/// Seconds an apply may wait for its confirmation: time enough for a hand to type it, and over before anybody has forgotten it.
pub const CONFIRM_WITHIN: std::ops::RangeInclusive<u32> = 5..=86_400;

/// The configuration in force stays.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confirmed {
    /// What it is called: the file it came from.
    pub name: String,
    /// Seconds that were left.
    pub left: u32,
}
