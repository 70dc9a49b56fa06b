//! An nftables table as data, at the level the kernel has it (registers and expressions), so that what the kernel
//! lists can be compared with what was wanted. The functions in [`build`] read like the `nft` language.
//!
//! Its [`Family`] is said by who holds it: rules are the same in each.

pub mod build;
mod delta;
mod edit;

pub use delta::{ChainDelta, ElementsDelta, TableDelta};
pub use edit::{Edit, edits};
use smallvec::SmallVec;
use std::{borrow::Cow, collections::BTreeMap, time::Duration};

/// In which of the kernel's families a table is: which packets it sees, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// IPv4 and IPv6, at the stations of a router.
    Inet = 1,
    /// Frames that pass a bridge.
    Bridge = 7,
}

impl Family {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Inet, Self::Bridge];

    /// As `nft` has it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Inet => "inet",
            Self::Bridge => "bridge",
        }
    }
}

/// Equal in whatever order its chains and sets were made: a chain that stays where it is keeps its place when others come and go.
#[derive(Clone, Debug, Default)]
pub struct Table {
    /// Unique in the family in its namespace.
    pub name: String,
    /// For whoever lists it (`NFTA_TABLE_USERDATA`).
    pub comment: Option<String>,
    /// In the order they are made; a chain may be named by maps and jumps before or after.
    pub chains: Vec<Chain>,
    /// Sets and verdict maps that the rules look in.
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

/// A list of rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain {
    /// Unique in its table.
    pub name: String,
    /// `None`: reached by jumps only.
    pub base: Option<BaseChain>,
    /// Read from the first one; the first final verdict counts.
    pub rules: Vec<Rule>,
}

/// Where the kernel calls a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BaseChain {
    /// For what it is called.
    pub kind: ChainKind,
    /// At which point of a packet's way.
    pub hook: Hook,
    /// Lower is earlier (`enum nf_ip_hook_priorities`).
    pub priority: i32,
    /// True: what falls through is dropped.
    pub drop: bool,
}

/// `type` of a base chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChainKind {
    /// Called for every packet.
    Filter,
    /// Called for the first packet of a connection; what it decides holds for all.
    Nat,
}

/// `enum nf_inet_hooks`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hook {
    /// Before routing, on arrival.
    Prerouting = 0,
    /// For this host.
    Input = 1,
    /// From one link to another.
    Forward = 2,
    /// From this host.
    Output = 3,
    /// After routing, on departure.
    Postrouting = 4,
}

/// Expressions that are evaluated in turn; the first that does not match ends the rule.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Rule {
    /// In the order of their evaluation.
    pub expressions: Vec<Expr>,
    /// As `nft` shows it: at most 128 bytes.
    pub comment: Option<Cow<'static, str>>,
}

impl Rule {
    /// The names of those it looks in or puts into.
    pub fn sets(&self) -> impl Iterator<Item = &str> {
        self.expressions.iter().filter_map(|part| match part {
            Expr::Lookup { set, .. } | Expr::Dynset { set, .. } => Some(set.as_str()),
            _ => None,
        })
    }
}

/// Of an element of a set: most are one or two names of interfaces.
pub type Key = SmallVec<[u8; 32]>;

/// A named set, or with `verdicts` a named verdict map. Keys are the concatenation of `fields`, hashed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Set {
    /// Unique in its table.
    pub name: String,
    /// Of the key, in order.
    pub fields: Vec<Field>,
    /// It maps keys to verdicts.
    pub verdicts: bool,
    /// Key bytes as they stand in registers: each field padded to a multiple of four bytes. The value is `None` in a plain set.
    pub elements: BTreeMap<Key, Option<NftVerdict>>,
    /// `None`: the elements are those above. Else the rules put them in, and they are nobody's wish and no difference.
    pub dynamic: Option<Dynamic>,
}

/// What a set is that rules put elements into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dynamic {
    /// How many it holds at most.
    pub size: u32,
    /// How long an element stays that no rule renews, in whole seconds: the kernel rounds to its ticks. `None`: as long as what it counts is there.
    pub timeout: Option<Duration>,
}

/// The type of one field of a set's key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// The name of an interface.
    IfName,
    /// An IPv4 address.
    Ipv4,
    /// A hardware address.
    Mac,
    /// The number of a group of interfaces, in the machine's own order.
    Group,
    /// A protocol's number in the IP header.
    Protocol,
    /// A port of TCP or UDP.
    Port,
    /// Four bytes in the machine's own order, of the type that `nft` calls a mark.
    Mark,
}

/// What registers are compared with or given. A register has 16 bytes (`NFT_REG_SIZE`), and we use no more.
pub type Data = SmallVec<[u8; 16]>;

