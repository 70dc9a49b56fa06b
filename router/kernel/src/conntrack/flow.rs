use crate::nfnetlink::{Attributes, Malformed, Writer};
use std::net::Ipv4Addr;

/// `enum ctattr_type` and those nested in it (include/uapi/linux/netfilter/nfnetlink_conntrack.h)
const CTA_TUPLE_ORIG: u16 = 1;
const CTA_TUPLE_REPLY: u16 = 2;
const CTA_STATUS: u16 = 3;
const CTA_ID: u16 = 12;
const CTA_ZONE: u16 = 18;
const CTA_TUPLE_IP: u16 = 1;
const CTA_TUPLE_PROTO: u16 = 2;
const CTA_IP_V4_SRC: u16 = 1;
const CTA_IP_V4_DST: u16 = 2;
const CTA_PROTO_NUM: u16 = 1;
const CTA_PROTO_SRC_PORT: u16 = 2;
const CTA_PROTO_DST_PORT: u16 = 3;
const CTA_PROTO_ICMP_ID: u16 = 4;
const CTA_PROTO_ICMP_TYPE: u16 = 5;
const CTA_PROTO_ICMP_CODE: u16 = 6;
/// `IPS_SRC_NAT`, `IPS_DST_NAT`
const STATUS_SNAT: u32 = 1 << 4;
const STATUS_DNAT: u32 = 1 << 5;

/// One tracked connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flow {
    /// Of this entry: a later one with the same tuples has another.
    pub id: u32,
    /// 0 unless a rule says otherwise.
    pub zone: u16,
    /// As the opener's packets come in.
    pub original: Tuple,
    /// As the answers come in: with NAT not the mirror image of `original`.
    pub reply: Tuple,
    /// The opener's address or port is translated.
    pub snat: bool,
    /// The opener's goal is translated.
    pub dnat: bool,
}

/// One direction of a connection: what its packets have in their headers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tuple {
    /// Who sends.
    pub source: Ipv4Addr,
    /// Who receives.
    pub destination: Ipv4Addr,
    /// IANA protocol number
    pub protocol: u8,
    /// What tells it from others of the same protocol between the same two.
    pub ports: Ports,
}

/// What of a transport header a connection is known by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ports {
    /// Of TCP, UDP and others that have them.
    Ports {
        /// The sender's.
        source: u16,
        /// The receiver's.
        destination: u16,
    },
    /// Of ICMP (RFC 792).
    Icmp {
        /// Its type.
        kind: u8,
        /// Its code.
        code: u8,
        /// The identifier of an echo.
        id: u16,
    },
    /// Of a protocol that has neither.
    None,
}

pub fn read(attributes: Attributes) -> Result<Flow, Malformed> {
    let tuple = |kind| attributes.nested(kind).and_then(read_tuple).ok_or(Malformed("a connection without its tuples"));
    let status = attributes.u32(CTA_STATUS).unwrap_or(0);
    Ok(Flow {
        id: attributes.u32(CTA_ID).ok_or(Malformed("a connection without its number"))?,
        zone: attributes.u16(CTA_ZONE).unwrap_or(0),
        original: tuple(CTA_TUPLE_ORIG)?,
        reply: tuple(CTA_TUPLE_REPLY)?,
        snat: status & STATUS_SNAT != 0,
        dnat: status & STATUS_DNAT != 0,
    })
}

/// What tells the flow from others. The original tuple is always written: a deletion without one would delete every flow.
pub fn write(writer: &mut Writer, flow: &Flow) {
    writer.nest(CTA_TUPLE_ORIG, |writer| write_tuple(writer, &flow.original));
    writer.u32(CTA_ID, flow.id);
    if flow.zone != 0 {
        writer.u16(CTA_ZONE, flow.zone);
    }
}

fn read_tuple(tuple: Attributes) -> Option<Tuple> {
    let (ip, proto) = (tuple.nested(CTA_TUPLE_IP)?, tuple.nested(CTA_TUPLE_PROTO)?);
    let address = |kind| ip.u32(kind).map(Ipv4Addr::from_bits);
    let ports = if let (Some(source), Some(destination)) = (proto.u16(CTA_PROTO_SRC_PORT), proto.u16(CTA_PROTO_DST_PORT)) {
        Ports::Ports { source, destination }
    } else if let Some(id) = proto.u16(CTA_PROTO_ICMP_ID) {
        Ports::Icmp { kind: proto.u8(CTA_PROTO_ICMP_TYPE)?, code: proto.u8(CTA_PROTO_ICMP_CODE)?, id }
    } else {
        Ports::None
    };
    Some(Tuple {
        source: address(CTA_IP_V4_SRC)?,
        destination: address(CTA_IP_V4_DST)?,
        protocol: proto.u8(CTA_PROTO_NUM)?,
        ports,
    })
}

fn write_tuple(writer: &mut Writer, tuple: &Tuple) {
    writer.nest(CTA_TUPLE_IP, |writer| {
        writer.u32(CTA_IP_V4_SRC, tuple.source.to_bits());
        writer.u32(CTA_IP_V4_DST, tuple.destination.to_bits());
    });
    writer.nest(CTA_TUPLE_PROTO, |writer| {
        writer.u8(CTA_PROTO_NUM, tuple.protocol);
        match tuple.ports {
            Ports::Ports { source, destination } => {
                writer.u16(CTA_PROTO_SRC_PORT, source);
                writer.u16(CTA_PROTO_DST_PORT, destination);
            }
            Ports::Icmp { kind, code, id } => {
                writer.u16(CTA_PROTO_ICMP_ID, id);
                writer.u8(CTA_PROTO_ICMP_TYPE, kind);
                writer.u8(CTA_PROTO_ICMP_CODE, code);
            }
            Ports::None => {}
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::{prelude::*, sample::Index};

    fn tuple() -> impl Strategy<Value = Tuple> {
        let ports = prop_oneof![
            any::<(u16, u16)>().prop_map(|(source, destination)| Ports::Ports { source, destination }),
            any::<(u8, u8, u16)>().prop_map(|(kind, code, id)| Ports::Icmp { kind, code, id }),
            Just(Ports::None),
        ];
        (any::<Ipv4Addr>(), any::<Ipv4Addr>(), any::<u8>(), ports).prop_map(|(source, destination, protocol, ports)| Tuple {
            source,
            destination,
            protocol,
            ports,
        })
    }

    fn written(original: &Tuple, reply: &Tuple) -> Vec<u8> {
        let mut writer = Writer::default();
        writer.nest(CTA_TUPLE_ORIG, |writer| write_tuple(writer, original));
        writer.nest(CTA_TUPLE_REPLY, |writer| write_tuple(writer, reply));
        writer.u32(CTA_STATUS, STATUS_DNAT);
        writer.u32(CTA_ID, 7);
        writer.finish().unwrap()
    }

    proptest! {
        #[test]
        fn a_flow_is_read_as_written(original in tuple(), reply in tuple()) {
            let flow = read(Attributes::parse(&written(&original, &reply)).unwrap()).unwrap();
            prop_assert_eq!(flow, Flow { id: 7, zone: 0, original, reply, snat: false, dnat: true });
        }

        #[test]
        fn damage_is_an_error_at_most(original in tuple(), reply in tuple(), damage: Vec<(Index, u8)>) {
            let mut bytes = written(&original, &reply);
            for (at, byte) in damage {
                *at.get_mut(&mut bytes) = byte;
            }
            let _ = Attributes::parse(&bytes).map(read);
        }
    }
}
