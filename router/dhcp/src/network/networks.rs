use super::KnownNetwork;
use crate::{
    NetworkService,
    decide::Scope,
    lease::{Binding, Change, Secs},
    log::Record,
};
use edge_net::Name;
use std::{
    collections::{BTreeMap, HashMap},
    net::Ipv4Addr,
    ops::Bound::{Included, Unbounded},
    path::PathBuf,
};

/// How long the last lease of a network that is no longer configured is remembered after its end, seconds: 30 days.
const KEPT: Secs = 30 * 86_400;

/// Records of a snapshot made at a time: nobody waits for the tables much longer than for a message's answer.
const SLICE: usize = if cfg!(test) { 8 } else { 1024 };

/// Everything that is known, in memory.
#[derive(Default)]
pub struct Networks {
    pub by_name: BTreeMap<Name, KnownNetwork>,
    /// Which network a message belongs to, by its namespace and interface.
    pub by_link: HashMap<Option<PathBuf>, HashMap<String, Name>>,
    /// Networks that a relay agent of ours serves, by the agent's address.
    pub by_agent: HashMap<Ipv4Addr, Name>,
    /// Messages that belong to none.
    pub stray: u64,
    /// When the log last said something that a lagging clock promised, by that clock.
    pub lagged: Secs,
}

impl Networks {
    /// A record as it was read from the log.
    pub fn replay(&mut self, record: Record) {
        let Record { network, at, change } = record;
        if matches!(&change, Change::Bind(binding) if binding.is_lagging()) {
            self.lagged = self.lagged.max(at);
        }
        self.by_name.entry(network).or_default().table.apply(change.recovered());
    }

    /// After a start with a clock that is right: what the log has by a lagging one, moved as if that had stood still since. Too long
    /// a lease does no harm, one too short gives an address two owners. `now` by that clock; `at`: see [`Networks::stepped`].
    pub fn caught_up(&self, now: Secs, at: Secs) -> Vec<Record> {
        self.stepped(now.saturating_sub(self.lagged), at, false)
    }

    pub fn apply(&mut self, records: Vec<Record>) {
        for Record { network, change, .. } in records {
            if let Some(network) = self.by_name.get_mut(&network) {
                network.table.apply(change);
            }
        }
    }

    /// Everything there is now, some of it at a time: what comes after `last`.
    pub fn slice(&self, last: Option<&Record>, at: Secs) -> Vec<Record> {
        let first = last.map_or(Unbounded, |last| Included(&last.network));
        let changes = |(name, network): (&Name, &KnownNetwork)| {
            let last = last.filter(|last| last.network == *name).map(|last| &last.change);
            let record = |change| Record { network: name.clone(), at, change };
            network.table.changes(last).take(SLICE).map(record).collect::<Vec<_>>()
        };
        self.by_name.range::<Name, _>((first, Unbounded)).flat_map(changes).take(SLICE).collect()
    }

    /// What was promised by a lagging clock, or `all` that was promised, as it is when the clock was set forward by so much. `at` is
    /// a time before that: a power cut may leave only the first of these records, and a next run must not begin after the others.
    pub fn stepped(&self, by: Secs, at: Secs, all: bool) -> Vec<Record> {
        let stepped = |(name, network): (&Name, &KnownNetwork)| {
            network.table.stepped(by, all).map(|change| Record { network: name.clone(), at, change }).collect::<Vec<_>>()
        };
        self.by_name.iter().flat_map(stepped).collect()
    }

    /// `now` on the lease clock. Leases of a network that is gone are kept for a while, as it may come back, or be renamed: what another
    /// took over of them is to be logged.
    pub fn configure(&mut self, services: Vec<NetworkService>, now: Secs) -> Vec<Record> {
        self.by_name.values_mut().for_each(|network| network.scope = None);
        self.by_link.clear();
        self.by_agent.clear();
        for service in services {
            let links = self.by_link.entry(service.netns.clone()).or_default();
            links.insert(service.link.to_string(), service.network.clone());
            if service.relay().is_some() {
                self.by_agent.insert(service.address.address(), service.network.clone());
            }
            let network = self.by_name.entry(service.network.clone()).or_default();
            network.serve(Scope::new(service));
        }
        let moved = self.take_over(now);
        let is_kept =
            |network: &KnownNetwork| network.scope.is_some() || network.table.ended(now).is_none_or(|end| end + KEPT > now);
        self.by_name.retain(|_, network| is_kept(network));
        moved
    }

    /// Leases that their own network has no room for any more, as it is gone or has another subnet, go to the one that has their
    /// addresses now, unless that knows better.
    fn take_over(&mut self, at: Secs) -> Vec<Record> {
        let mut orphans = Vec::new();
        for (old, network) in &self.by_name {
            let is_orphan = |binding: &&Binding| network.scope.as_ref().is_none_or(|own| !own.has_host(binding.address));
            for (new, scope) in self.by_name.iter().filter_map(|(name, network)| Some((name, network.scope.as_ref()?))) {
                let here = network.table.within(scope.subnet()).filter(|binding| scope.has_host(binding.address));
                orphans.extend(here.filter(is_orphan).map(|binding| (old.clone(), new.clone(), binding.clone())));
            }
        }
        let mut records = Vec::new();
        for (old, new, binding) in orphans {
            let Some(table) = self.by_name.get(&new).map(|network| &network.table) else { continue };
            if table.at(binding.address).is_some() || table.of(&binding.identity).is_some() {
                continue;
            }
            // In this order, as a power cut may leave only the first of them.
            let forget = Change::Forget { address: binding.address };
            let moved = [(new, Change::Bind(binding)), (old, forget)].map(|(network, change)| Record { network, at, change });
            self.apply(moved.to_vec());
            records.extend(moved);
        }
        records
    }
}
