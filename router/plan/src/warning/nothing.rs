//! What comes to nothing.

use edge_config::{Config, Spot, UplinkAddress, Warning};

pub fn warnings(config: &Config) -> Vec<Warning> {
    [empty(config), ntp(config), no_gateway(config)].into_iter().flatten().collect()
}

fn empty(config: &Config) -> Option<Warning> {
    let help = "describe them in [[network]] and [[uplink]]";
    config.is_empty().then(|| Warning::new(Spot::default(), "it has nothing in it: no network, no uplink", help))
}

fn ntp(config: &Config) -> Option<Warning> {
    let at = Spot::default().key("system").key("ntp");
    let message = "`ntp` has no effect: this version does not set the clock by it";
    let help = "let the system's own time service ask these servers, or leave `ntp` out";
    (!config.system.ntp.is_empty()).then(|| Warning::new(at, message, help))
}

/// An uplink without one leads to its own subnet, which may be meant as long as another leads further.
fn no_gateway(config: &Config) -> Option<Warning> {
    let leads_further = config.uplinks.iter().any(super::standby::leads_further);
    let (first, others) = config.uplinks.split_first().filter(|_| !leads_further)?;
    let UplinkAddress::Static(interface) = first.address else { return None };
    let message = match others.len() {
        0 => {
            format!("`{}` has no `gateway`, and is the only uplink: nothing beyond {} is reached", first.name, interface.subnet())
        }
        _ => "no uplink has a `gateway`: nothing beyond their own subnets is reached".to_owned(),
    };
    let help = "write gateway = \"…\", the address of the next router in that subnet";
    Some(Warning::new(Spot::nth_of("uplink", 0).key("address"), message, help))
}
