//! nf_tables over netlink: one table listed into the plan's types, and changed by single edits or made anew, in one transaction.

mod batch;
mod chain;
mod counted;
mod expression;
mod fast_path;
mod foreign;
#[cfg(test)]
mod hostile;
mod known;
mod read;
mod refusal;
mod rule;
mod set;
mod userdata;

use crate::nfnetlink::{self, Attributes, Malformed, NlFamily, Socket};
use batch::Batch;
use edge_plan::nft::{Family, Table, edits};
pub use fast_path::FastPath;
use known::Known;
use nix::errno::Errno;
pub use refusal::Explained;
use std::sync::Arc;

/// `NFNL_SUBSYS_NFTABLES`
const SUBSYSTEM: u16 = 10;
/// How often a change by somebody else in between is taken before giving up.
const ATTEMPTS: usize = 20;

/// `enum nf_tables_msg_types`, with the subsystem.
mod message {
    use super::SUBSYSTEM;
    pub const NEWTABLE: u16 = SUBSYSTEM << 8;
    pub const GETTABLE: u16 = SUBSYSTEM << 8 | 1;
    pub const DELTABLE: u16 = SUBSYSTEM << 8 | 2;
    pub const NEWCHAIN: u16 = SUBSYSTEM << 8 | 3;
    pub const GETCHAIN: u16 = SUBSYSTEM << 8 | 4;
    pub const DELCHAIN: u16 = SUBSYSTEM << 8 | 5;
    pub const NEWRULE: u16 = SUBSYSTEM << 8 | 6;
    pub const GETRULE: u16 = SUBSYSTEM << 8 | 7;
    pub const DELRULE: u16 = SUBSYSTEM << 8 | 8;
    pub const NEWSET: u16 = SUBSYSTEM << 8 | 9;
    pub const GETSET: u16 = SUBSYSTEM << 8 | 10;
    pub const DELSET: u16 = SUBSYSTEM << 8 | 11;
    pub const NEWSETELEM: u16 = SUBSYSTEM << 8 | 12;
    pub const GETSETELEM: u16 = SUBSYSTEM << 8 | 13;
    pub const DELSETELEM: u16 = SUBSYSTEM << 8 | 14;
    pub const GETGEN: u16 = SUBSYSTEM << 8 | 16;
    pub const GETOBJ: u16 = SUBSYSTEM << 8 | 19;
    pub const NEWFLOWTABLE: u16 = SUBSYSTEM << 8 | 22;
    pub const GETFLOWTABLE: u16 = SUBSYSTEM << 8 | 23;
    pub const DELFLOWTABLE: u16 = SUBSYSTEM << 8 | 24;
}

/// Every object but an expression names its table in this attribute.
const NFTA_TABLE: u16 = 1;
const NFTA_TABLE_USERDATA: u16 = 6;
const NFTA_GEN_ID: u16 = 1;

/// The tables of one family, by one socket in one network namespace, kept open: opening one costs more than a transaction.
pub struct Nft {
    socket: Socket,
    family: u8,
    /// The last reading.
    known: Option<Known>,
}

/// What a change took: netlink messages that change something, and bytes of everything sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sent {
    /// How many change something.
    pub messages: u64,
    /// Of everything that was sent.
    pub bytes: u64,
}

/// Why the ruleset was not read or not changed; nothing is half changed.
#[derive(Debug, thiserror::Error)]
pub enum NftError {
    /// The exchange failed.
    #[error("nftables: {0}")]
    Netlink(#[from] nfnetlink::NfnetlinkError),
    /// The kernel refuses a part of the transaction.
    #[error("nftables: {0}")]
    Refused(Box<Explained>),
    /// Somebody else's transactions came in between, time after time (`ERESTART`).
    #[error("nftables: the ruleset was changed by somebody else each of {ATTEMPTS} times; is another firewall program running?")]
    Busy,
}

impl Nft {
    /// The family `inet`, in the network namespace the calling thread is in, for as long as it lives.
    pub fn open() -> Result<Self, NftError> {
        Self::open_in(Family::Inet)
    }

    /// Likewise.
    pub fn open_in(family: Family) -> Result<Self, NftError> {
        Ok(Self { socket: Socket::open(NlFamily::Netfilter)?, family: family as u8, known: None })
    }

    /// Counts the ruleset's changes by anybody in this namespace.
    pub fn generation(&mut self) -> Result<u32, NftError> {
        let decode = |a: Attributes| a.u32(NFTA_GEN_ID).ok_or(Malformed("a generation without its number"));
        let generation = self.socket.get(message::GETGEN, 0, |_| {}, decode)?;
        generation.ok_or(NftError::Netlink(nfnetlink::NfnetlinkError::Silent))
    }

    /// The table as the kernel has it, without handles and counts; `None` when there is none. It is listed only if the ruleset was changed
    /// since the last look.
    pub fn table(&mut self, name: &str) -> Result<Option<Arc<Table>>, NftError> {
        let known = self.known(name)?;
        let table = known.as_ref().map(|known| Arc::clone(&known.table));
        // What we do not know may change in ways that the generation does not count, as a flowtable does with its devices.
        self.known = known.filter(|known| known.table.foreign.is_empty());
        Ok(table)
    }

    /// Brings the table to what is wanted by as few edits as there are differences, all in one transaction, or nothing: rules and
    /// elements that stay are not named and keep their handles and counters. What edits cannot do, [`Nft::replace`] does.
    pub fn update(&mut self, name: &str, wanted: Option<&Arc<Table>>) -> Result<Sent, NftError> {
        let Some(wanted) = wanted else { return self.replace(name, None) };
        for _ in 0..ATTEMPTS {
            let Some(known) = self.known(name)? else { return self.replace(name, Some(wanted)) };
            let from = Arc::clone(&known.table);
            let Some(edits) = edits(&from, wanted, |set| known.is_outgrown(set)) else { return self.replace(name, Some(wanted)) };
            if let Some(sent) = self.commit(Batch::edit(self.family, &known, &edits))? {
                // What cannot be read now is read, or its error told, at the next look.
                self.known =
                    if edits.is_empty() { Some(known) } else { self.known_after(known, wanted, &edits).unwrap_or_default() };
                return Ok(sent);
            }
        }
        Err(NftError::Busy)
    }

    /// Puts the table in the place of what is there under that name, or with `None` removes it: all in one transaction, or nothing.
    /// The policy of a base chain that is made anew comes into force a moment after its rules.
    pub fn replace(&mut self, name: &str, wanted: Option<&Table>) -> Result<Sent, NftError> {
        self.known = None;
        for _ in 0..ATTEMPTS {
            let generation = self.generation()?;
            let batch = Batch::replace(self.family, generation, name, self.is_there(name)?, wanted);
            if let Some(sent) = self.commit(batch)? {
                return Ok(sent);
            }
        }
        Err(NftError::Busy)
    }

    /// `None`: somebody else's change came before.
    fn commit(&mut self, batch: Batch) -> Result<Option<Sent>, NftError> {
        let Some((messages, last, parts)) = batch.finish() else { return Ok(Some(Sent::default())) };
        let sent = Sent { messages: last.into(), bytes: messages.len() as u64 };
        match self.socket.batch(messages, last) {
            Ok(()) => Ok(Some(sent)),
            Err(nfnetlink::NfnetlinkError::Refused(refusal)) if refusal.errno == Errno::ERESTART => Ok(None),
            Err(nfnetlink::NfnetlinkError::Refused(refusal)) => Err(NftError::Refused(Box::new(parts.explain(refusal)))),
            Err(error) => Err(error.into()),
        }
    }
}
