//! The matrix of who may reach whom, with the reason, as `routerctl reachability` prints it.

use crate::{
    Facts,
    policy::{Label, Party, Policy, Reach},
};
use edge_config::Config;

/// One cell of the matrix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Who opens.
    pub from: Label,
    /// To whom.
    pub to: Label,
    /// Whether it may, and what.
    pub reach: Reach,
    /// In words: the line of the file that says so, or what is missing.
    pub why: String,
}

/// Every pair of networks, hosts, router addresses and uplinks, in the order of the file; nobody is paired with itself.
pub fn reachability(config: &Config, facts: &Facts) -> Vec<Row> {
    let policy = Policy::of(config, facts);
    let parties = parties(config);
    let pairs = parties.iter().flat_map(|from| parties.iter().map(move |to| (from, to)));
    pairs.filter(|(from, to)| from.0 != to.0).map(|(from, to)| row(&policy, from, to)).collect()
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

fn row<'a>(policy: &Policy<'a>, from: &(Label, Party<'a>), to: &(Label, Party<'a>)) -> Row {
    let reach = policy.reach(from.1, to.1);
    let why = match (from.1, to.1, &reach) {
        (Party::Router(_), ..) => "the router itself".to_owned(),
        (Party::Node(..), Party::Router(_), Reach::Nothing) => "the router answers in its own network only".to_owned(),
        (_, Party::Router(_), Reach::Nothing) => "not in ssh-from".to_owned(),
        (_, _, Reach::Nothing) => format!("no [[allow]] from {} to {}", from.0, to.0),
        _ => reasons(policy, from.1, to.1),
    };
    Row { from: from.0.clone(), to: to.0.clone(), reach, why }
}

/// What grants it, each once.
fn reasons<'a>(policy: &Policy<'a>, from: Party<'a>, to: Party<'a>) -> String {
    let mut reasons: Vec<String> = Vec::new();
    for reason in policy.between(from, to).map(|grant| grant.why.to_string()) {
        if !reasons.contains(&reason) {
            reasons.push(reason);
        }
    }
    reasons.join(", ")
}