/// One of the kernel's expressions (include/uapi/linux/netfilter/nf_tables.h). Registers are `NFT_REG32_00 + n` by 4-byte slot number `n`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Expr {
    /// Loads what the kernel knows of the packet.
    Meta {
        /// What is loaded.
        key: Meta,
        /// Where to.
        register: u8,
    },
    /// Loads a part of the packet.
    Payload {
        /// Which header.
        base: PayloadBase,
        /// Bytes from that header's start.
        offset: u32,
        /// Bytes.
        length: u32,
        /// Where to.
        register: u8,
    },
    /// Loads what conntrack knows of the packet.
    Ct {
        /// What is loaded.
        key: Ct,
        /// Where to.
        register: u8,
    },
    /// `register = register & mask ^ xor`
    Bitwise {
        /// Changed in place.
        register: u8,
        /// As many bytes as are changed.
        mask: Data,
        /// As many bytes as `mask`.
        xor: Data,
    },
    /// Goes on where the register is, or is not, `data`.
    Cmp {
        /// What is compared.
        register: u8,
        /// Goes on where it is equal; else, where it is not.
        equal: bool,
        /// Bytes as they stand in the register.
        data: Data,
    },
    /// `from <= register <= to`, both inclusive
    Range {
        /// What is compared.
        register: u8,
        /// The lowest.
        from: Data,
        /// The highest.
        to: Data,
    },
    /// In a set, or with `verdict` the verdict of a map.
    Lookup {
        /// Where the key begins.
        register: u8,
        /// The set's or map's name.
        set: String,
        /// It is a map, and its verdict counts.
        verdict: bool,
    },
    /// Puts the key into a dynamic set, where it is not there yet.
    Dynset {
        /// The set's name.
        set: String,
        /// Where the key begins.
        register: u8,
        /// Where it is there already, its time begins anew.
        renew: bool,
        /// What the element has of its own.
        with: Option<Stateful>,
    },
    /// Loads a random number.
    Numgen {
        /// Where to.
        register: u8,
        /// It is less than this.
        modulus: u32,
    },
    /// Loads constant bytes.
    Immediate {
        /// Where to.
        register: u8,
        /// At most 16 bytes.
        data: Data,
    },
    /// Ends the rule.
    Verdict(NftVerdict),
    /// Counts packets and bytes.
    Counter,
    /// Source NAT to the address of the link the packet leaves by.
    Masquerade,
    /// IPv4 destination NAT to the address and the port (range) in registers.
    Dnat {
        /// The register of the address.
        address: u8,
        /// The register of the lowest port.
        port_min: u8,
        /// The register of the highest; the same one for a single port.
        port_max: u8,
    },
    /// Lets the flowtable have the packet's flow.
    FlowAdd {
        /// The flowtable's name.
        flowtable: String,
    },
    /// Listed by the kernel and none of the above: somebody edited the table by hand. `data` is the netlink attribute `NFTA_EXPR_DATA`.
    Other {
        /// As the kernel calls it.
        name: String,
        /// In the kernel's encoding.
        data: Vec<u8>,
    },
}

/// What an element of a dynamic set has of its own, and is asked when a rule puts its key in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stateful {
    /// Counts packets and bytes.
    Counter,
    /// `ct count over`: the packet's flow is among the element's from now on. Goes on only where these are more.
    FlowsOver(u32),
}

/// `enum nft_meta_keys`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Meta {
    /// What is in the frame, as an EtherType: what stands behind a VLAN tag, if there is one.
    Protocol = 1,
    /// The link it came in by.
    Iifname = 6,
    /// The link it leaves by.
    Oifname = 7,
    /// The family of its network layer: 2 is IPv4.
    Nfproto = 15,
    /// The protocol number of its transport layer.
    L4proto = 16,
    /// The group of the link it came in by.
    Iifgroup = 21,
}

/// `enum nft_ct_keys`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ct {
    /// The connection's state for this packet ([`CtState`](build::CtState)).
    State = 0,
    /// `enum ip_conntrack_status`: whether its address is translated, for one.
    Status = 2,
}

/// `enum nft_payload_bases`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PayloadBase {
    /// From the start of the frame.
    Link = 0,
    /// From the start of the IP header, or of ARP's.
    Network = 1,
    /// From the start of the TCP, UDP or ICMP header.
    Transport = 2,
}

impl Meta {
    /// What can be read back.
    pub const ALL: [Self; 6] = [Self::Protocol, Self::Iifname, Self::Oifname, Self::Nfproto, Self::L4proto, Self::Iifgroup];
}

impl Ct {
    /// What can be read back.
    pub const ALL: [Self; 2] = [Self::State, Self::Status];
}

impl PayloadBase {
    /// What can be read back.
    pub const ALL: [Self; 3] = [Self::Link, Self::Network, Self::Transport];
}

/// What becomes of a packet (`NF_ACCEPT`, `NF_DROP`, `enum nft_verdicts`).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum NftVerdict {
    /// Goes on to the next base chain of the hook.
    Accept,
    /// Ends here.
    Drop,
    /// Back to where the chain was called from.
    Return,
    /// To that chain; what returns goes on with the next rule.
    Jump(String),
    /// To that chain, without a way back to this one.
    Goto(String),
}
