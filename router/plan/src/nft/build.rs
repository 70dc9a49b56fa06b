//! Pieces of rules, named as in the `nft` language. A [`rule`] is their concatenation:
//! `rule([iifname(&lan), l4proto(Protocol::Tcp), dport(web), accept()])`.
//!
//! The expressions are those that `nft` itself makes of the same words, so that it lists them as they are written here.

mod verdict;

pub use verdict::{accept, counter, drop, goto, jump, ret};

use super::{Ct, Data, Expr, Field, Key, Meta, PayloadBase, Rule, Stateful};
use edge_net::{IfName, Mac, PortRange, Protocol};
use ipnet::Ipv4Net;
use smallvec::{SmallVec, smallvec};
use std::{borrow::Cow, net::Ipv4Addr};

/// Some expressions of a rule. Most are few, and a plan is made of thousands.
pub type Piece = SmallVec<[Expr; 4]>;

/// Conntrack states as bits (`NF_CT_STATE_BIT` in the kernel's nf_conntrack_common.h).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CtState {
    /// Of no connection, and able to open none.
    Invalid = 1,
    /// Packets have passed both ways.
    Established = 2,
    /// It opens a connection that another one announced, or is an ICMP error about one.
    Related = 4,
    /// The first one of a connection.
    New = 8,
}

/// `IPS_DST_NAT` in nf_conntrack_common.h.
const STATUS_DNAT: u32 = 1 << 5;
/// RFC 792
const ICMP_ECHO_REQUEST: u8 = 8;
const NFPROTO_IPV4: u8 = 2;
const IFNAME_SIZE: usize = 16;
const ZEROS: [u8; 4] = [0; 4];
/// `NFTNL_UDATA_COMMENT_MAXLEN`
const MAX_COMMENT: usize = 128;
/// Offsets in the IPv4 header (RFC 791) and in the TCP and UDP headers alike (RFC 9293, RFC 768).
const IP_SADDR: u32 = 12;
const IP_DADDR: u32 = 16;
/// Offsets in the Ethernet header, and in ARP of IPv4 on Ethernet (RFC 826).
const ETHER_SADDR: u32 = 6;
const ARP_SADDR_ETHER: u32 = 8;
const ARP_SADDR_IP: u32 = 14;
/// RFC 826
const ETHERTYPE_ARP: u16 = 0x0806;
const TH_SPORT: u32 = 0;
const TH_DPORT: u32 = 2;

/// What of a packet is looked up in a set; several make a concatenation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// `iifname`
    Iifname,
    /// `oifname`
    Oifname,
    /// `meta iifgroup`
    Iifgroup,
    /// `ether saddr`
    EtherSaddr,
    /// `arp saddr ether`, after [`arp`]
    ArpSaddrEther,
    /// `arp saddr ip`, after [`arp`]
    ArpSaddrIp,
    /// `ip saddr`
    IpSaddr,
    /// `ip daddr`
    IpDaddr,
    /// `meta l4proto`
    L4proto,
    /// `th dport`
    Dport,
    /// `numgen random mod N`: of no packet.
    Random(u32),
}

/// One field of a set element's key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value<'a> {
    /// 16 bytes, NULs after the name.
    IfName(&'a IfName),
    /// 4 bytes in network order.
    Ipv4(Ipv4Addr),
    /// 6 bytes.
    Mac(Mac),
    /// 4 bytes in the machine's own order.
    Group(u32),
    /// 1 byte: the number in the IP header.
    Protocol(Protocol),
    /// 2 bytes in network order, of TCP or UDP.
    Port(u16),
}

/// Concatenates, leaving out a dependency (`meta nfproto ipv4`, `meta l4proto tcp`) that an earlier piece has matched already.
pub fn rule<const N: usize>(pieces: [Piece; N]) -> Rule {
    let mut expressions = Vec::with_capacity(pieces.iter().map(Piece::len).sum());
    for mut piece in pieces {
        while let [load @ Expr::Meta { key: Meta::Nfproto | Meta::L4proto, .. }, compare @ Expr::Cmp { .. }, ..] =
            piece.as_slice()
        {
            let is_matched = expressions.windows(2).any(|seen| seen[0] == *load && seen[1] == *compare);
            let dependency = piece.drain(..2);
            if !is_matched {
                expressions.extend(dependency);
            }
        }
        expressions.extend(piece);
    }
    Rule { expressions, comment: None }
}

impl Rule {
    /// Cut to the 128 bytes that `nft` reads back.
    pub fn commented(self, comment: impl Into<Cow<'static, str>>) -> Rule {
        let mut comment = comment.into();
        let end = comment.floor_char_boundary(MAX_COMMENT);
        if end < comment.len() {
            comment.to_mut().truncate(end);
        }
        Rule { comment: Some(comment), ..self }
    }
}

/// `iifname "NAME"`
pub fn iifname(name: &IfName) -> Piece {
    smallvec![meta(Meta::Iifname, 0), equal(name.bytes())]
}

/// `oifname "NAME"`
pub fn oifname(name: &IfName) -> Piece {
    smallvec![meta(Meta::Oifname, 0), equal(name.bytes())]
}

