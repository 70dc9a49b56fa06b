use super::Secs;
use std::{
    collections::{BTreeMap, BTreeSet},
    net::Ipv4Addr,
};

/// Addresses, each until some time.
#[derive(Debug, Default)]
pub struct Resting {
    by_address: BTreeMap<Ipv4Addr, Secs>,
    by_end: BTreeSet<(Secs, Ipv4Addr)>,
}

impl Resting {
    pub fn insert(&mut self, address: Ipv4Addr, until: Secs) {
        self.remove(address);
        self.by_address.insert(address, until);
        self.by_end.insert((until, address));
    }

    /// Until when it would have been there, if it was.
    pub fn remove(&mut self, address: Ipv4Addr) -> Option<Secs> {
        let until = self.by_address.remove(&address)?;
        self.by_end.remove(&(until, address));
        Some(until)
    }

    pub fn by_address(&self) -> &BTreeMap<Ipv4Addr, Secs> {
        &self.by_address
    }

    /// The one that ends next comes first.
    pub fn by_end(&self) -> impl Iterator<Item = Ipv4Addr> {
        self.by_end.iter().map(|(_, address)| *address)
    }

    /// Drops what has run out; returns the addresses.
    pub fn expire(&mut self, now: Secs) -> Vec<Ipv4Addr> {
        let mut ended = Vec::new();
        while let Some(&(until, address)) = self.by_end.first()
            && until <= now
        {
            self.remove(address);
            ended.push(address);
        }
        ended
    }
}
