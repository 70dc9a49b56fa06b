//! Devices that the file does not name.

use crate::{
    Facts, Space,
    leg::{gateway_link, has_leg},
    nft::{Field, Rule, Set, build::*},
    router_space,
};
use edge_config::{Config, Unnamed as Setting, Uplink};
use edge_net::{IfName, derived};
use std::collections::BTreeSet;

const NAMED: &str = "named";

/// What becomes of their traffic at the end of a chain. `None`: as of all other that no line allows.
pub struct Unnamed {
    /// What is not among these may pass.
    named: Option<BTreeSet<IfName>>,
    /// Also through the machine: without us it forwards them.
    through: bool,
}

impl Unnamed {
    /// In a namespace of its own the router has no such devices.
    pub fn of(config: &Config, facts: &Facts, space: &Space) -> Self {
        let is_untouched = facts.unnamed(config) == Setting::Untouched && *space == Space::Host;
        // In a namespace of its own the router leaves the host's forwarding alone.
        let through = facts.was_gateway || router_space(config) != Space::Host;
        Self { named: is_untouched.then(|| named(config)), through }
    }

    /// `iifname @named`, or all of them.
    pub fn came_by_named(&self) -> Piece {
        self.named.as_ref().map_or(Piece::new(), |_| in_set(&[Source::Iifname], NAMED))
    }

    /// `to_inside`: what drops packets to addresses that are of a network or an uplink.
    pub fn input(&self, mut rules: Vec<Rule>, to_inside: Vec<Rule>) -> Vec<Rule> {
        rules.push(rule([self.came_by_named(), counter(), drop()]).commented(CLOSED));
        if self.named.is_some() {
            rules.extend(to_inside);
            rules.push(rule([accept()]));
        }
        rules
    }

    pub fn forward(&self, mut rules: Vec<Rule>) -> Vec<Rule> {
        if self.named.is_none() || !self.through {
            rules.push(rule([counter(), drop()]).commented(CLOSED));
            return rules;
        }
        rules.push(rule([self.came_by_named(), counter(), drop()]).commented(CLOSED));
        rules.push(rule([in_set(&[Source::Oifname], NAMED), counter(), drop()]).commented(CLOSED));
        rules.push(rule([accept()]));
        rules
    }

    pub fn set(&self) -> Option<Set> {
        let elements = self.named.as_ref()?.iter().map(|name| (key(&[Value::IfName(name)]), None)).collect();
        Some(Set { name: NAMED.to_owned(), fields: vec![Field::IfName], verdicts: false, dynamic: None, elements })
    }
}

/// The policy of a base chain comes into force a moment after its rules when a table is made anew; a rule closes that gap.
const CLOSED: &str = "no line allows it";

/// Every link of the host's own space that the file names, or that is made of what it names.
pub fn named(config: &Config) -> BTreeSet<IfName> {
    let is_here = router_space(config) == Space::Host;
    let of_network = config.networks.iter().flat_map(|network| {
        let trunk = network.tagged.iter().map(|tagged| tagged.trunk);
        let leg = has_leg(config, network).then(|| derived::leg_port(&network.name));
        let gateway = is_here.then(|| gateway_link(config, network));
        trunk.chain(network.bridge_ports()).chain(leg).chain(gateway).chain([network.bridge])
    });
    let uplink = |uplink: &Uplink| [Some(uplink.device), is_here.then(|| uplink.ifname())];
    of_network.chain(config.uplinks.iter().flat_map(uplink).flatten()).collect()
}
