use edge_config::{Config, Network, Uplink};
use edge_net::{AttachKind, IfName, derived};

/// The interface that carries the router's address in `network`: the bridge itself, or a veth leg where the
/// router lives in its own namespace or where containers hang on the bridge as macvlan or ipvlan children
/// (a child can never talk to its own parent).
pub fn gateway_link(config: &Config, network: &Network) -> IfName {
    if has_leg(config, network) { derived::leg(&network.name) } else { network.bridge }
}

/// What a link of the router's leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leg<'a> {
    /// Its gateway.
    Network(&'a Network),
    /// The way out by it.
    Uplink(&'a Uplink),
}

/// Whose leg a link of the router's space is; `None`: nobody's of this configuration.
pub fn leg_of<'a>(config: &'a Config, link: &IfName) -> Option<Leg<'a>> {
    let network = config.networks.iter().find(|network| gateway_link(config, network) == *link);
    let uplink = || config.uplinks.iter().find(|uplink| uplink.ifname() == *link);
    network.map(Leg::Network).or_else(|| uplink().map(Leg::Uplink))
}

pub(crate) fn has_leg(config: &Config, network: &Network) -> bool {
    config.namespace.is_some() || network.attach != AttachKind::Bridge
}
