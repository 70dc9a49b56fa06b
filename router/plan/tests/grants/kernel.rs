//! What nf_tables does with a packet: as much of it as our tables use, written from the kernel's side and not from ours.

use edge_plan::nft::{Ct, Expr, Field, Hook, Meta, NftVerdict, PayloadBase, Stateful, Table};
use std::net::Ipv4Addr;

/// `NF_CT_STATE_BIT`, `IPS_DST_NAT` (nf_conntrack_common.h)
pub const ESTABLISHED: u32 = 2;
pub const NEW: u32 = 8;
const DST_NAT: u32 = 1 << 5;

/// A packet on its way through the router.
#[derive(Clone, Debug)]
pub struct Packet {
    pub iif: String,
    /// None before it is routed and where it is for the router itself.
    pub oif: Option<String>,
    pub source: Ipv4Addr,
    pub destination: Ipv4Addr,
    pub protocol: u8,
    /// Of ICMP: its type, in the first byte.
    pub source_port: u16,
    pub destination_port: u16,
    pub state: u32,
    pub status: u32,
}

/// Whether the base chains of a hook let it pass. A nat chain may give it another destination.
pub fn passes(table: &Table, hook: Hook, packet: &mut Packet) -> bool {
    let base = |chain: &edge_plan::nft::Chain| chain.base.filter(|base| base.hook == hook).map(|base| (base.priority, base.drop));
    let mut chains: Vec<_> = table.chains.iter().filter_map(|chain| Some((base(chain)?, &chain.name))).collect();
    chains.sort();
    chains.iter().all(|((_, drop), name)| walk(table, name, packet).unwrap_or(!drop))
}

/// `None`: it came to the end, or a rule said `return`.
fn walk(table: &Table, name: &str, packet: &mut Packet) -> Option<bool> {
    let chain = table.chains.iter().find(|chain| chain.name == name).unwrap_or_else(|| panic!("no chain {name}"));
    for rule in &chain.rules {
        match evaluate(table, &rule.expressions, packet) {
            None => {}
            Some(NftVerdict::Accept) => return Some(true),
            Some(NftVerdict::Drop) => return Some(false),
            Some(NftVerdict::Return) => return None,
            Some(NftVerdict::Goto(to)) => return walk(table, &to, packet),
            Some(NftVerdict::Jump(to)) => {
                if let Some(end) = walk(table, &to, packet) {
                    return Some(end);
                }
            }
        }
    }
    None
}

/// One rule; `None`: it does not match, or says nothing of where to go.
fn evaluate(table: &Table, expressions: &[Expr], packet: &mut Packet) -> Option<NftVerdict> {
    let mut registers = Registers([0; 80]);
    for expression in expressions {
        match expression {
            Expr::Meta { key, register } => registers.load(*register, &packet.meta(*key)?),
            Expr::Payload { base, offset, length, register } => {
                let from = *offset as usize;
                registers.load(*register, packet.header(*base).get(from..from + *length as usize)?);
            }
            Expr::Ct { key: Ct::State, register } => registers.load(*register, &packet.state.to_ne_bytes()),
            Expr::Ct { key: Ct::Status, register } => registers.load(*register, &packet.status.to_ne_bytes()),
            Expr::Bitwise { register, mask, xor } => registers.mask(*register, mask, xor),
            Expr::Cmp { register, equal, data } if (registers.at(*register, data.len()) == data.as_slice()) == *equal => {}
            Expr::Range { register, from, to } if (&from[..]..=&to[..]).contains(&registers.at(*register, from.len())) => {}
            Expr::Cmp { .. } | Expr::Range { .. } => return None,
            Expr::Lookup { register, set, verdict } => {
                let found = look_up(table, set, &registers, *register)?;
                if *verdict {
                    return found;
                }
            }
            Expr::Immediate { register, data } => registers.load(*register, data),
            Expr::Verdict(verdict) => return Some(verdict.clone()),
            Expr::Dnat { address, port_min, port_max } => {
                packet.translate(&registers, *address, *port_min, *port_max);
                return Some(NftVerdict::Accept);
            }
            Expr::Masquerade => return Some(NftVerdict::Accept),
            Expr::Counter => {}
            // Nobody has more flows than he may.
            Expr::Dynset { with: Some(Stateful::FlowsOver(_)), .. } => return None,
            Expr::Dynset { .. } => {}
            Expr::Numgen { register, .. } => registers.load(*register, &[0; 4]),
            Expr::FlowAdd { .. } | Expr::Other { .. } => panic!("not in a policy: {expression:?}"),
        }
    }
    None
}

fn look_up(table: &Table, name: &str, registers: &Registers, register: u8) -> Option<Option<NftVerdict>> {
    let set = table.sets.iter().find(|set| set.name == name).unwrap_or_else(|| panic!("no set {name}"));
    let length: u8 = set.fields.iter().map(|field: &Field| field.registers()).sum();
    set.elements.get(registers.at(register, usize::from(length) * 4)).cloned()
}

/// Slots of four bytes, one after the other.
struct Registers([u8; 80]);

impl Registers {
    fn load(&mut self, register: u8, data: &[u8]) {
        let start = usize::from(register) * 4;
        self.0[start..start + data.len().next_multiple_of(4)].fill(0);
        self.0[start..start + data.len()].copy_from_slice(data);
    }

    fn at(&self, register: u8, length: usize) -> &[u8] {
        let start = usize::from(register) * 4;
        &self.0[start..start + length]
    }

    fn mask(&mut self, register: u8, mask: &[u8], xor: &[u8]) {
        let data: Vec<u8> =
            self.at(register, mask.len()).iter().zip(mask).zip(xor).map(|((byte, mask), xor)| (byte & mask) ^ xor).collect();
        self.load(register, &data);
    }

    fn port(&self, register: u8) -> u16 {
        let bytes = self.at(register, 2);
        u16::from_be_bytes([bytes[0], bytes[1]])
    }
}

impl Packet {
    fn meta(&self, key: Meta) -> Option<Vec<u8>> {
        let link = |name: &str| {
            let mut bytes = name.as_bytes().to_vec();
            bytes.resize(16, 0);
            bytes
        };
        Some(match key {
            Meta::Iifname => link(&self.iif),
            Meta::Oifname => link(self.oif.as_deref()?),
            // NFPROTO_IPV4
            Meta::Nfproto => vec![2],
            Meta::L4proto => vec![self.protocol],
            // Of the bridge's table only.
            Meta::Protocol | Meta::Iifgroup => return None,
        })
    }

    fn header(&self, base: PayloadBase) -> Vec<u8> {
        match base {
            PayloadBase::Network => [&[0; 12], &self.source.octets()[..], &self.destination.octets()].concat(),
            // A packet has lost its frame here.
            PayloadBase::Link => Vec::new(),
            PayloadBase::Transport => [self.source_port.to_be_bytes(), self.destination_port.to_be_bytes()].concat(),
        }
    }

    /// A port that lies in the range stays.
    fn translate(&mut self, registers: &Registers, address: u8, port_min: u8, port_max: u8) {
        let octets = registers.at(address, 4);
        self.destination = Ipv4Addr::new(octets[0], octets[1], octets[2], octets[3]);
        let ports = registers.port(port_min)..=registers.port(port_max);
        if !ports.contains(&self.destination_port) {
            self.destination_port = *ports.start();
        }
        self.status |= DST_NAT;
    }

    pub fn is_translated(&self) -> bool {
        self.status & DST_NAT != 0
    }
}
