use super::{Identity, Secs};
use std::{
    collections::{BTreeSet, HashMap},
    net::Ipv4Addr,
};

/// Most offers a network keeps at a time; a flood of DISCOVERs pushes out the oldest.
const MOST: usize = 4096;

/// Addresses offered and not yet requested. In memory only: a client that requests after a restart is judged afresh.
#[derive(Debug, Default)]
pub struct Offers {
    by_address: HashMap<Ipv4Addr, (Identity, Secs)>,
    by_identity: HashMap<Identity, Ipv4Addr>,
    by_end: BTreeSet<(Secs, Ipv4Addr)>,
}

impl Offers {
    /// Who the address is offered to, until when.
    pub fn at(&self, address: Ipv4Addr) -> Option<&(Identity, Secs)> {
        self.by_address.get(&address)
    }

    pub fn addresses(&self) -> impl Iterator<Item = &Ipv4Addr> {
        self.by_address.keys()
    }

    pub fn of(&self, identity: &Identity) -> Option<Ipv4Addr> {
        self.by_identity.get(identity).copied()
    }

    /// Replaces what was offered to `identity` before, and whoever `address` was offered to; returns the addresses that
    /// are no longer on offer.
    pub fn add(&mut self, address: Ipv4Addr, identity: Identity, until: Secs) -> Vec<Ipv4Addr> {
        let mut freed: Vec<_> = self.withdraw(&identity).into_iter().filter(|old| *old != address).collect();
        self.remove(address);
        while self.by_address.len() >= MOST {
            let Some(&(_, oldest)) = self.by_end.first() else { break };
            self.remove(oldest);
            freed.push(oldest);
        }
        self.by_identity.insert(identity.clone(), address);
        self.by_end.insert((until, address));
        self.by_address.insert(address, (identity, until));
        freed
    }

    pub fn remove(&mut self, address: Ipv4Addr) {
        if let Some((identity, until)) = self.by_address.remove(&address) {
            self.by_identity.remove(&identity);
            self.by_end.remove(&(until, address));
        }
    }

    pub fn withdraw(&mut self, identity: &Identity) -> Option<Ipv4Addr> {
        let address = self.of(identity)?;
        self.remove(address);
        Some(address)
    }

    /// Drops what has run out; returns the addresses.
    pub fn lapse(&mut self, now: Secs) -> Vec<Ipv4Addr> {
        let mut freed = Vec::new();
        while let Some(&(until, address)) = self.by_end.first()
            && until <= now
        {
            self.remove(address);
            freed.push(address);
        }
        freed
    }
}
