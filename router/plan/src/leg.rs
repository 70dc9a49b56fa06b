use edge_config::{Config, Network};
use edge_net::{AttachKind, IfName, derived};

/// The interface that carries the router's address in `network`: the bridge itself, or a veth leg where the
/// router lives in its own namespace or where containers hang on the bridge as macvlan or ipvlan children
/// (a child can never talk to its own parent).
pub fn gateway_link(config: &Config, network: &Network) -> IfName {
    if has_leg(config, network) { derived::leg(&network.name) } else { network.bridge }
}

pub(crate) fn has_leg(config: &Config, network: &Network) -> bool {
    config.namespace.is_some() || network.attach != AttachKind::Bridge
}
