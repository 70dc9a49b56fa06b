//! What of a packet a line looks at. All there is to know of it stands here: how a file says it, whether a packet fits, the
//! expressions of `nft` for it, and its words for a reader.

use crate::nft::build::{Piece, ct_status_dnat, dport, icmp_type, l4proto, sport};
use edge_config::Allow;
use edge_net::{PortRange, Protocol};
use std::fmt;

/// What the first packet of a flow must have to fit; what is not asked for fits always.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Match {
    protocol: Option<Protocol>,
    /// Where to; with `protocol` TCP or UDP only.
    ports: Option<PortRange>,
    /// Where from; with `protocol` TCP or UDP only.
    source_port: Option<u16>,
    /// With `protocol` ICMP only.
    icmp_type: Option<u8>,
    translated: bool,
}

/// What a [`Match`] looks at, of the packet that opens a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packet {
    /// IP protocol number (IANA protocol-numbers).
    pub protocol: u8,
    /// Zero where the protocol has no ports.
    pub source_port: u16,
    /// After destination NAT; zero where the protocol has no ports.
    pub destination_port: u16,
    /// RFC 792; none where it is not ICMP.
    pub icmp_type: Option<u8>,
    /// It came to an address of the router's and was sent on to another by destination NAT.
    pub translated: bool,
}

impl Match {
    /// RFC 792
    const ECHO_REQUEST: u8 = 8;

    /// Every packet.
    pub const ALL: Self = Self { protocol: None, ports: None, source_port: None, icmp_type: None, translated: false };
    /// The question of a ping.
    pub const PING: Self = Self { protocol: Some(Protocol::Icmp), icmp_type: Some(Self::ECHO_REQUEST), ..Self::ALL };

    /// Every packet of a protocol.
    pub const fn protocol(protocol: Protocol) -> Self {
        Self { protocol: Some(protocol), ..Self::ALL }
    }

    /// To these ports of TCP or UDP.
    pub const fn ports(protocol: Protocol, ports: PortRange) -> Self {
        Self { ports: Some(ports), ..Self::protocol(protocol) }
    }

    /// TCP to these ports.
    pub const fn tcp(ports: PortRange) -> Self {
        Self::ports(Protocol::Tcp, ports)
    }

    /// UDP to these ports.
    pub const fn udp(ports: PortRange) -> Self {
        Self::ports(Protocol::Udp, ports)
    }

    /// From this port only: for TCP and UDP.
    pub const fn from_port(self, port: u16) -> Self {
        Self { source_port: Some(port), ..self }
    }

    /// Of these only what came by destination NAT.
    pub const fn translated(self) -> Self {
        Self { translated: true, ..self }
    }

    /// What an `[[allow]]` asks for: a packet that fits one of these is let through.
    pub fn of(allow: &Allow) -> Vec<Self> {
        let all = Self { protocol: allow.protocol, ..Self::ALL };
        if allow.ports.is_empty() {
            return vec![all];
        }
        allow.ports.iter().map(|ports| Self { ports: Some(*ports), ..all }).collect()
    }

    /// Whether this packet has what is asked for.
    pub fn fits(&self, packet: &Packet) -> bool {
        self.protocol.is_none_or(|protocol| protocol.number() == packet.protocol)
            && self.ports.is_none_or(|ports| ports.contains(packet.destination_port))
            && self.source_port.is_none_or(|port| port == packet.source_port)
            && self.icmp_type.is_none_or(|kind| packet.icmp_type == Some(kind))
            && (packet.translated || !self.translated)
    }

    /// Whether some packet fits both, of two that an `[[allow]]` asks for.
    pub(crate) fn overlaps(&self, other: &Self) -> bool {
        let have_in_common = |(one, two): (PortRange, PortRange)| one.overlaps(&two);
        self.protocol.zip(other.protocol).is_none_or(|(one, two)| one == two)
            && self.ports.zip(other.ports).is_none_or(have_in_common)
    }

    /// What is asked of the connection, as a rule begins with it.
    pub(crate) fn connection(&self) -> Piece {
        if self.translated { ct_status_dnat() } else { Piece::new() }
    }

    /// What is asked of the transport header, as a rule has it after the addresses.
    pub(crate) fn transport(&self) -> Piece {
        let pieces =
            [self.protocol.map(l4proto), self.icmp_type.map(icmp_type), self.source_port.map(sport), self.ports.map(dport)];
        pieces.into_iter().flatten().flatten().collect()
    }
}

impl Packet {
    /// The question of a ping.
    pub const PING: Self = Self { icmp_type: Some(Match::ECHO_REQUEST), ..Self::of(1) };
    /// A resolver's first question (RFC 1035, 4.2.1); its own port is any.
    pub const NAME_QUERY: Self = Self { destination_port: 53, ..Self::of(17) };
    /// The same of a resolver that asks by TCP alone.
    pub(crate) const NAME_QUERY_BY_TCP: Self = Self { destination_port: 53, ..Self::of(6) };

    /// Of whom nothing but the protocol is known.
    pub const fn of(protocol: u8) -> Self {
        Self { protocol, source_port: 0, destination_port: 0, icmp_type: None, translated: false }
    }
}

/// `icmp`, `tcp 443`, `udp 8000-8010`, `all`
impl fmt::Display for Match {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match (self.protocol, self.ports) {
            (Some(protocol), Some(ports)) => write!(f, "{protocol} {ports}"),
            (Some(protocol), None) => write!(f, "{protocol}"),
            (None, _) => f.write_str("all"),
        }
    }
}
