//! The matrix of who may reach whom, with the reason, as `routerctl reachability` prints it.

use crate::policy::{Party, Policy, Reach};
use edge_config::{Config, Endpoint};
use edge_net::Name;
use std::fmt;

/// One cell of the matrix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    pub from: Label,
    pub to: Label,
    pub reach: Reach,
    pub why: String,
}

/// Who a row or column stands for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Label {
    /// Any node of the network that has no `[[host]]` entry.
    Network(Name),
    Host(Name),
    /// The router's address in the network.
    Router(Name),
    Uplink(Name),
}

impl Label {
    pub fn of(endpoint: &Endpoint) -> Self {
        match endpoint {
            Endpoint::Network(name) => Label::Network(name.clone()),
            Endpoint::Host(name) => Label::Host(name.clone()),
            Endpoint::Uplink(name) => Label::Uplink(name.clone()),
        }
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Label::Network(name) | Label::Host(name) | Label::Uplink(name) => f.pad(name.as_str()),
            Label::Router(name) => f.pad(&format!("router in {name}")),
        }
    }
}

/// Every pair of networks, hosts, router addresses and uplinks, in the order of the file; nobody is paired with itself.
pub fn reachability(config: &Config) -> Vec<Row> {
    let policy = Policy::of(config);
    let parties = parties(config);
    let pairs = parties.iter().flat_map(|from| parties.iter().map(move |to| (from, to)));
    pairs.filter(|(from, to)| from.0 != to.0).map(|(from, to)| row(policy, from, to)).collect()
}

fn parties(config: &Config) -> Vec<(Label, Party<'_>)> {
    let networks = config.networks.iter().map(|network| (Label::Network(network.name.clone()), Party::Node(network, None)));
    let routers = config.networks.iter().map(|network| (Label::Router(network.name.clone()), Party::Router(network)));
    let hosts = config.hosts.iter().filter_map(|host| {
        let network = config.network(&host.network)?;
        Some((Label::Host(host.name.clone()), Party::Node(network, Some(host.address))))
    });
    let uplinks = config.uplinks.iter().map(|uplink| (Label::Uplink(uplink.name.clone()), Party::Beyond(uplink)));
    networks.chain(hosts).chain(routers).chain(uplinks).collect()
}

fn row(policy: Policy, from: &(Label, Party), to: &(Label, Party)) -> Row {
    let reach = policy.reach(from.1, to.1);
    let why = match (from.1, to.1, &reach) {
        (Party::Router(_), ..) => "the router itself".to_owned(),
        (Party::Node(network, _), Party::Node(other, _), _) if network.name == other.name => "same network".to_owned(),
        (Party::Node(network, _), Party::Router(other), _) if network.name == other.name => "its own router".to_owned(),
        (Party::Node(..), Party::Router(_), _) => "the router answers in its own network only".to_owned(),
        (Party::Beyond(_), Party::Router(_), Reach::Nothing) => "not in ssh-from".to_owned(),
        (Party::Beyond(_), Party::Router(_), _) => "ssh-from".to_owned(),
        (_, _, Reach::Nothing) => format!("no [[allow]] from {} to {}", from.0, to.0),
        (Party::Beyond(_), Party::Node(..), _) => "[[forward]] or [[allow]]".to_owned(),
        _ => "[[allow]]".to_owned(),
    };
    Row { from: from.0.clone(), to: to.0.clone(), reach, why }
}
