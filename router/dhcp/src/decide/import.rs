use super::{Moment, Scope, requester::identify};
use crate::{
    Identity, Import,
    lease::{Binding, Secs, State, Table},
};
use edge_dhcp_wire::hostname;
use std::sync::Arc;

/// The longest that a lease of another server is believed, seconds: a year.
const LONGEST: Secs = 365 * 86_400;

/// A lease that another server gave, as it is kept here, or why it is not. `until` is its end on the lease clock. What was promised here
/// stays promised.
pub fn import(
    table: &Table,
    scope: &Scope,
    lease: &Import,
    until: Option<Secs>,
    moment: Moment,
) -> Result<Binding, &'static str> {
    let Import { address, .. } = *lease;
    let now = moment.now;
    let identity = match (&lease.container, lease.mac) {
        (Some(name), _) if (1..=255).contains(&name.len()) => Identity::Container(name.clone()),
        (None, Some(mac)) => identify(table, mac, lease.client_id.as_deref(), now),
        _ => return Err("it says neither a MAC address nor a container's name"),
    };
    if !scope.has_host(address) {
        return Err("it is no node's address in this network");
    }
    let hostname = scope.name_of(lease.hostname.as_ref().and_then(|name| hostname::clean(name.as_bytes())));
    let hostname = hostname.map(|name| Arc::from(name.as_str()));
    let state = match until {
        // A container holds an address when it is attached, and not before.
        Some(until) if !identity.is_container() => {
            let until = until.min(now + LONGEST);
            State::Bound { until, logged: until, lagging: moment.lagging }
        }
        _ => State::Released { since: now },
    };
    let binding = match table.at(address).filter(|own| own.identity == identity && own.is_live(now)) {
        Some(own) => Binding { hostname: hostname.or(own.hostname.clone()), state: longer(own.state, state), ..own.clone() },
        None => Binding { address, identity, mac: lease.mac, hostname, state, direct: false },
    };
    if scope.reserved_at(address).is_some_and(|host| !super::is_reserved_for(host, &binding)) {
        return Err("it is reserved for another");
    }
    if !table.is_free(address, |identity| *identity == binding.identity, now) {
        return Err("somebody else has it here");
    }
    if table.of(&binding.identity).is_some_and(|own| own.address != address && own.is_live(now)) {
        return Err("its owner has another address here");
    }
    Ok(binding)
}

/// Of what was promised here, and what another server promised.
fn longer(here: State, there: State) -> State {
    match (here, there) {
        (State::Bound { until, logged, lagging }, State::Bound { until: other, .. }) => {
            State::Bound { until: until.max(other), logged: logged.max(other), lagging }
        }
        (here, _) => here,
    }
}