/// `ip saddr NET`
pub fn ip_saddr(net: Ipv4Net) -> Piece {
    address(IP_SADDR, net)
}

/// `ip daddr NET`
pub fn ip_daddr(net: Ipv4Net) -> Piece {
    address(IP_DADDR, net)
}

/// `meta nfproto ipv4`
pub fn ipv4() -> Piece {
    smallvec![meta(Meta::Nfproto, 0), equal(&[NFPROTO_IPV4])]
}

/// `meta protocol arp`: in a VLAN of its own accord, too.
pub fn arp() -> Piece {
    smallvec![meta(Meta::Protocol, 0), equal(&ETHERTYPE_ARP.to_be_bytes())]
}

/// `meta l4proto PROTOCOL`
pub fn l4proto(protocol: Protocol) -> Piece {
    smallvec![meta(Meta::L4proto, 0), equal(&[protocol.number()])]
}

/// The rule must have matched [`l4proto`] before: other protocols have other things at these bytes.
pub fn dport(ports: PortRange) -> Piece {
    let (from, to) = (Data::from_slice(&ports.first().to_be_bytes()), Data::from_slice(&ports.last().to_be_bytes()));
    let compare = if from == to { equal(&from) } else { Expr::Range { register: 0, from, to } };
    smallvec![Source::Dport.load(0), compare]
}

/// As [`dport`], after [`l4proto`] only.
pub fn sport(port: u16) -> Piece {
    smallvec![payload(PayloadBase::Transport, TH_SPORT, 2, 0), equal(&port.to_be_bytes())]
}

/// `icmp type echo-request`
pub fn icmp_type_echo_request() -> Piece {
    icmp_type(ICMP_ECHO_REQUEST)
}

/// By its number (RFC 792).
pub fn icmp_type(number: u8) -> Piece {
    let mut expressions = ipv4();
    expressions.extend(l4proto(Protocol::Icmp));
    expressions.extend([payload(PayloadBase::Transport, 0, 1, 0), equal(&[number])]);
    expressions
}

/// Any of the states.
pub fn ct_state(states: &[CtState]) -> Piece {
    any_bit(Ct::State, states.iter().fold(0, |mask, state| mask | *state as u32))
}

/// The connection's destination was translated: it came in by a [`dnat`] rule.
pub fn ct_status_dnat() -> Piece {
    any_bit(Ct::Status, STATUS_DNAT)
}

/// `iifname . oifname vmap @MAP`: the verdict of the map; no element, and the rule does not match.
pub fn vmap(fields: &[Source], map: &str) -> Piece {
    lookup(fields, map, true)
}

/// `ip saddr . meta l4proto . th dport @SET`
pub fn in_set(fields: &[Source], set: &str) -> Piece {
    lookup(fields, set, false)
}

/// `add @SET { ip saddr }`
pub fn add(fields: &[Source], set: &str) -> Piece {
    put(fields, set, false, None)
}

/// `update @SET { ip saddr counter }`
pub fn count_by(fields: &[Source], set: &str) -> Piece {
    put(fields, set, true, Some(Stateful::Counter))
}

/// `add @SET { ip saddr ct count over N }`
pub fn flows_over(fields: &[Source], set: &str, count: u32) -> Piece {
    put(fields, set, false, Some(Stateful::FlowsOver(count)))
}

/// `masquerade`
pub fn masquerade() -> Piece {
    smallvec![Expr::Masquerade]
}

/// `flow add @FLOWTABLE`
pub fn flow_add(flowtable: &str) -> Piece {
    smallvec![Expr::FlowAdd { flowtable: flowtable.to_owned() }]
}

/// `dnat ip to ADDR:PORTS`. The rule must have matched [`l4proto`]. With a range the kernel keeps the port a packet came with
/// when it lies in the range, and otherwise takes any one of it: it does not shift 80-90 to 8080-8090 one by one.
pub fn dnat(to: Ipv4Addr, ports: PortRange) -> Piece {
    let immediate = |register, data: &[u8]| Expr::Immediate { register, data: data.into() };
    let (address, port_min) = (0, 1);
    let mut expressions = smallvec![immediate(address, &to.octets()), immediate(port_min, &ports.first().to_be_bytes())];
    let port_max = if ports.count() == 1 { port_min } else { 2 };
    if port_max != port_min {
        expressions.push(immediate(port_max, &ports.last().to_be_bytes()));
    }
    expressions.push(Expr::Dnat { address, port_min, port_max });
    expressions
}

/// The key of a set element: each value padded to whole registers.
pub fn key(values: &[Value]) -> Key {
    let mut key = Key::new();
    for value in values {
        match value {
            Value::IfName(name) => key.extend_from_slice(name.bytes()),
            Value::Ipv4(address) => key.extend_from_slice(&address.octets()),
            Value::Mac(mac) => key.extend_from_slice(&mac.bytes()),
            Value::Group(group) => key.extend_from_slice(&group.to_ne_bytes()),
            Value::Protocol(protocol) => key.push(protocol.number()),
            Value::Port(port) => key.extend_from_slice(&port.to_be_bytes()),
        }
        key.resize(key.len().next_multiple_of(4), 0);
    }
    key
}

