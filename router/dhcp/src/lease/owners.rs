use super::{Binding, Identity};
use hashbrown::HashTable;
use std::{
    collections::BTreeMap,
    hash::{BuildHasher, RandomState},
    net::Ipv4Addr,
};

/// Boxed, as a tree keeps room for twice what it holds.
pub type Bindings = BTreeMap<Ipv4Addr, Box<Binding>>;

/// Which binding an identity has: addresses by the hash of their owners, who are in the bindings only.
#[derive(Debug, Default)]
pub struct Owners {
    addresses: HashTable<Ipv4Addr>,
    hasher: RandomState,
}

impl Owners {
    pub fn of<'a>(&self, identity: &Identity, bindings: &'a Bindings) -> Option<&'a Binding> {
        let mut found = None;
        self.addresses.find(self.hasher.hash_one(identity), |address| {
            found = bindings.get(address).filter(|binding| binding.identity == *identity);
            found.is_some()
        });
        found.map(Box::as_ref)
    }

    /// The owner of that address, whose binding is there already.
    pub fn insert(&mut self, address: Ipv4Addr, bindings: &Bindings) {
        let hash = |address: &Ipv4Addr| bindings.get(address).map_or(0, |binding| self.hasher.hash_one(&binding.identity));
        self.addresses.insert_unique(hash(&address), address, hash);
    }

    pub fn remove(&mut self, binding: &Binding) {
        let hash = self.hasher.hash_one(&binding.identity);
        if let Ok(entry) = self.addresses.find_entry(hash, |address| *address == binding.address) {
            entry.remove();
        }
    }
}
