mod cases;
mod configured;
mod import;
mod properties;

use super::{Decision, Scope, decide};
use crate::{
    NetworkService,
    lease::{Identity, Offer, Secs, Table},
};
use edge_config::{DeviceId, Dhcp, DhcpServer, Host};
use edge_dhcp_wire::{Request, RequestKind, hostname};
use edge_net::Mac;
use std::{net::Ipv4Addr, time::Duration};

pub const NOW: Secs = 1_000_000;
pub const LEASE: Secs = 3600;

pub fn ip(host: u8) -> Ipv4Addr {
    Ipv4Addr::new(10, 0, 1, host)
}

pub fn mac(last: u8) -> Mac {
    Mac::new([2, 0, 0, 0, 1, last]).expect("a unicast MAC")
}

pub fn host(name: &str, mac: Option<Mac>, address: Ipv4Addr) -> Host {
    let device = mac.map(DeviceId::Mac);
    Host { name: name.parse().expect("a name"), network: "vehicle".parse().expect("a name"), device, address }
}

/// The router is 10.0.1.3 and in its own pool, 10.0.1.1 to 10.0.1.8; .5 is reserved for device 5, .4 for `container1`,
/// .20 for device 20 outside the pool.
pub fn service() -> NetworkService {
    NetworkService {
        network: "vehicle".parse().expect("a name"),
        link: "br0".parse().expect("an interface name"),
        netns: None,
        address: edge_net::Interface::new("10.0.1.3/24".parse().expect("a subnet")).expect("a host's address"),
        dhcp: Some(Dhcp::Server(DhcpServer {
            lease: Duration::from_secs(LEASE),
            dns: vec![ip(53)],
            probe: false,
            ..DhcpServer::new(ip(1), ip(8))
        })),
        dns: Vec::new(),
        own_name: None,
        reservations: vec![
            host("device5", Some(mac(5)), ip(5)),
            host("container1", None, ip(4)),
            host("device20", Some(mac(20)), ip(20)),
        ],
    }
}

pub fn request(kind: RequestKind, from: Mac) -> Request {
    Request {
        kind,
        xid: 7,
        broadcast: false,
        flags: 0,
        ciaddr: None,
        mac: from,
        relayed: None,
        rapid_commit: false,
        client_id: None,
        requested: None,
        server_id: None,
        lease: None,
        hostname: None,
        parameters: None,
        max_size: 576,
    }
}

pub fn device(last: u8) -> Request {
    request(RequestKind::Discover, mac(last))
}

/// A table and a configuration, with the steps a conversation takes.
pub struct Office {
    pub table: Table,
    pub scope: Scope,
}

impl Office {
    pub fn new(service: NetworkService) -> Self {
        let mut office = Self { table: Table::default(), scope: Scope::new(service) };
        office.table.settle(office.scope.range(), office.scope.excluded());
        office
    }

    pub fn reconfigure(&mut self, service: NetworkService) {
        self.scope = Scope::new(service);
        self.table.settle(self.scope.range(), self.scope.excluded());
    }

    /// Decides and does what the server would do.
    pub fn ask(&mut self, request: &Request, now: Secs) -> Decision {
        self.table.expire(now);
        let decision = decide(&self.table, &self.scope, request, now.into());
        match decision.clone() {
            Decision::Offer { address, identity, .. } | Decision::Probe { address, identity } => {
                let sent = u8::from(matches!(decision, Decision::Offer { .. }));
                self.table.offer(address, Offer { to: identity, until: now + super::OFFER, sent })
            }
            Decision::Ack { binding, .. } => self.table.apply(crate::lease::Change::Bind(binding)),
            Decision::Note(changes) => changes.into_iter().for_each(|change| self.table.apply(change)),
            Decision::Withdraw(identity) => self.table.withdraw(&identity),
            Decision::Nak(_) | Decision::Silence(_) | Decision::Inform => {}
        }
        decision
    }

    pub fn discover(&mut self, from: &Request, now: Secs) -> Option<Ipv4Addr> {
        match self.ask(&Request { kind: RequestKind::Discover, ..from.clone() }, now) {
            Decision::Offer { address, .. } => Some(address),
            _ => None,
        }
    }

    pub fn select(&mut self, from: &Request, address: Ipv4Addr, now: Secs) -> Decision {
        let server_id = Some(self.scope.router());
        self.ask(&Request { kind: RequestKind::Request, server_id, requested: Some(address), ..from.clone() }, now)
    }

    /// The whole of a boot; the address it ends with.
    pub fn boot(&mut self, from: &Request, now: Secs) -> Option<Ipv4Addr> {
        let offered = self.discover(from, now)?;
        matches!(self.select(from, offered, now), Decision::Ack { .. }).then_some(offered)
    }

    pub fn renew(&mut self, from: &Request, address: Ipv4Addr, now: Secs) -> Decision {
        self.ask(&Request { kind: RequestKind::Request, ciaddr: Some(address), ..from.clone() }, now)
    }

    pub fn reboot(&mut self, from: &Request, address: Ipv4Addr, now: Secs) -> Decision {
        self.ask(&Request { kind: RequestKind::Request, requested: Some(address), ..from.clone() }, now)
    }

    pub fn claim(&mut self, name: &str, address: Option<Ipv4Addr>, now: Secs) -> Result<Ipv4Addr, crate::ClaimError> {
        self.table.expire(now);
        let binding = super::claim(&self.table, &self.scope, &crate::Claim { name: name.to_owned(), address }, now)?;
        let address = binding.address;
        self.table.apply(crate::lease::Change::Bind(binding));
        Ok(address)
    }

    pub fn owner(&self, address: Ipv4Addr) -> Option<&Identity> {
        self.table.at(address).map(|binding| &binding.identity)
    }
}
