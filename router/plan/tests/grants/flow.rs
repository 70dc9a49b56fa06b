//! Flows by number, and what becomes of their first packet.

use crate::kernel::{ESTABLISHED, NEW, Packet, passes};
use edge_config::{Config, Uplink, UplinkAddress};
use edge_lab::generate::Dice;
use edge_plan::{
    gateway_link,
    nft::{Hook, Table},
    policy::Party,
};
use std::net::Ipv4Addr;

const ELSEWHERE: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 9);
const GRE: u8 = 47;

/// A packet that opens a flow.
#[derive(Clone, Debug)]
pub struct Opening<'a> {
    pub from: Party<'a>,
    pub packet: Packet,
    /// The uplink it leaves by if it leaves.
    pub out: &'a Uplink,
}

/// What becomes of it.
pub struct Outcome {
    pub passes: bool,
    /// As it left the router.
    pub packet: Packet,
}

/// From a node or from beyond an uplink, to anybody.
pub fn draw<'a>(config: &'a Config, dice: &mut Dice) -> Opening<'a> {
    let mut pick = |length: usize| dice.below(length as u64) as usize;
    let (network, uplink) = (&config.networks[pick(config.networks.len())], &config.uplinks[pick(2)]);
    let at = Ipv4Addr::from_bits(network.address.subnet().network().to_bits() + [11, 12, 13, 77][pick(4)]);
    let (from, iif, source) = match pick(2) {
        0 => (Party::Node(network, Some(at)), gateway_link(config, network), at),
        _ => (Party::Beyond(uplink), uplink.ifname(), ELSEWHERE),
    };
    let (protocol, icmp_type) = [(1, 8), (1, 13), (6, 0), (6, 0), (17, 0), (17, 0), (17, 0), (GRE, 0)][pick(8)];
    let has_ports = protocol == 6 || protocol == 17;
    let mut port = |of: &[u16]| if has_ports { of[pick(of.len())] } else { 0 };
    let source_port = if protocol == 1 { u16::from_be_bytes([icmp_type, 0]) } else { port(&[67, 68, 40000]) };
    let destination_port = port(&[7, 22, 53, 67, 80, 82, 443, 1080, 1081, 8005, 8080, 9080, 51820]);
    let destination = goal(config, &from, network, uplink, &mut pick);
    let out = &config.uplinks[pick(2)];
    let packet = Packet {
        iif: iif.to_string(),
        oif: None,
        source,
        destination,
        protocol,
        source_port,
        destination_port,
        state: NEW,
        status: 0,
    };
    Opening { from, packet, out }
}

/// Who comes from beyond an uplink knows that uplink's address, not the others'.
fn goal(
    config: &Config,
    from: &Party,
    near: &edge_config::Network,
    uplink: &Uplink,
    pick: &mut impl FnMut(usize) -> usize,
) -> Ipv4Addr {
    let other = &config.networks[pick(config.networks.len())];
    let node =
        |network: &edge_config::Network, last: u32| Ipv4Addr::from_bits(network.address.subnet().network().to_bits() + last);
    let last = [11, 12, 13, 77][pick(4)];
    match (pick(8), from) {
        (0, _) => near.address.address(),
        (1, _) => other.address.address(),
        (2 | 3, Party::Beyond(_)) => address(uplink),
        (2, _) => Ipv4Addr::BROADCAST,
        (3, _) => address(&config.uplinks[pick(2)]),
        (4, _) => Ipv4Addr::new(8, 8, 8, 8),
        (5, _) => node(near, last),
        _ => node(other, last),
    }
}

/// Of the generated configurations, whose uplinks all have one.
pub fn address(uplink: &Uplink) -> Ipv4Addr {
    match uplink.address {
        UplinkAddress::Static(interface) => interface.address(),
        UplinkAddress::Dhcp => panic!("{} has no address in the file", uplink.name),
    }
}

impl<'a> Opening<'a> {
    /// Through the router: by destination NAT and the spoofing check, by its routes, by what lets in or passes on.
    pub fn run(&self, config: &Config, table: &Table) -> Outcome {
        let mut packet = self.packet.clone();
        if !passes(table, Hook::Prerouting, &mut packet) {
            return Outcome { passes: false, packet };
        }
        packet.oif = match goal_of(config, self.out, packet.destination) {
            Party::Node(network, _) => Some(gateway_link(config, network).to_string()),
            Party::Beyond(uplink) => Some(uplink.ifname().to_string()),
            Party::Router(_) | Party::Local | Party::Group(_) => None,
        };
        let hook = if packet.oif.is_some() { Hook::Forward } else { Hook::Input };
        let passes = passes(table, hook, &mut packet);
        Outcome { passes, packet }
    }
}

/// Who has an address, if `out` leads to all that nobody here has.
pub fn goal_of<'a>(config: &'a Config, out: &'a Uplink, address: Ipv4Addr) -> Party<'a> {
    let is_uplinks = |uplink: &Uplink| self::address(uplink) == address;
    match config.network_of(address) {
        Some(network) if network.address.address() == address => Party::Router(network),
        Some(network) => Party::Node(network, Some(address)),
        None if config.uplinks.iter().any(is_uplinks) => Party::Local,
        None if address.is_broadcast() => Party::Group(address),
        None => Party::Beyond(out),
    }
}

/// Whether what belongs to a flow that was let in passes on: the next packet of it, and the answer.
pub fn goes_on(table: &Table, first: &Packet) -> [bool; 2] {
    let next = Packet { state: ESTABLISHED, ..first.clone() };
    let answer = Packet {
        iif: next.oif.clone().unwrap_or_default(),
        oif: Some(next.iif.clone()),
        source: next.destination,
        destination: next.source,
        ..next.clone()
    };
    [next, answer].map(|mut packet| passes(table, Hook::Forward, &mut packet))
}
