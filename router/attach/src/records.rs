use crate::{EndpointName, NetnsId, Plugged, Record};
use edge_net::Name;
use serde::{Deserialize, Serialize};

/// Attachments, each once by its network and name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Records(Vec<Record>);

impl Records {
    /// How many are kept at most.
    pub const MOST: usize = 16_384;

    pub fn as_slice(&self) -> &[Record] {
        &self.0
    }

    pub fn is_full(&self) -> bool {
        self.0.len() >= Self::MOST
    }

    pub fn find(&self, network: &Name, name: &EndpointName) -> Option<&Record> {
        self.0.iter().find(|record| record.is(network, name))
    }

    /// Those plugged into that namespace.
    pub fn in_netns(&self, id: NetnsId) -> impl Iterator<Item = (&Record, &Plugged)> {
        let plugged = self.0.iter().filter_map(|record| Some((record, record.plugged()?)));
        plugged.filter(move |(_, plugged)| plugged.place.id == id)
    }

    /// In place of the one of the same name and network.
    pub fn put(&mut self, record: Record) {
        match self.0.iter_mut().find(|old| old.is(&record.network, &record.name)) {
            Some(old) => *old = record,
            None => self.0.push(record),
        }
    }

    /// Whether it was there.
    pub fn remove(&mut self, network: &Name, name: &EndpointName) -> bool {
        let before = self.0.len();
        self.0.retain(|record| !record.is(network, name));
        self.0.len() < before
    }
}
