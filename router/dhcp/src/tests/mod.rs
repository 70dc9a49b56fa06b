//! Messages as bytes, answers as bytes: all of the server but sockets and disk.

mod dora;
mod forge;
mod forge_fields;
mod forge_relay;
mod hostile;
mod rename;
mod steady;
mod time;
mod way;

use crate::{
    NetworkService,
    decide::Scope,
    lease::{Change, Identity, Secs},
    network::{Answer, KnownNetwork},
    way::{To, Via},
};
use edge_dhcp_wire::{Header, at};
use std::net::Ipv4Addr;

pub use edge_dhcp_wire::code::message_type::*;

pub const NOW: Secs = 1_000_000;

pub fn ip(host: u8) -> Ipv4Addr {
    crate::decide::tests::ip(host)
}

/// The router is 10.0.1.3; the pool is `from` to `to`; nothing is reserved.
pub fn service(from: u8, to: u8) -> NetworkService {
    let mut service = crate::decide::tests::service();
    service.reservations.clear();
    let pool = pool_of(&mut service);
    (pool.from, pool.to) = (ip(from), ip(to));
    service
}

/// To be changed; the service must have one.
pub fn pool_of(service: &mut NetworkService) -> &mut edge_config::DhcpServer {
    match &mut service.dhcp {
        Some(edge_config::Dhcp::Server(pool)) => pool,
        other => panic!("no pool: {other:?}"),
    }
}

pub struct Message(pub Vec<u8>);

impl Message {
    pub fn new(kind: u8, mac: [u8; 6]) -> Self {
        let mut bytes = vec![0; at::COOKIE];
        bytes[..3].copy_from_slice(&[1, 1, 6]);
        bytes[at::CHADDR..at::CHADDR + 6].copy_from_slice(&mac);
        bytes.extend([99, 130, 83, 99, 53, 1, kind]);
        Self(bytes)
    }

    pub fn set(mut self, at: usize, bytes: &[u8]) -> Self {
        self.0[at..at + bytes.len()].copy_from_slice(bytes);
        self
    }

    pub fn ciaddr(self, address: Ipv4Addr) -> Self {
        self.set(at::CIADDR, &address.octets())
    }

    pub fn option(mut self, code: u8, value: &[u8]) -> Self {
        self.0.extend([code, value.len() as u8]);
        self.0.extend(value);
        self
    }

    pub fn requests(self, address: Ipv4Addr) -> Self {
        self.option(50, &address.octets())
    }

    pub fn at_server(self) -> Self {
        self.option(54, &ip(3).octets())
    }

    pub fn raw(mut self, bytes: &[u8]) -> Self {
        self.0.extend(bytes);
        self
    }

    pub fn end(self) -> Vec<u8> {
        self.raw(&[255]).0
    }
}

/// What came back.
pub struct Said {
    pub kind: u8,
    pub yiaddr: Ipv4Addr,
    pub to: To,
    pub bytes: Vec<u8>,
}

impl Said {
    pub fn option(&self, code: u8) -> Option<Vec<u8>> {
        Header::read(&self.bytes).expect("it is long enough").options().get(code).map(<[u8]>::to_vec)
    }
}

pub struct Desk {
    pub network: KnownNetwork,
    pub now: Secs,
}

impl Desk {
    pub fn new(service: NetworkService) -> Self {
        let mut network = KnownNetwork::default();
        network.serve(Scope::new(service));
        Self { network, now: NOW }
    }

    /// A second later, so that no limit counts.
    pub fn ask(&mut self, message: Message) -> Option<Said> {
        self.ask_bytes(&message.end())
    }

    pub fn ask_bytes(&mut self, bytes: &[u8]) -> Option<Said> {
        self.ask_via(bytes, Via::Broadcast)
    }

    pub fn ask_via(&mut self, bytes: &[u8], via: Via) -> Option<Said> {
        self.now += 1;
        let mut reply = Vec::new();
        let Answer { changes, reply: said, drop, .. } = self.network.answer(bytes, via, self.now.into(), &mut reply);
        self.network.count(said.map(|(said, _)| said), drop);
        changes.into_iter().for_each(|change: Change| self.network.table.apply(change));
        let ((_, to), bytes) = (said?, reply);
        let said = Said { kind: 0, yiaddr: Ipv4Addr::UNSPECIFIED, to, bytes };
        let yiaddr: [u8; 4] = said.bytes[at::YIADDR..at::YIADDR + 4].try_into().expect("four bytes");
        Some(Said { kind: said.option(53).expect("a type")[0], yiaddr: yiaddr.into(), ..said })
    }

    /// DISCOVER and REQUEST; `dress` adds what the client says in each.
    pub fn boot(&mut self, mac: [u8; 6], dress: impl Fn(Message) -> Message) -> Option<Ipv4Addr> {
        let offer = self.ask(dress(Message::new(DISCOVER, mac))).filter(|said| said.kind == OFFER)?;
        let ack = self.ask(dress(Message::new(REQUEST, mac).requests(offer.yiaddr).at_server()))?;
        (ack.kind == ACK).then_some(ack.yiaddr)
    }

    /// What the client at `address` is known by.
    pub fn name(&self, address: Ipv4Addr) -> Option<String> {
        self.network.table.at(address)?.hostname.as_deref().map(str::to_owned)
    }

    pub fn drops(&self, why: &str) -> u64 {
        self.network.counters.drops_by_name().get(why).copied().unwrap_or_default()
    }

    pub fn owner(&self, address: Ipv4Addr) -> Option<Identity> {
        self.network.table.at(address).map(|binding| binding.identity.clone())
    }
}
