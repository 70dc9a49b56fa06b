//! The tables of the file that have links to themselves, each described once: whose a link is, what needs a device, and what somebody
//! who uses it notices. What asks for that knows no table by its name.

use crate::Effect;
use edge_config::{Config, Network, Uplink};
use edge_net::{AttachKind, IfName, derived};
use std::{collections::HashMap, fmt};

/// Which table of the file; `Display` is how people read it, `network vehicle`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PartId {
    /// As the file calls it, `network` of a `[[network]]`.
    pub word: &'static str,
    /// As it is named there.
    pub name: String,
}

/// What there is to know of one.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    pub id: PartId,
    /// Its links. Of several parts that name a link the first has it.
    pub links: Vec<IfName>,
    /// The devices without which it is not whole.
    needs: Vec<IfName>,
    /// What goes with an address or a route of its.
    pub breaks: Effect,
    /// What goes with a device that it lets go.
    pub cuts_off: Effect,
    /// How containers hang on it.
    pub attach: Option<AttachKind>,
}

/// Every kind of them, in the order in which people read of them.
pub(crate) const KINDS: [fn(&Config) -> Vec<Part>; 2] =
    [|config| config.networks.iter().map(network).collect(), |config| config.uplinks.iter().map(uplink).collect()];

fn network(network: &Network) -> Part {
    let vlan = network.tagged.iter().map(|tagged| derived::vlan(&tagged.trunk, tagged.vlan));
    let trunk = network.tagged.iter().map(|tagged| tagged.trunk);
    let legs = [network.bridge, derived::leg(&network.name), derived::leg_port(&network.name)];
    Part {
        id: PartId { word: "network", name: network.name.to_string() },
        links: legs.into_iter().chain(vlan).chain(network.ports.clone()).collect(),
        needs: network.ports.iter().cloned().chain(trunk).collect(),
        breaks: Effect::GatewayLost,
        cuts_off: Effect::DevicesCutOff,
        attach: Some(network.attach),
    }
}

fn uplink(uplink: &Uplink) -> Part {
    Part {
        id: PartId { word: "uplink", name: uplink.name.to_string() },
        links: vec![uplink.ifname(), uplink.device],
        needs: vec![uplink.device],
        breaks: Effect::FlowsBreak,
        cuts_off: Effect::FlowsBreak,
        attach: None,
    }
}

/// What of the file cannot do without each device: the ways out first.
pub fn needed_by(config: &Config) -> HashMap<IfName, Vec<PartId>> {
    let mut needed: HashMap<IfName, Vec<PartId>> = HashMap::new();
    for part in KINDS.iter().rev().flat_map(|of_kind| of_kind(config)) {
        for device in part.needs {
            let by = needed.entry(device).or_default();
            if by.last() != Some(&part.id) {
                by.push(part.id.clone());
            }
        }
    }
    needed
}

impl fmt::Display for PartId {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{} {}", self.word, self.name)
    }
}
