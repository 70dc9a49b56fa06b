use serde::{Deserialize, Serialize};

/// Who may open a flow to whom.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reachability {
    /// Names and addresses, in the order a table shows them.
    pub nodes: Vec<String>,
    pub rows: Vec<ReachabilityRow>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReachabilityRow {
    pub from: String,
    pub to: String,
    pub reachable: bool,
    /// The line that allows it, or that none does.
    pub why: String,
}