impl Source {
    /// The type of the set field it is looked up in.
    pub fn field(self) -> Field {
        match self {
            Source::Iifname | Source::Oifname => Field::IfName,
            Source::Iifgroup => Field::Group,
            Source::EtherSaddr | Source::ArpSaddrEther => Field::Mac,
            Source::ArpSaddrIp | Source::IpSaddr | Source::IpDaddr => Field::Ipv4,
            Source::L4proto => Field::Protocol,
            Source::Dport => Field::Port,
            Source::Random(_) => Field::Mark,
        }
    }

    fn load(self, register: u8) -> Expr {
        match self {
            Source::Iifname => meta(Meta::Iifname, register),
            Source::Oifname => meta(Meta::Oifname, register),
            Source::Iifgroup => meta(Meta::Iifgroup, register),
            Source::EtherSaddr => payload(PayloadBase::Link, ETHER_SADDR, 6, register),
            Source::ArpSaddrEther => payload(PayloadBase::Network, ARP_SADDR_ETHER, 6, register),
            Source::ArpSaddrIp => payload(PayloadBase::Network, ARP_SADDR_IP, 4, register),
            Source::IpSaddr => payload(PayloadBase::Network, IP_SADDR, 4, register),
            Source::IpDaddr => payload(PayloadBase::Network, IP_DADDR, 4, register),
            Source::L4proto => meta(Meta::L4proto, register),
            Source::Dport => payload(PayloadBase::Transport, TH_DPORT, 2, register),
            Source::Random(modulus) => Expr::Numgen { register, modulus },
        }
    }
}

impl Field {
    /// Bytes of a value, without the padding.
    pub fn size(self) -> usize {
        match self {
            Field::IfName => IFNAME_SIZE,
            Field::Ipv4 | Field::Mark | Field::Group => 4,
            Field::Mac => 6,
            Field::Protocol => 1,
            Field::Port => 2,
        }
    }

    /// How many 4-byte registers a value takes.
    pub fn registers(self) -> u8 {
        self.size().div_ceil(4) as u8
    }
}

fn lookup(fields: &[Source], set: &str, verdict: bool) -> Piece {
    let mut expressions = loaded(fields);
    expressions.push(Expr::Lookup { register: 0, set: set.to_owned(), verdict });
    expressions
}

fn put(fields: &[Source], set: &str, renew: bool, with: Option<Stateful>) -> Piece {
    let mut expressions = loaded(fields);
    expressions.push(Expr::Dynset { set: set.to_owned(), register: 0, renew, with });
    expressions
}

/// The key, from register 0 on.
fn loaded(fields: &[Source]) -> Piece {
    let addresses = fields.iter().any(|source| matches!(source, Source::IpSaddr | Source::IpDaddr));
    let mut expressions = if addresses { ipv4() } else { Piece::new() };
    let mut register = 0;
    for source in fields {
        expressions.push(source.load(register));
        register += source.field().registers();
    }
    expressions
}

/// The address is in a set of networks that all have this prefix length.
pub fn in_prefixes(of: Source, length: u8, set: &str) -> Piece {
    let mut expressions = in_set(&[of], set);
    if let Ok(net) = Ipv4Net::new(Ipv4Addr::UNSPECIFIED, length)
        && length < 32
    {
        let mask = Expr::Bitwise { register: 0, mask: net.netmask().octets()[..].into(), xor: ZEROS[..].into() };
        expressions.insert(expressions.len() - 1, mask);
    }
    expressions
}

/// A prefix of whole bytes is compared as such; any other is masked.
fn address(offset: u32, net: Ipv4Net) -> Piece {
    let (network, length) = (net.network().octets(), net.prefix_len());
    let whole_bytes = length > 0 && length.is_multiple_of(8);
    let size = if whole_bytes { usize::from(length / 8) } else { 4 };
    let mut expressions = ipv4();
    expressions.push(payload(PayloadBase::Network, offset, size as u32, 0));
    if !whole_bytes {
        expressions.push(Expr::Bitwise { register: 0, mask: net.netmask().octets()[..].into(), xor: ZEROS[..].into() });
    }
    expressions.push(equal(&network[..size]));
    expressions
}

/// Conntrack's words stand in registers in the machine's own byte order.
fn any_bit(key: Ct, mask: u32) -> Piece {
    smallvec![
        Expr::Ct { key, register: 0 },
        Expr::Bitwise { register: 0, mask: mask.to_ne_bytes()[..].into(), xor: ZEROS[..].into() },
        Expr::Cmp { register: 0, equal: false, data: ZEROS[..].into() },
    ]
}

fn meta(key: Meta, register: u8) -> Expr {
    Expr::Meta { key, register }
}

fn payload(base: PayloadBase, offset: u32, length: u32, register: u8) -> Expr {
    Expr::Payload { base, offset, length, register }
}

fn equal(data: &[u8]) -> Expr {
    Expr::Cmp { register: 0, equal: true, data: data.into() }
}

#[cfg(test)]
mod tests;
