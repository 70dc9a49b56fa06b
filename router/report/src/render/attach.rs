use super::text::wrap;
use edge_api::{Attached, Detached};

/// `container1 is 10.0.1.4/24 in vehicle (eth0, 02:…, gateway 10.0.1.3)`
pub fn attached(attached: &Attached) -> String {
    let Attached { name, address, network, ifname, mac, gateway, .. } = attached;
    wrap("", &format!("{name} is {address} in {network} ({ifname}, {mac}, gateway {gateway})"))
}

pub fn detached(detached: &Detached) -> String {
    if detached.detached.is_empty() {
        return "it was not attached\n".to_owned();
    }
    detached
        .detached
        .iter()
        .map(|one| wrap("", &format!("{} left {}; {} is kept for it", one.name, one.network, one.address)))
        .collect()
}
