use edge_api::{Reachability, ReachabilityRow};
use edge_config::Config;
use edge_plan::{Facts, Reach};

/// What `config` says, whether it is applied or not, and what services listen to.
pub fn reachability(config: &Config, facts: &Facts) -> Reachability {
    let rows = edge_plan::reachability(config, facts);
    let mut nodes: Vec<String> = Vec::new();
    // The rows come sorted by who asks, so that each of them is one run.
    for from in rows.iter().map(|row| row.from.to_string()) {
        if nodes.last() != Some(&from) {
            nodes.push(from);
        }
    }
    Reachability { nodes, rows: rows.into_iter().map(row).collect() }
}

fn row(row: edge_plan::Row) -> ReachabilityRow {
    ReachabilityRow {
        from: row.from.to_string(),
        to: row.to.to_string(),
        reachable: row.reach != Reach::Nothing,
        only: row.reach.services(),
        why: row.why,
    }
}
