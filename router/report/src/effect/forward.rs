use super::{
    pairs::{Pair, pairs},
    teller::Teller,
};
use edge_api::Action;
use edge_config::{Forward, Host};
use edge_net::Name;
use std::{collections::HashMap, net::Ipv4Addr};

/// Who has which address.
type Names<'a> = HashMap<Ipv4Addr, &'a Name>;

/// Forwards, with the hosts that they may lead to. A port is known by where it comes in.
pub fn tell(old: (&[Host], &[Forward]), new: (&[Host], &[Forward]), teller: &mut Teller) {
    let (were, are) = (names(old.0), names(new.0));
    for pair in pairs(old.1, new.1, |forward| (&forward.uplink, forward.protocol, forward.port)) {
        let (action, text) = match pair {
            Pair::New(forward) => (Action::Add, format!("{} now leads to {}", port(forward), target(forward, &are))),
            Pair::Gone(forward) => (Action::Remove, format!("{} no longer leads to {}", port(forward), target(forward, &were))),
            Pair::Stays(old, new) if old == new => continue,
            Pair::Stays(old, new) => (Action::Change, change(old, new, &were, &are)),
        };
        teller.whole("forward", None, action, text);
    }
}

fn change(old: &Forward, new: &Forward, were: &Names, are: &Names) -> String {
    let Forward { uplink: _, protocol: _, port: _, to, to_port } = old;
    let (from, becomes) = (target(old, were), target(new, are));
    if from == becomes {
        // The host has another address.
        return format!("{} leads to {to}:{to_port} -> {}:{}", port(old), new.to, new.to_port);
    }
    format!("{} leads to {from} -> {becomes}", port(old))
}

fn names(hosts: &[Host]) -> Names<'_> {
    hosts.iter().map(|host| (host.address, &host.name)).collect()
}

/// `tcp 8443 on wan`
fn port(Forward { uplink, protocol, port, .. }: &Forward) -> String {
    format!("{protocol} {port} on {uplink}")
}

fn target(Forward { to, to_port, .. }: &Forward, names: &Names) -> String {
    match names.get(to) {
        Some(name) => format!("{name}:{to_port}"),
        None => format!("{to}:{to_port}"),
    }
}
