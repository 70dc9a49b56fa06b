//! What is valid and hardly meant, and what others on the machine may spoil.

use edge_api::{Problem, Warning};
use edge_config::{Config, Diagnostics, Network};
use edge_net::IfName;
use edge_plan::{Space, State, Surroundings};

/// Of a file that is valid, with their places.
pub fn of_file(config: &Config, file_name: &str, text: &str) -> Vec<Warning> {
    let found = Diagnostics::of_warnings(file_name, text, &edge_plan::warnings(config));
    let told = found.iter().flat_map(Diagnostics::iter).map(|one| Warning {
        place: Some(format!("{file_name}:{}:{}", one.line, one.column)),
        message: one.message,
        help: one.help,
    });
    told.collect()
}

/// Chains of others that may drop what the policy lets through.
pub fn of_droppers(config: &Config, surroundings: &Surroundings) -> Vec<Warning> {
    let Some(network) = config.networks.first() else { return Vec::new() };
    let told = |message, help| Warning { place: None, message, help: Some(help) };
    let droppers = surroundings.droppers.iter().map(|dropper| {
        let how = if dropper.by_policy { "by its policy" } else { "by its last rule" };
        let message = format!("{dropper}, of another program, sees what crosses here too and drops {how} what it does not accept");
        let bridge = &network.bridge;
        let help = format!(
            "let it accept what comes from and goes to our bridges (Docker: iptables -I DOCKER-USER -i {bridge} -j ACCEPT, and -o \
             {bridge}), or give the router a namespace of its own: [router] namespace"
        );
        told(message, help)
    });
    let old = surroundings.old_iptables.then(|| {
        let message =
            "the older iptables has filter rules here, which cannot be looked into: they may drop what crosses".to_owned();
        told(message, "iptables-legacy -S FORWARD shows them".to_owned())
    });
    droppers.chain(old).collect()
}

/// Devices of nobody's that are in a subnet of ours.
pub fn of_clashes(config: &Config, surroundings: &Surroundings, observed: &State, space: &Space) -> Vec<Problem> {
    let told = |(device, address, network): (_, _, &Network)| Problem {
        what: format!(
            "{device} ({address}), which the file does not name, is in the subnet of network {} ({})",
            network.name,
            network.address.subnet()
        ),
        why: Some(format!(
            "what is meant for {} may go to {device}: give one of the two another subnet, or take the address away",
            network.name
        )),
    };
    surroundings.in_our_subnets(config, observed, space).into_iter().map(told).collect()
}

/// Whether a network has two ways out of its bridge, which can lead to one switch.
pub fn may_loop(config: &Config) -> bool {
    config.networks.iter().any(|network| network.bridge_ports().nth(1).is_some())
}

/// Pairs of ports between which frames go round.
pub fn of_loops(config: &Config, pairs: &[(IfName, IfName)]) -> Vec<Problem> {
    let told = |(one, other): &(IfName, IfName)| {
        let network = config.networks.iter().find(|network| network.bridge_ports().any(|port| port == *one))?;
        let why = "what one of them sends comes back by the other, without end: take one of the two cables out";
        let what = format!("{one} and {other} of network {} are in one switch: a loop", network.name);
        Some(Problem { what, why: Some(why.to_owned()) })
    };
    pairs.iter().filter_map(told).collect()
}

/// As a plan has it, of what is not so yet.
pub fn foreseen(problem: Problem) -> Warning {
    Warning { place: None, message: problem.what, help: problem.why }
}
