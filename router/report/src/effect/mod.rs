//! What another configuration means, in words of the file, whether it touches the kernel or not.
//!
//! Each function takes what it compares apart without `..`, so that a key that is new in the file does not compile until it is told.

mod allow;
mod containers;
mod dhcp;
mod forward;
mod host;
mod living;
mod network;
mod option;
mod pairs;
mod system;
mod teller;
mod uplink;
mod value;

pub use living::{Container, Fate, Lease, Living};

use edge_api::{Action, FileEffect};
use edge_config::Config;
use edge_net::Name;
use std::collections::HashSet;
use teller::Teller;

/// What of the file says otherwise than what is in force. `living`: whom it interrupts.
pub fn effects(old: &Config, new: &Config, living: &Living) -> Vec<FileEffect> {
    let Config { system, namespace, drift, uplinks, networks, hosts, allows, forwards } = old;
    let mut teller = Teller::default();
    network::tell(networks, &new.networks, living, &mut teller);
    uplink::tell(uplinks, &new.uplinks, &mut teller);
    let told: HashSet<&Name> = host::tell(old, hosts, &new.hosts, living, &mut teller);
    containers::tell(living, &told, &mut teller);
    allow::tell(allows, &new.allows, &mut teller);
    forward::tell((hosts, forwards), (&new.hosts, &new.forwards), &mut teller);
    system::tell(system, &new.system, &mut teller);
    system::tell_router((namespace, *drift), (&new.namespace, new.drift), &mut teller);
    teller.effects
}

/// One of them as a line.
pub fn line(effect: &FileEffect) -> String {
    match &effect.name {
        Some(name) if effect.action == Action::Change => format!("{} {name}: {}", teller::word(&effect.kind), effect.text),
        _ => effect.text.clone(),
    }
}
