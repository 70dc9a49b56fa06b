use serde::{Deserialize, Serialize};

/// What the configuration file is: a hash of what it holds, or why it cannot be read. Two that are alike need not be tried twice.
pub type Fingerprint = String;

/// What came of a configuration. It holds until the file is another one, over restarts and reboots.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// What came of it.
    pub outcome: Outcome,
    /// What was decided upon is called so: the file it came from.
    pub about: String,
    /// Why it is not in force, in full.
    pub reason: Option<String>,
    /// The configuration file at that time.
    pub file: Fingerprint,
    /// What is in force since then is called so; `None`: nothing is.
    pub in_force: Option<String>,
    /// Unix seconds, when what is in force was applied.
    pub applied_at: Option<u64>,
    /// What was in force before is called so.
    pub before: Option<String>,
}

/// What can come of a configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It is in force.
    Applied,
    /// It is not valid, or the kernel does not take it.
    Refused,
    /// Somebody said `routerctl revert`.
    Reverted,
    /// Nobody confirmed it in time.
    Unconfirmed,
    /// The daemon or the power went while it was being applied.
    Interrupted,
}

impl Outcome {
    /// Why it is not in force.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Applied => "was applied",
            Self::Refused => "was refused",
            Self::Reverted => "was reverted by routerctl revert",
            Self::Unconfirmed => "was not confirmed in time",
            Self::Interrupted => "was interrupted while it was being applied",
        }
    }
}
