use edge_api::Waiting;
use edge_config::Config;
use edge_net::IfName;
use edge_plan::{Conflict, needed_by};

/// Devices that are missing, with what in the file needs them.
pub fn waiting(config: &Config, missing: &[edge_plan::Waiting], conflicts: &[Conflict]) -> Vec<Waiting> {
    let needed = needed_by(config);
    let users = |device: &IfName| needed.get(device).into_iter().flatten().map(ToString::to_string).collect();
    let missing = missing.iter().map(|missing| Waiting {
        device: missing.device.to_string(),
        needed_by: users(&missing.device),
        why: Some("no such device; it is plugged in when it appears".to_owned()),
    });
    let taken = conflicts.iter().map(|conflict| Waiting {
        device: conflict.name.to_string(),
        needed_by: users(&conflict.name),
        why: Some("a link of this name is there and was not made by us".to_owned()),
    });
    missing.chain(taken).collect()
}
