use crate::Service;
use edge_config::{Host, Mac};
use std::{
    collections::{HashMap, HashSet},
    net::Ipv4Addr,
    ops::RangeInclusive,
};

/// A [`Service`] made ready for looking up: what the configuration says about an address, a MAC or a name.
#[derive(Debug)]
pub struct Scope {
    pub service: Service,
    by_mac: HashMap<Mac, usize>,
    by_container: HashMap<String, usize>,
    by_address: HashMap<Ipv4Addr, usize>,
}

impl Scope {
    pub fn new(service: Service) -> Self {
        let hosts = || service.reservations.iter().enumerate();
        let by_mac = hosts().filter_map(|(at, host)| Some((host.mac?, at))).collect();
        let container = |(at, host): (usize, &Host)| host.mac.is_none().then(|| (host.name.to_string(), at));
        let by_container = hosts().filter_map(container).collect();
        let by_address = hosts().map(|(at, host)| (host.address, at)).collect();
        Self { by_mac, by_container, by_address, service }
    }

    pub fn router(&self) -> Ipv4Addr {
        self.service.address.address()
    }

    pub fn of_mac(&self, mac: Mac) -> Option<&Host> {
        self.by_mac.get(&mac).map(|at| &self.service.reservations[*at])
    }

    pub fn of_container(&self, name: &str) -> Option<&Host> {
        self.by_container.get(name).map(|at| &self.service.reservations[*at])
    }

    pub fn reserved_at(&self, address: Ipv4Addr) -> Option<&Host> {
        self.by_address.get(&address).map(|at| &self.service.reservations[*at])
    }

    /// Whether a node may have the address at all.
    pub fn has_host(&self, address: Ipv4Addr) -> bool {
        self.service.address.has_host(address) && address != self.router()
    }

    /// Where addresses for the unknown come from: the pool, or the whole subnet in a network of containers only.
    pub fn range(&self) -> RangeInclusive<Ipv4Addr> {
        match &self.service.pool {
            Some(pool) => pool.from..=pool.to,
            None => self.service.address.subnet().network()..=self.service.address.broadcast(),
        }
    }

    /// Addresses of the range that are not for the unknown.
    pub fn excluded(&self) -> HashSet<Ipv4Addr> {
        let subnet = self.service.address.subnet();
        let ends = [subnet.network(), subnet.broadcast()].into_iter().filter(|end| !self.service.address.has_host(*end));
        self.by_address.keys().copied().chain(ends).chain([self.router()]).collect()
    }

    /// Addresses of the pool.
    pub fn pool_size(&self) -> u64 {
        self.service
            .pool
            .as_ref()
            .map_or(0, |pool| (u64::from(u32::from(pool.to)) + 1).saturating_sub(u32::from(pool.from).into()))
    }
}
