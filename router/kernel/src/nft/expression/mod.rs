use crate::nfnetlink::{Attributes, Writer};
use edge_plan::nft::{Ct, Data, Expr, Meta, PayloadBase};

mod dynset;
pub mod verdict;

const NFTA_EXPR_NAME: u16 = 1;
const NFTA_EXPR_DATA: u16 = 2;
const NFTA_DATA_VALUE: u16 = 1;
const NFTA_FLOW_TABLE_NAME: u16 = 1;
/// `NFT_REG32_00`; below are the 16-byte registers 1 to 4 and the verdict, 0.
const REG32_00: u32 = 8;
const REG_VERDICT: u32 = 0;
/// `NFT_CMP_EQ`, `NFT_RANGE_EQ`
const EQ: u32 = 0;
const NEQ: u32 = 1;
/// `NFT_NG_RANDOM`
const RANDOM: u32 = 1;
const NFT_NAT_DNAT: u32 = 1;
const NFPROTO_IPV4: u32 = 2;
/// `NF_NAT_RANGE_MAP_IPS`, `NF_NAT_RANGE_PROTO_SPECIFIED`: the kernel adds what the registers imply.
const RANGE_MAP_IPS: u32 = 1;
const RANGE_PROTO_SPECIFIED: u32 = 2;

pub fn write(writer: &mut Writer, expression: &Expr) {
    writer.string(NFTA_EXPR_NAME, name(expression));
    writer.nest(NFTA_EXPR_DATA, |writer| match expression {
        Expr::Meta { key, register } => numbers(writer, [reg(*register), *key as u32]),
        Expr::Payload { base, offset, length, register } => {
            numbers(writer, [reg(*register), *base as u32, *offset, *length]);
        }
        Expr::Ct { key, register } => numbers(writer, [reg(*register), *key as u32]),
        Expr::Bitwise { register, mask, xor } => {
            numbers(writer, [reg(*register), reg(*register), mask.len() as u32]);
            data(writer, 4, mask);
            data(writer, 5, xor);
        }
        Expr::Cmp { register, equal, data: value } => {
            numbers(writer, [reg(*register), if *equal { EQ } else { NEQ }]);
            data(writer, 3, value);
        }
        Expr::Range { register, from, to } => {
            numbers(writer, [reg(*register), EQ]);
            data(writer, 3, from);
            data(writer, 4, to);
        }
        Expr::Lookup { register, set, verdict } => {
            writer.string(1, set);
            writer.u32(2, reg(*register));
            if *verdict {
                writer.u32(3, REG_VERDICT);
            }
        }
        Expr::Dynset { set, register, renew, with } => dynset::write(writer, set, reg(*register), *renew, *with),
        Expr::Numgen { register, modulus } => numbers(writer, [reg(*register), *modulus, RANDOM]),
        Expr::Immediate { register, data: value } => {
            writer.u32(1, reg(*register));
            data(writer, 2, value);
        }
        Expr::Verdict(value) => {
            writer.u32(1, REG_VERDICT);
            writer.nest(2, |writer| verdict::write(writer, value));
        }
        Expr::Counter | Expr::Masquerade => {}
        Expr::Dnat { address, port_min, port_max } => {
            let (address, flags) = (reg(*address), RANGE_MAP_IPS | RANGE_PROTO_SPECIFIED);
            numbers(writer, [NFT_NAT_DNAT, NFPROTO_IPV4, address, address, reg(*port_min), reg(*port_max), flags]);
        }
        Expr::FlowAdd { flowtable } => writer.string(NFTA_FLOW_TABLE_NAME, flowtable),
        Expr::Other { data, .. } => writer.raw(data),
    });
}

/// What is not known to its last attribute is [`Expr::Other`].
pub fn read(attributes: Attributes) -> Expr {
    let name = attributes.string(NFTA_EXPR_NAME).unwrap_or_default();
    let data = attributes.get(NFTA_EXPR_DATA).unwrap_or_default();
    let known = Attributes::parse(data).ok().and_then(|a| known(name, a));
    known.unwrap_or_else(|| Expr::Other { name: name.to_owned(), data: data.to_vec() })
}

fn name(expression: &Expr) -> &str {
    match expression {
        Expr::Meta { .. } => "meta",
        Expr::Payload { .. } => "payload",
        Expr::Ct { .. } => "ct",
        Expr::Bitwise { .. } => "bitwise",
        Expr::Cmp { .. } => "cmp",
        Expr::Range { .. } => "range",
        Expr::Lookup { .. } => "lookup",
        Expr::Dynset { .. } => "dynset",
        Expr::Numgen { .. } => "numgen",
        Expr::Immediate { .. } | Expr::Verdict(_) => "immediate",
        Expr::Counter => "counter",
        Expr::Masquerade => "masq",
        Expr::Dnat { .. } => "nat",
        Expr::FlowAdd { .. } => "flow_offload",
        Expr::Other { name, .. } => name,
    }
}

