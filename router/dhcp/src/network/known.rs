use super::{Counters, events::Events, limit::Limit};
use crate::{
    decide::Scope,
    lease::{Binding, Change, Identity, Secs, State, Table},
};

/// Everything that is known of one network.
#[derive(Default)]
pub struct KnownNetwork {
    pub table: Table,
    /// None: not configured now. Its leases are kept, as it may come back.
    pub scope: Option<Scope>,
    pub counters: Counters,
    pub limit: Limit,
    pub events: Events,
}

impl KnownNetwork {
    /// Serves what the configuration says from now on.
    pub fn serve(&mut self, scope: Scope) {
        self.table.settle(scope.range(), scope.excluded());
        self.scope = Some(scope);
    }

    /// Another server gives out the addresses.
    pub fn is_relayed(&self) -> bool {
        self.scope.as_ref().is_some_and(|scope| scope.service.relay().is_some())
    }

    /// With what the table says of now.
    pub fn counters(&self, now: Secs) -> Counters {
        let (pool_used, pool_size) = match &self.scope {
            Some(scope) if scope.service.pool().is_some() => (self.table.used(now), scope.pool_size()),
            _ => (0, 0),
        };
        let resting = self.table.quarantine().len() as u64;
        Counters { pool_used, pool_size, resting, ..self.counters.clone() }
    }

    /// What makes a container's address nobody's, if it holds one.
    pub fn released(&self, container: &str, now: Secs) -> Option<Change> {
        let held = self.table.of(&Identity::Container(container.to_owned())).filter(|binding| binding.state == State::Held)?;
        Some(Change::Bind(Binding { state: State::Released { since: now }, ..held.clone() }))
    }
}
