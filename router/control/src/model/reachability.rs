use edge_config::Config;
use edge_plan::policy::{Reach, Service};
use serde::{Deserialize, Serialize};

/// Who may open a flow to whom.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reachability {
    /// Names of networks, hosts and uplinks, and the router in each network, in the order of the configuration.
    pub nodes: Vec<String>,
    /// Every ordered pair of them.
    pub rows: Vec<ReachabilityRow>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReachabilityRow {
    pub from: String,
    pub to: String,
    pub reachable: bool,
    /// The only services that are: `icmp`, `tcp 443`, `udp 8000-8010`. Empty with `reachable`: everything.
    pub only: Vec<String>,
    /// What allows it, or that nothing does.
    pub why: String,
}

impl Reachability {
    /// What `config` says, whether it is applied or not.
    pub fn of(config: &Config) -> Self {
        let rows = edge_plan::reachability(config);
        let mut nodes: Vec<String> = Vec::new();
        // The rows come sorted by who asks, so that each of them is one run.
        for from in rows.iter().map(|row| row.from.to_string()) {
            if nodes.last() != Some(&from) {
                nodes.push(from);
            }
        }
        Self { nodes, rows: rows.into_iter().map(ReachabilityRow::from).collect() }
    }
}

impl From<edge_plan::Row> for ReachabilityRow {
    fn from(row: edge_plan::Row) -> Self {
        let only = match &row.reach {
            Reach::Only(services) => services.iter().map(Service::to_string).collect(),
            Reach::All | Reach::Nothing => Vec::new(),
        };
        Self { from: row.from.to_string(), to: row.to.to_string(), reachable: row.reach != Reach::Nothing, only, why: row.why }
    }
}
