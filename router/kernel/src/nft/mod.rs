//! nf_tables over netlink: one table listed into the plan's types, or replaced in one transaction.

mod batch;
mod chain;
mod expression;
#[cfg(test)]
mod hostile;
mod refusal;
mod rule;
mod set;
mod userdata;

use crate::nfnetlink::{self, Attributes, Malformed, Socket};
use batch::Batch;
use edge_plan::nft::{Rule, Table};
use nix::errno::Errno;
pub use refusal::Explained;
use std::collections::HashMap;

/// `NFPROTO_INET`
const INET: u8 = 1;
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
    pub const GETGEN: u16 = SUBSYSTEM << 8 | 16;
    pub const GETOBJ: u16 = SUBSYSTEM << 8 | 19;
    pub const GETFLOWTABLE: u16 = SUBSYSTEM << 8 | 23;
}

/// Every object but an expression names its table in this attribute.
const NFTA_TABLE: u16 = 1;
const NFTA_TABLE_FLAGS: u16 = 2;
const NFTA_TABLE_USERDATA: u16 = 6;
const NFTA_TABLE_OWNER: u16 = 7;
/// Of objects and flowtables alike.
const NFTA_OBJ_NAME: u16 = 2;
const NFTA_GEN_ID: u16 = 1;

/// One socket in one network namespace, kept open: opening one costs more than a transaction.
pub struct Nft {
    socket: Socket,
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("nftables: {0}")]
    Netlink(#[from] nfnetlink::Error),
    #[error("nftables: {0}")]
    Refused(Box<Explained>),
    #[error("nftables: the ruleset was changed by somebody else each of {ATTEMPTS} times; is another firewall program running?")]
    Busy,
}

impl Nft {
    /// In the network namespace the calling thread is in, for as long as it lives.
    pub fn open() -> Result<Self, Error> {
        Ok(Self { socket: Socket::open()? })
    }

    /// Counts the ruleset's changes by anybody in this namespace.
    pub fn generation(&mut self) -> Result<u32, Error> {
        let decode = |a: Attributes| a.u32(NFTA_GEN_ID).ok_or(Malformed("a generation without its number"));
        let generation = self.socket.get(message::GETGEN, 0, |_| {}, decode)?;
        generation.ok_or(Error::Netlink(nfnetlink::Error::Silent))
    }

    /// The table as the kernel has it, without handles and counts; `None` when there is none.
    pub fn table(&mut self, name: &str) -> Result<Option<Table>, Error> {
        for _ in 0..ATTEMPTS {
            let before = self.generation()?;
            let table = self.read(name);
            if self.generation()? == before {
                return table;
            }
        }
        Err(Error::Busy)
    }

    /// Puts the table in the place of what is there under that name, or with `None` removes it: all in one transaction, or nothing.
    pub fn replace(&mut self, name: &str, wanted: Option<&Table>) -> Result<(), Error> {
        for _ in 0..ATTEMPTS {
            let generation = self.generation()?;
            let present = self.outline(name)?;
            let batch = Batch::replace(generation, name, present.as_ref(), wanted);
            let Some((messages, last, parts)) = batch.finish() else { return Ok(()) };
            match self.socket.batch(messages, last) {
                Ok(()) => return Ok(()),
                Err(nfnetlink::Error::Refused(refusal)) if refusal.errno == Errno::ERESTART => {}
                Err(nfnetlink::Error::Refused(refusal)) => return Err(Error::Refused(Box::new(parts.explain(refusal)))),
                Err(error) => return Err(error.into()),
            }
        }
        Err(Error::Busy)
    }

    fn read(&mut self, name: &str) -> Result<Option<Table>, Error> {
        let Some(mut table) = self.outline(name)? else { return Ok(None) };
        let mut rules: HashMap<String, Vec<Rule>> = HashMap::new();
        for (chain, rule) in self.list(message::GETRULE, name, rule::read)? {
            rules.entry(chain).or_default().push(rule);
        }
        for chain in &mut table.chains {
            chain.rules = rules.remove(&chain.name).unwrap_or_default();
        }
        for set in &mut table.sets {
            let body = |writer: &mut nfnetlink::Writer| set::name(writer, name, &set.name);
            let decode = |a: Attributes| set::read_elements(a, set).map(Some);
            for element in self.socket.dump(message::GETSETELEM, INET, body, decode)?.into_iter().flatten() {
                match element {
                    Ok((key, verdict)) => drop(set.elements.insert(key, verdict)),
                    Err(foreign) => table.foreign.push(foreign),
                }
            }
        }
        Ok(Some(table))
    }

    /// The table with its chains and sets, all of them empty.
    fn outline(&mut self, name: &str) -> Result<Option<Table>, Error> {
        let decode = |a: Attributes| {
            let mut foreign = Vec::new();
            if a.u32(NFTA_TABLE_FLAGS).unwrap_or(0) != 0 || a.get(NFTA_TABLE_OWNER).is_some() {
                foreign.push("the table's flags".to_owned());
            }
            Ok((a.get(NFTA_TABLE_USERDATA).and_then(userdata::comment), foreign))
        };
        let table = self.socket.get(message::GETTABLE, INET, |writer| writer.string(NFTA_TABLE, name), decode)?;
        let Some((comment, foreign)) = table else { return Ok(None) };
        let mut table = Table { name: name.to_owned(), comment, foreign, ..Table::default() };
        sort(self.list(message::GETCHAIN, name, chain::read)?, &mut table.chains, &mut table.foreign);
        sort(self.list(message::GETSET, name, set::read)?, &mut table.sets, &mut table.foreign);
        for (kind, what) in [(message::GETOBJ, "object"), (message::GETFLOWTABLE, "flowtable")] {
            let decode = |a: Attributes| Ok(format!("{what} {}", a.string(NFTA_OBJ_NAME).unwrap_or_default()));
            table.foreign.extend(self.list(kind, name, decode)?);
        }
        Ok(Some(table))
    }

    /// What of a kind is in the table. Some kernels filter by the table themselves, some do not.
    fn list<T>(
        &mut self,
        kind: u16,
        table: &str,
        decode: impl Fn(Attributes) -> Result<T, Malformed>,
    ) -> Result<Vec<T>, nfnetlink::Error> {
        self.socket.dump(
            kind,
            INET,
            |writer| writer.string(NFTA_TABLE, table),
            |a| if a.string(NFTA_TABLE) == Some(table) { decode(a).map(Some) } else { Ok(None) },
        )
    }
}

fn sort<T>(listed: Vec<Result<T, String>>, known: &mut Vec<T>, foreign: &mut Vec<String>) {
    for entry in listed {
        match entry {
            Ok(entry) => known.push(entry),
            Err(entry) => foreign.push(entry),
        }
    }
}