fn known(name: &str, a: Attributes) -> Option<Expr> {
    let register = |kind| slot(a.u32(kind)?);
    let value = |kind| -> Option<Data> { Some(a.nested(kind)?.get(NFTA_DATA_VALUE)?.into()) };
    match name {
        "meta" if a.only(&[1, 2]) => {
            Some(Expr::Meta { register: register(1)?, key: of_number(Meta::ALL, a.u32(2)?, |key| key as u32)? })
        }
        "payload" if a.only(&[1, 2, 3, 4]) => Some(Expr::Payload {
            register: register(1)?,
            base: of_number(PayloadBase::ALL, a.u32(2)?, |base| base as u32)?,
            offset: a.u32(3)?,
            length: a.u32(4)?,
        }),
        "ct" if a.only(&[1, 2]) => {
            Some(Expr::Ct { register: register(1)?, key: of_number(Ct::ALL, a.u32(2)?, |key| key as u32)? })
        }
        // Attribute 6 is the operation, 0 being mask and xor.
        "bitwise" if a.only(&[1, 2, 3, 4, 5, 6]) && a.u32(6).unwrap_or(0) == 0 && a.u32(1) == a.u32(2) => {
            Some(Expr::Bitwise { register: register(1)?, mask: value(4)?, xor: value(5)? })
        }
        "cmp" if a.only(&[1, 2, 3]) && matches!(a.u32(2)?, EQ | NEQ) => {
            Some(Expr::Cmp { register: register(1)?, equal: a.u32(2)? == EQ, data: value(3)? })
        }
        "range" if a.only(&[1, 2, 3, 4]) && a.u32(2)? == EQ => {
            Some(Expr::Range { register: register(1)?, from: value(3)?, to: value(4)? })
        }
        // Attribute 5 holds flags: 1 inverts.
        "lookup" if a.only(&[1, 2, 3, 5]) && a.u32(5).unwrap_or(0) == 0 => {
            let verdict = match a.u32(3) {
                None => false,
                Some(REG_VERDICT) => true,
                Some(_) => return None,
            };
            Some(Expr::Lookup { set: a.string(1)?.to_owned(), register: register(2)?, verdict })
        }
        "dynset" => dynset::read(a),
        // Attribute 4 is what is added to it.
        "numgen" if a.only(&[1, 2, 3, 4]) && a.u32(3)? == RANDOM && a.u32(4).unwrap_or(0) == 0 => {
            Some(Expr::Numgen { register: register(1)?, modulus: a.u32(2)? })
        }
        "immediate" if a.only(&[1, 2]) => match a.u32(1)? {
            REG_VERDICT => verdict::read(a.nested(2)?).map(Expr::Verdict),
            _ => Some(Expr::Immediate { register: register(1)?, data: value(2)? }),
        },
        "counter" => Some(Expr::Counter),
        "masq" if a.only(&[]) => Some(Expr::Masquerade),
        "nat" => dnat(a),
        "flow_offload" if a.only(&[NFTA_FLOW_TABLE_NAME]) => {
            Some(Expr::FlowAdd { flowtable: a.string(NFTA_FLOW_TABLE_NAME)?.to_owned() })
        }
        _ => None,
    }
}

fn dnat(a: Attributes) -> Option<Expr> {
    let flags = a.u32(7).unwrap_or(0) & !(RANGE_MAP_IPS | RANGE_PROTO_SPECIFIED);
    let known = a.only(&[1, 2, 3, 4, 5, 6, 7]) && a.u32(1)? == NFT_NAT_DNAT && a.u32(2)? == NFPROTO_IPV4 && flags == 0;
    let (address, port_min) = (slot(a.u32(3)?)?, slot(a.u32(5)?)?);
    let one_address = a.u32(4).is_none_or(|register| slot(register) == Some(address));
    let port_max = slot(a.u32(6).or(a.u32(5))?)?;
    (known && one_address).then_some(Expr::Dnat { address, port_min, port_max })
}

/// Attributes 1, 2, 3, …
fn numbers<const N: usize>(writer: &mut Writer, values: [u32; N]) {
    for (kind, value) in (1..).zip(values) {
        writer.u32(kind, value);
    }
}

fn data(writer: &mut Writer, kind: u16, value: &[u8]) {
    writer.nest(kind, |writer| writer.bytes(NFTA_DATA_VALUE, value));
}

fn reg(slot: u8) -> u32 {
    REG32_00 + u32::from(slot)
}

/// The kernel lists a 4-byte register that begins a 16-byte one under the latter's number.
fn slot(register: u32) -> Option<u8> {
    match register {
        1..=4 => u8::try_from((register - 1) * 4).ok(),
        8..=23 => u8::try_from(register - REG32_00).ok(),
        _ => None,
    }
}

fn of_number<T: Copy, const N: usize>(all: [T; N], wanted: u32, number: fn(T) -> u32) -> Option<T> {
    all.into_iter().find(|value| number(*value) == wanted)
}
