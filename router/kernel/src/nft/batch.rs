use super::{
    NFTA_TABLE, NFTA_TABLE_USERDATA, SUBSYSTEM, chain,
    known::Known,
    message,
    refusal::{Part, Parts},
    rule, set, userdata,
};
use crate::nfnetlink::{NLM_F_ACK, NLM_F_APPEND, NLM_F_CREATE, Writer};
use edge_plan::nft::{Chain, Edit, Key, NftVerdict, Rule, Set, Table};

const BATCH_BEGIN: u16 = 0x10;
const BATCH_END: u16 = 0x11;
const NFNL_BATCH_GENID: u16 = 1;
/// Bytes of set elements in one message: an attribute has 65,535 at most.
const MAX_ELEMENTS: usize = 32 << 10;

/// One transaction. Message `n`, counted from 1, is about part `n - 1`.
pub struct Batch<'a> {
    family: u8,
    table: &'a str,
    writer: Writer,
    parts: Vec<Part<'a>>,
    last: usize,
}

impl<'a> Batch<'a> {
    /// Puts a table in the place of what may be there.
    pub fn replace(family: u8, generation: u32, name: &'a str, is_there: bool, wanted: Option<&'a Table>) -> Self {
        let mut batch = Self::begin(family, generation, name);
        if is_there {
            batch.message(Part::Table(name), message::DELTABLE, 0, |writer| writer.string(NFTA_TABLE, name));
        }
        if let Some(wanted) = wanted {
            batch.fill(wanted);
        }
        batch
    }

    /// `known` is the table the edits begin with.
    pub fn edit(family: u8, known: &'a Known, edits: &[Edit<'a>]) -> Self {
        let mut batch = Self::begin(family, known.generation, &known.table.name);
        for edit in edits {
            batch.one(known, edit);
        }
        batch
    }

    /// The messages, the number of the last and what they are about; `None` when there is nothing to do.
    pub fn finish(mut self) -> Option<(Writer, u32, Parts<'a>)> {
        if self.parts.is_empty() {
            return None;
        }
        let last = self.parts.len() as u32;
        self.writer.add_flags(self.last, NLM_F_ACK);
        self.writer.message(BATCH_END, 0, last + 1, 0, SUBSYSTEM, |_| {});
        Some((self.writer, last, Parts(self.parts)))
    }

    fn begin(family: u8, generation: u32, table: &'a str) -> Self {
        let mut writer = Writer::default();
        writer.message(BATCH_BEGIN, 0, 0, 0, SUBSYSTEM, |writer| writer.u32(NFNL_BATCH_GENID, generation));
        Self { family, table, writer, parts: Vec::new(), last: 0 }
    }

    /// Elements name chains and rules name both: hence the order.
    fn fill(&mut self, wanted: &'a Table) {
        self.message(Part::Table(self.table), message::NEWTABLE, NLM_F_CREATE, |writer| {
            writer.string(NFTA_TABLE, &wanted.name);
            if let Some(comment) = &wanted.comment {
                writer.bytes(NFTA_TABLE_USERDATA, &userdata::from_comment(comment));
            }
        });
        wanted.chains.iter().for_each(|chain| self.chain(chain));
        for set in &wanted.sets {
            self.set(set);
            self.elements(message::NEWSETELEM, set, set.elements.iter());
        }
        for chain in &wanted.chains {
            (1..).zip(&chain.rules).for_each(|(number, rule)| self.rule(&chain.name, None, number, rule));
        }
    }

    fn one(&mut self, known: &Known, edit: &Edit<'a>) {
        const NO_VALUE: &Option<NftVerdict> = &None;
        let table = self.table;
        match edit {
            Edit::AddChain(chain) | Edit::SetPolicy(chain) => self.chain(chain),
            Edit::Flush(chain) => self.unrule(&chain.name, None),
            Edit::DeleteRule { chain, at } => self.unrule(chain, Some(known.handle(chain, *at))),
            Edit::DeleteElements { set, keys } => {
                self.elements(message::DELSETELEM, set, keys.iter().map(|key| (*key, NO_VALUE)));
            }
            Edit::DeleteSet(gone) => {
                self.message(Part::Set(&gone.name), message::DELSET, 0, |writer| set::name(writer, table, &gone.name));
            }
            Edit::AddSet(set) => self.set(set),
            Edit::AddElements { set, elements } => self.elements(message::NEWSETELEM, set, elements.iter().copied()),
            Edit::AddRule { chain, before, number, rule } => {
                self.rule(chain, before.map(|at| known.handle(chain, at)), *number, rule);
            }
            Edit::DeleteChain(gone) => {
                self.message(Part::Chain(&gone.name), message::DELCHAIN, 0, |writer| chain::name(writer, table, &gone.name));
            }
        }
    }

    /// Made, or given its policy when it is there.
    fn chain(&mut self, chain: &'a Chain) {
        let table = self.table;
        self.message(Part::Chain(&chain.name), message::NEWCHAIN, NLM_F_CREATE, |writer| chain::write(writer, table, chain));
    }

    fn set(&mut self, set: &'a Set) {
        let (table, id) = (self.table, self.parts.len() as u32 + 1);
        self.message(Part::Set(&set.name), message::NEWSET, NLM_F_CREATE, |writer| set::write(writer, table, set, id));
    }

    fn elements<'e>(&mut self, kind: u16, set: &'a Set, elements: impl Iterator<Item = (&'e Key, &'e Option<NftVerdict>)>) {
        let (table, mut elements) = (self.table, elements.peekable());
        let flags = if kind == message::NEWSETELEM { NLM_F_CREATE } else { 0 };
        while elements.peek().is_some() {
            self.message(Part::Elements(&set.name), kind, flags, |writer| {
                set::write_elements(writer, table, set, &mut elements, MAX_ELEMENTS);
            });
        }
    }

    /// Before the rule with that handle, or after all.
    fn rule(&mut self, chain: &'a str, before: Option<u64>, number: usize, rule: &'a Rule) {
        let table = self.table;
        let place = if before.is_some() { 0 } else { NLM_F_APPEND };
        self.message(Part::Rule { table, chain, number, rule }, message::NEWRULE, NLM_F_CREATE | place, |writer| {
            rule::write(writer, table, chain, &rule.expressions, rule.comment.as_deref());
            if let Some(handle) = before {
                rule::position(writer, handle);
            }
        });
    }

    /// One rule, or all of the chain.
    fn unrule(&mut self, chain: &'a str, handle: Option<u64>) {
        let table = self.table;
        self.message(Part::Chain(chain), message::DELRULE, 0, |writer| rule::name(writer, table, chain, handle));
    }

    fn message(&mut self, part: Part<'a>, kind: u16, flags: u16, body: impl FnOnce(&mut Writer)) {
        self.last = self.writer.len();
        self.parts.push(part);
        self.writer.message(kind, flags, self.parts.len() as u32, self.family, 0, body);
    }
}
