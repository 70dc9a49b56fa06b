use serde::{Deserialize, Serialize};

/// Who may open a flow to whom.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reachability {
    /// Names of networks, hosts and uplinks, and the router in each network, in the order of the configuration.
    pub nodes: Vec<String>,
    /// Every ordered pair of them.
    pub rows: Vec<ReachabilityRow>,
}

/// Whether one node may open flows to another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReachabilityRow {
    /// Who opens.
    pub from: String,
    /// Whom it is opened to.
    pub to: String,
    /// At least one service is.
    pub reachable: bool,
    /// The only services that are: `icmp`, `tcp 443`, `udp 8000-8010`. Empty with `reachable`: everything.
    pub only: Vec<String>,
    /// What allows it, or that nothing does.
    pub why: String,
}
