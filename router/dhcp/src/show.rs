//! Leases as they are shown.

use crate::{
    Identity, Lease, LeaseKind, LeaseState,
    clock::Clock,
    decide::{Scope, is_reserved_for},
    lease::{Binding, State},
    network::KnownNetwork,
};
use edge_net::Name;

pub fn leases(name: &Name, network: &KnownNetwork, clock: &Clock) -> Vec<Lease> {
    let Some(scope) = &network.scope else { return Vec::new() };
    network.table.bindings().map(|binding| lease(name, scope, binding, clock)).collect()
}

pub fn lease(network: &Name, scope: &Scope, binding: &Binding, clock: &Clock) -> Lease {
    let reserved = scope.reserved_at(binding.address).filter(|host| is_reserved_for(host, binding));
    let hostname = || binding.hostname.as_deref().map(str::to_owned);
    let (kind, own) = match &binding.identity {
        Identity::Container(name) => (LeaseKind::Container, Some(name.clone())),
        _ => (LeaseKind::Device, hostname()),
    };
    let state = match binding.state {
        State::Held => LeaseState::Held,
        State::Released { since } => LeaseState::Released { since: clock.wall(since) },
        State::Bound { until, .. } if binding.is_live(clock.now()) => LeaseState::Bound { until: clock.wall(until) },
        State::Bound { until, .. } => LeaseState::Expired { since: clock.wall(until) },
    };
    Lease {
        network: network.clone(),
        address: binding.address,
        identity: binding.identity.clone(),
        mac: binding.mac,
        name: reserved.map(|host| host.name.to_string()).or(own),
        hostname: hostname(),
        kind,
        state,
        permanent: reserved.is_some(),
    }
}
