use crate::{DropReason, Identity, NetworkService, lease::Binding};
use edge_config::{DeviceId, Host};
use edge_dhcp_wire::{
    Request,
    hostname::{self, Label},
};
use edge_net::Mac;
use std::{
    collections::{BTreeSet, HashMap},
    net::Ipv4Addr,
    ops::RangeInclusive,
};

/// A [`NetworkService`] made ready for looking up: what the configuration says about an address, a MAC or a name.
#[derive(Debug)]
pub struct Scope {
    pub service: NetworkService,
    by_mac: HashMap<Mac, usize>,
    by_client_id: HashMap<Vec<u8>, usize>,
    by_hostname: HashMap<String, usize>,
    by_container: HashMap<String, usize>,
    by_address: HashMap<Ipv4Addr, usize>,
    pool_size: u64,
    /// As a device would be known by it.
    own_name: Option<Label>,
}

impl Scope {
    pub fn new(service: NetworkService) -> Self {
        let mut scope = Self {
            by_mac: HashMap::new(),
            by_client_id: HashMap::new(),
            by_hostname: HashMap::new(),
            by_container: HashMap::new(),
            by_address: HashMap::new(),
            pool_size: 0,
            own_name: service.own_name.as_ref().and_then(|name| hostname::clean(name.as_bytes())),
            service,
        };
        for (at, host) in scope.service.reservations.iter().enumerate() {
            match &host.device {
                Some(DeviceId::Mac(mac)) => drop(scope.by_mac.insert(*mac, at)),
                Some(DeviceId::ClientId(id)) => drop(scope.by_client_id.insert(id.clone(), at)),
                Some(DeviceId::Hostname(name)) => drop(scope.by_hostname.insert(name.clone(), at)),
                None => drop(scope.by_container.insert(host.name.to_string(), at)),
            }
            scope.by_address.insert(host.address, at);
        }
        if let Some(pool) = scope.service.pool() {
            let all = (u64::from(u32::from(pool.to)) + 1).saturating_sub(u32::from(pool.from).into());
            let kept = scope.excluded().iter().filter(|address| scope.range().contains(*address)).count();
            scope.pool_size = all.saturating_sub(kept as u64);
        }
        scope
    }

    /// What the client is to know this server by.
    pub fn server_id(&self, request: &Request) -> Ipv4Addr {
        request.relayed.as_ref().and_then(|relayed| relayed.server_id()).unwrap_or(self.router())
    }

    /// Why a message that came through a relay agent is not for this network, if it is not.
    pub fn refuses_relay(&self, request: &Request) -> Option<DropReason> {
        let relayed = request.relayed.as_ref()?;
        let allowed = self.service.pool().is_some_and(|pool| pool.relays.contains(&relayed.agent));
        match relayed.link() {
            _ if !allowed => Some(DropReason::RelayNotAllowed),
            Some(link) if !self.service.address.subnet().contains(&link) => Some(DropReason::RelayedFromElsewhere),
            _ => None,
        }
    }

    /// What a device that gives itself this name is known by: not by the router's own.
    pub fn name_of(&self, given: Option<Label>) -> Option<Label> {
        given.filter(|name| !self.is_own_name(name))
    }

    pub fn is_own_name(&self, name: &str) -> bool {
        self.own_name.as_deref() == Some(name)
    }

    pub fn router(&self) -> Ipv4Addr {
        self.service.address.address()
    }

    pub fn of_mac(&self, mac: Mac) -> Option<&Host> {
        self.by_mac.get(&mac).map(|at| &self.service.reservations[*at])
    }

    pub fn of_client_id(&self, id: &[u8]) -> Option<&Host> {
        self.by_client_id.get(id).map(|at| &self.service.reservations[*at])
    }

    pub fn of_hostname(&self, name: &str) -> Option<&Host> {
        self.by_hostname.get(name).map(|at| &self.service.reservations[*at])
    }

    /// The host name that the address is reserved by. It is only ever offered to somebody of that name.
    pub fn hostname_at(&self, address: Ipv4Addr) -> Option<&str> {
        match self.reserved_at(address)?.device.as_ref()? {
            DeviceId::Hostname(name) => Some(name),
            DeviceId::Mac(_) | DeviceId::ClientId(_) => None,
        }
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

    pub fn subnet(&self) -> RangeInclusive<Ipv4Addr> {
        self.service.address.subnet().network()..=self.service.address.broadcast()
    }

    /// Where addresses for the unknown come from: the pool, or the whole subnet in a network of containers only.
    pub fn range(&self) -> RangeInclusive<Ipv4Addr> {
        self.service.pool().map_or(self.subnet(), |pool| pool.from..=pool.to)
    }

    /// Addresses of the range that are not for the unknown.
    pub fn excluded(&self) -> BTreeSet<Ipv4Addr> {
        let subnet = self.service.address.subnet();
        let ends = [subnet.network(), subnet.broadcast()].into_iter().filter(|end| !self.service.address.has_host(*end));
        self.by_address.keys().copied().chain(ends).chain([self.router()]).collect()
    }

    /// Addresses of the pool that are for anybody: neither reserved nor the router's own.
    pub fn pool_size(&self) -> u64 {
        self.pool_size
    }
}

/// Whether a binding is what the configuration wants it to be.
pub fn is_reserved_for(host: &Host, binding: &Binding) -> bool {
    match (&host.device, &binding.identity) {
        (None, Identity::Container(name)) => host.name.as_str() == name,
        (None, _) | (Some(_), Identity::Container(_)) => false,
        (Some(DeviceId::Mac(mac)), _) => binding.mac == Some(*mac),
        (Some(DeviceId::ClientId(own)), Identity::ClientId(id)) => own[..] == id[..],
        (Some(DeviceId::ClientId(own)), Identity::Mac(mac)) => own.strip_prefix(&[1]) == Some(&mac.bytes()),
        (Some(DeviceId::ClientId(_)), Identity::Cloned(..)) => false,
        (Some(DeviceId::Hostname(name)), _) => binding.hostname.as_deref() == Some(name),
    }
}
