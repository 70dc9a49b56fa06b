use serde::{Deserialize, Serialize};

/// What is as the configuration says, and hardly meant; or what something else on the machine may spoil.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Warning {
    /// `edge-router.toml:12:8`; `null`: it is not in the file.
    pub place: Option<String>,
    /// What comes of it, in one sentence.
    pub message: String,
    /// How to mend it.
    pub help: Option<String>,
}
