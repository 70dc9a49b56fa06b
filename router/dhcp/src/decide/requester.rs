use super::Scope;
use crate::lease::{Binding, Identity, Secs, Table};
use edge_config::{DeviceId, Host};
use edge_dhcp_wire::{ClientId, Request};
use edge_net::Mac;
use std::net::Ipv4Addr;

/// Who asks, and what the configuration keeps for them.
pub struct Requester<'a> {
    pub identity: Identity,
    pub mac: Option<Mac>,
    /// What a device calls itself. It need not say so each time.
    pub name: Option<&'a str>,
    pub reserved: Option<&'a Host>,
    pub own: Option<&'a Binding>,
    /// The address on offer to them.
    pub offered: Option<Ipv4Addr>,
}

impl<'a> Requester<'a> {
    pub fn device(table: &'a Table, scope: &'a Scope, request: &'a Request, now: Secs) -> Self {
        let by_mac = scope.of_mac(request.mac);
        // The user named the MAC: its firmware, its installer and its system are all that one device.
        let identity = if by_mac.is_some() {
            Identity::Mac(request.mac)
        } else {
            identify(table, request.mac, request.client_id.as_deref(), now)
        };
        let id = request.client_id.as_deref().filter(|_| !matches!(identity, Identity::Cloned(..)));
        let (own, offered) = (table.of(&identity), table.offers().of(&identity));
        let by_offer = || offered.and_then(|address| scope.hostname_at(address));
        let before = || own.and_then(|binding| binding.hostname.as_deref()).filter(|name| !scope.is_own_name(name));
        let name = request.hostname.as_deref().or_else(by_offer).or_else(before);
        let by_id = || id.and_then(|id| scope.of_client_id(id));
        let reserved = by_mac.or_else(by_id).or_else(|| scope.of_hostname(name?));
        Self { identity, mac: Some(request.mac), name, reserved, own, offered }
    }

    pub fn container(table: &'a Table, scope: &'a Scope, name: &str) -> Self {
        let identity = Identity::Container(name.to_owned());
        let own = table.of(&identity);
        Self { identity, mac: None, name: None, reserved: scope.of_container(name), own, offered: None }
    }

    /// Whether the configuration lets them have the address.
    pub fn may_have(&self, scope: &Scope, address: Ipv4Addr) -> bool {
        let kept = match scope.reserved_at(address) {
            Some(host) => self.reserved.is_some_and(|own| own.name == host.name),
            None => self.identity.is_container() || scope.range().contains(&address),
        };
        kept && scope.has_host(address)
    }

    /// Whether it may be only now that they say the name by which an address is reserved, after they were offered another one: lwIP says
    /// it in the REQUEST alone. Refused, they would begin anew in the same way. They move when they renew: by then the name is on record.
    pub fn is_named_late(&self, request: &Request, address: Ipv4Addr) -> bool {
        let by_name = self.reserved.is_some_and(|host| matches!(host.device, Some(DeviceId::Hostname(_))));
        by_name && request.hostname.is_some() && self.offered == Some(address)
    }

    /// Whether they could have the address without taking it from anybody.
    pub fn is_free(&self, table: &Table, address: Ipv4Addr, now: Secs) -> bool {
        // A device whose MAC was reserved may still be known by the client identifier it was bound under before.
        let before = self.reserved.zip(self.mac).and_then(|_| table.at(address));
        let before = before.filter(|binding| binding.mac == self.mac && !binding.identity.is_container());
        let own = |identity: &Identity| *identity == self.identity || before.is_some_and(|binding| binding.identity == *identity);
        table.is_free(address, own, now)
    }

    /// The reserved address, where it is free.
    pub fn reservation(&self, table: &Table, now: Secs) -> Option<Ipv4Addr> {
        self.reserved.map(|host| host.address).filter(|address| self.is_free(table, *address, now))
    }
}

/// The client identifier comes before the MAC (RFC 2131, 4.2), unless it is too short to be one (RFC 2132, 9.14) or says
/// only the MAC again.
fn identity(mac: Mac, client_id: Option<&[u8]>) -> Identity {
    match client_id {
        Some(id) if id.len() >= 2 && id.strip_prefix(&[1]) != Some(&mac.bytes()) => Identity::ClientId(ClientId::from_slice(id)),
        _ => Identity::Mac(mac),
    }
}

/// A client identifier by which another device holds a lease is told apart by the MAC.
pub fn identify(table: &Table, mac: Mac, client_id: Option<&[u8]>, now: Secs) -> Identity {
    let plain = identity(mac, client_id);
    let Identity::ClientId(id) = &plain else { return plain };
    let cloned = Identity::Cloned(id.clone(), mac);
    let elsewhere = table.of(&plain).is_some_and(|binding| binding.mac != Some(mac) && binding.is_live(now));
    if elsewhere || table.of(&cloned).is_some() { cloned } else { plain }
}
