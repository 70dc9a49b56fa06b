use crate::{Action, PartKind};
use serde::{Deserialize, Serialize};

/// What another configuration brings, in words of the file: of a key that has another value, or of a table that comes or goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileEffect {
    /// Which table of the file, by its word: `network`, `host`, `allow`, `system`.
    pub kind: PartKind,
    /// Of a table that has one.
    pub name: Option<String>,
    /// Whether it comes, is otherwise, or goes.
    pub action: Action,
    /// Which key has another value; `null`: it is about the whole table.
    pub key: Option<String>,
    /// For people to read: of a change `lease 12h -> 1h`, else a whole sentence. A secret is told as `(changed)`.
    pub text: String,
}
