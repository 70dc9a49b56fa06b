use super::{Identity, Secs};
use std::{
    collections::{BTreeSet, HashMap},
    net::Ipv4Addr,
};

/// Most offers a network keeps at a time; a flood of DISCOVERs pushes out the oldest.
const MOST: usize = 4096;

/// An address on offer.
#[derive(Debug)]
pub struct Offer {
    pub to: Identity,
    pub until: Secs,
    pub told: Told,
}

/// How often its client was sent the offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// Not yet: it is asked whether anybody uses the address.
    Never,
    Once,
    /// It asked again, so it may not have heard.
    Again,
}

/// Addresses offered and not yet requested. In memory only: a client that requests after a restart is judged afresh.
#[derive(Debug, Default)]
pub struct Offers {
    by_address: HashMap<Ipv4Addr, Offer>,
    by_identity: HashMap<Identity, Ipv4Addr>,
    by_end: BTreeSet<(Secs, Ipv4Addr)>,
}

impl Offers {
    pub fn at(&self, address: Ipv4Addr) -> Option<&Offer> {
        self.by_address.get(&address)
    }

    pub fn addresses(&self) -> impl Iterator<Item = &Ipv4Addr> {
        self.by_address.keys()
    }

    pub fn of(&self, identity: &Identity) -> Option<Ipv4Addr> {
        self.by_identity.get(identity).copied()
    }

    pub fn told(&self, identity: &Identity) -> Told {
        self.of(identity).and_then(|address| self.at(address)).map_or(Told::Never, |offer| offer.told)
    }

    /// Replaces what was offered to the same one before, and whoever `address` was offered to; returns the addresses that
    /// are no longer on offer.
    pub fn add(&mut self, address: Ipv4Addr, offer: Offer) -> Vec<Ipv4Addr> {
        let mut freed: Vec<_> = self.withdraw(&offer.to).into_iter().filter(|old| *old != address).collect();
        self.remove(address);
        while self.by_address.len() >= MOST {
            let Some(&(_, oldest)) = self.by_end.first() else { break };
            self.remove(oldest);
            freed.push(oldest);
        }
        self.by_identity.insert(offer.to.clone(), address);
        self.by_end.insert((offer.until, address));
        self.by_address.insert(address, offer);
        freed
    }

    pub fn remove(&mut self, address: Ipv4Addr) {
        if let Some(offer) = self.by_address.remove(&address) {
            self.by_identity.remove(&offer.to);
            self.by_end.remove(&(offer.until, address));
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
