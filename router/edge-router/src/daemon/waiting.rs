use edge_api::Waiting;
use edge_config::Config;
use edge_net::IfName;
use edge_plan::Conflict;

/// Devices that are missing, with what in the file needs them.
pub fn waiting(config: &Config, missing: &[edge_plan::Waiting], conflicts: &[Conflict]) -> Vec<Waiting> {
    let users = |device: &IfName| {
        let uplinks = config.uplinks.iter().filter(|uplink| uplink.device == *device);
        let networks = config.networks.iter().filter(|network| {
            network.ports.contains(device) || network.tagged.as_ref().is_some_and(|tagged| tagged.trunk == *device)
        });
        let uplinks = uplinks.map(|uplink| format!("uplink {}", uplink.name));
        uplinks.chain(networks.map(|network| format!("network {}", network.name))).collect()
    };
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
