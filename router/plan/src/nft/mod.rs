//! An nftables table as data, at the level the kernel has it (registers and expressions), so that what the kernel
//! lists can be compared with what was wanted. The functions in [`build`] read like the `nft` language.
//!
//! Family is always `inet`.

pub mod build;
mod delta;
mod edit;

pub use delta::{ChainDelta, ElementsDelta, TableDelta};
pub use edit::{Edit, edits};
use smallvec::SmallVec;
use std::collections::BTreeMap;

/// Equal in whatever order its chains and sets were made: a chain that stays where it is keeps its place when others come and go.
#[derive(Clone, Debug, Default)]
pub struct Table {
    pub name: String,
    pub comment: Option<String>,
    /// In the order they are made; a chain may be named by maps and jumps before or after.
    pub chains: Vec<Chain>,
    pub sets: Vec<Set>,
    /// What the kernel lists in our table that these types cannot say, in words: somebody edited it by hand. Never wanted, never written.
    pub foreign: Vec<String>,
}

impl PartialEq for Table {
    fn eq(&self, other: &Self) -> bool {
        fn by_name<T>(list: &[T], name: fn(&T) -> &str) -> BTreeMap<&str, &T> {
            list.iter().map(|entry| (name(entry), entry)).collect()
        }
        (&self.name, &self.comment, &self.foreign) == (&other.name, &other.comment, &other.foreign)
            && (self.chains.len(), self.sets.len()) == (other.chains.len(), other.sets.len())
            && by_name(&self.chains, |chain| &chain.name) == by_name(&other.chains, |chain| &chain.name)
            && by_name(&self.sets, |set| &set.name) == by_name(&other.sets, |set| &set.name)
    }
}

impl Eq for Table {}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain {
    pub name: String,
    /// `None`: reached by jumps only.
    pub base: Option<BaseChain>,
    pub rules: Vec<Rule>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BaseChain {
    pub kind: ChainKind,
    pub hook: Hook,
    pub priority: i32,
    /// True: what falls through is dropped.
    pub drop: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChainKind {
    Filter,
    Nat,
}

/// `enum nf_inet_hooks`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hook {
    Prerouting = 0,
    Input = 1,
    Forward = 2,
    Output = 3,
    Postrouting = 4,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Rule {
    pub expressions: Vec<Expr>,
    pub comment: Option<String>,
}

impl Rule {
    /// The names of those it looks in.
    pub fn sets(&self) -> impl Iterator<Item = &str> {
        self.expressions.iter().filter_map(|part| if let Expr::Lookup { set, .. } = part { Some(set.as_str()) } else { None })
    }
}

/// A named set, or with `verdicts` a named verdict map. Keys are the concatenation of `fields`, hashed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Set {
    pub name: String,
    pub fields: Vec<Field>,
    pub verdicts: bool,
    /// Key bytes as they stand in registers: each field padded to a multiple of four bytes. The value is `None` in a plain set.
    pub elements: BTreeMap<Vec<u8>, Option<Verdict>>,
}

/// The type of one field of a set's key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    IfName,
    Ipv4,
    Protocol,
    Port,
}

/// What registers are compared with or given. A register has 16 bytes (`NFT_REG_SIZE`), and we use no more.
pub type Data = SmallVec<[u8; 16]>;

/// One of the kernel's expressions (include/uapi/linux/netfilter/nf_tables.h). Registers are `NFT_REG32_00 + n` by 4-byte slot number `n`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Expr {
    Meta {
        key: Meta,
        register: u8,
    },
    Payload {
        base: PayloadBase,
        offset: u32,
        length: u32,
        register: u8,
    },
    Ct {
        key: Ct,
        register: u8,
    },
    Bitwise {
        register: u8,
        mask: Data,
        xor: Data,
    },
    Cmp {
        register: u8,
        equal: bool,
        data: Data,
    },
    /// `from <= register <= to`, both inclusive
    Range {
        register: u8,
        from: Data,
        to: Data,
    },
    /// In a set, or with `verdict` the verdict of a map.
    Lookup {
        register: u8,
        set: String,
        verdict: bool,
    },
    Immediate {
        register: u8,
        data: Data,
    },
    Verdict(Verdict),
    Counter,
    Masquerade,
    /// IPv4 destination NAT to the address and the port (range) in registers.
    Dnat {
        address: u8,
        port_min: u8,
        port_max: u8,
    },
    /// Lets the flowtable have the packet's flow.
    FlowAdd {
        flowtable: String,
    },
    /// Listed by the kernel and none of the above: somebody edited the table by hand. `data` is the netlink attribute `NFTA_EXPR_DATA`.
    Other {
        name: String,
        data: Vec<u8>,
    },
}

/// `enum nft_meta_keys`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Meta {
    Iifname = 6,
    Oifname = 7,
    Nfproto = 15,
    L4proto = 16,
}

/// `enum nft_ct_keys`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ct {
    State = 0,
    Status = 2,
}

/// `enum nft_payload_bases`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PayloadBase {
    Network = 1,
    Transport = 2,
}

impl Meta {
    /// What can be read back.
    pub const ALL: [Self; 4] = [Self::Iifname, Self::Oifname, Self::Nfproto, Self::L4proto];
}

impl Ct {
    /// What can be read back.
    pub const ALL: [Self; 2] = [Self::State, Self::Status];
}

impl PayloadBase {
    /// What can be read back.
    pub const ALL: [Self; 2] = [Self::Network, Self::Transport];
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    Accept,
    Drop,
    Return,
    Jump(String),
    Goto(String),
}
