use super::router::Machine;
use edge_engine::Outcome;

/// `2 networks, 1 uplink, waiting for enp2s0`
pub fn summary(engine: &Machine) -> String {
    let (config, ledger) = (engine.in_force().config.clone(), engine.ledger());
    let mut summary = format!("{}, {}", count(config.networks.len(), "network"), count(config.uplinks.len(), "uplink"));
    for waiting in engine.condition().waiting {
        summary += &format!(", waiting for {}", waiting.device);
    }
    if ledger.open.is_some() {
        summary += ", NOT confirmed: see routerctl status";
    } else if ledger.decision.as_ref().is_some_and(|decision| decision.outcome != Outcome::Applied) {
        summary += ", NOT the configuration file: see routerctl status";
    }
    summary
}

fn count(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}
