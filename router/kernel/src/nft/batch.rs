use super::{INET, NFTA_TABLE, NFTA_TABLE_USERDATA, SUBSYSTEM, chain, message, refusal::Parts, rule, set, userdata};
use crate::nfnetlink::{NLM_F_ACK, NLM_F_APPEND, NLM_F_CREATE, Writer};
use edge_plan::nft::{BaseChain, Chain, Rule, Table};
use std::collections::HashMap;

const BATCH_BEGIN: u16 = 0x10;
const BATCH_END: u16 = 0x11;
const NFNL_BATCH_GENID: u16 = 1;
/// Bytes of set elements in one message: an attribute has 65,535 at most.
const MAX_ELEMENTS: usize = 32 << 10;

/// What a message of the batch is about.
#[derive(Clone, Copy, Debug)]
pub enum Part<'a> {
    Table(&'a str),
    Chain(&'a str),
    Set(&'a str),
    Elements(&'a str),
    /// Counted from 1.
    Rule {
        table: &'a str,
        chain: &'a str,
        number: usize,
        rule: &'a Rule,
    },
}

/// One transaction. Message `n`, counted from 1, is about part `n - 1`.
pub struct Batch<'a> {
    writer: Writer,
    parts: Vec<Part<'a>>,
    last: usize,
}

impl<'a> Batch<'a> {
    /// Base chains that are to stay the same are kept in place and only their rules change: a base chain's drop policy takes effect a
    /// moment after its rules do, and in that moment a chain made anew would let through what no rule matches.
    pub fn replace(generation: u32, name: &'a str, present: Option<&'a Table>, wanted: Option<&'a Table>) -> Self {
        let mut batch = Self::begin(generation);
        match (present, wanted) {
            (Some(present), Some(wanted)) if can_stay(present, wanted) => batch.clear(name, present, &places(wanted)),
            (Some(_), _) => {
                batch.message(Part::Table(name), message::DELTABLE, 0, |writer| writer.string(NFTA_TABLE, name));
            }
            (None, _) => {}
        }
        if let Some(wanted) = wanted {
            batch.fill(name, wanted);
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

    fn begin(generation: u32) -> Self {
        let mut writer = Writer::default();
        writer.message(BATCH_BEGIN, 0, 0, 0, SUBSYSTEM, |writer| writer.u32(NFNL_BATCH_GENID, generation));
        Self { writer, parts: Vec::new(), last: 0 }
    }

    /// Leaves of the table its base chains, without rules. Rules name sets, elements name chains: hence the order.
    fn clear(&mut self, name: &'a str, present: &'a Table, wanted: &Places) {
        self.message(Part::Table(name), message::DELRULE, 0, |writer| writer.string(NFTA_TABLE, name));
        for set in &present.sets {
            self.message(Part::Set(&set.name), message::DELSET, 0, |writer| set::name(writer, name, &set.name));
        }
        for gone in present.chains.iter().filter(|chain| !wanted.contains_key(&*chain.name)) {
            self.message(Part::Chain(&gone.name), message::DELCHAIN, 0, |writer| chain::name(writer, name, &gone.name));
        }
    }

    /// Elements name chains and rules name both: hence the order.
    fn fill(&mut self, name: &'a str, wanted: &'a Table) {
        self.message(Part::Table(name), message::NEWTABLE, NLM_F_CREATE, |writer| {
            writer.string(NFTA_TABLE, name);
            if let Some(comment) = &wanted.comment {
                writer.bytes(NFTA_TABLE_USERDATA, &userdata::from_comment(comment));
            }
        });
        for chain in &wanted.chains {
            self.message(Part::Chain(&chain.name), message::NEWCHAIN, NLM_F_CREATE, |writer| chain::write(writer, name, chain));
        }
        for (id, set) in (1..).zip(&wanted.sets) {
            self.message(Part::Set(&set.name), message::NEWSET, NLM_F_CREATE, |writer| set::write(writer, name, set, id));
            let mut elements = set.elements.iter().peekable();
            while elements.peek().is_some() {
                self.message(Part::Elements(&set.name), message::NEWSETELEM, NLM_F_CREATE, |writer| {
                    set::write_elements(writer, name, set, &mut elements, MAX_ELEMENTS);
                });
            }
        }
        for chain in &wanted.chains {
            for (number, rule) in (1..).zip(&chain.rules) {
                let part = Part::Rule { table: name, chain: &chain.name, number, rule };
                self.message(part, message::NEWRULE, NLM_F_CREATE | NLM_F_APPEND, |writer| {
                    rule::write(writer, name, &chain.name, &rule.expressions, rule.comment.as_deref());
                });
            }
        }
    }

    fn message(&mut self, part: Part<'a>, kind: u16, flags: u16, body: impl FnOnce(&mut Writer)) {
        self.last = self.writer.len();
        self.parts.push(part);
        self.writer.message(kind, flags, self.parts.len() as u32, INET, 0, body);
    }
}

/// Where each chain hangs, by its name.
type Places<'a> = HashMap<&'a str, Option<&'a BaseChain>>;

fn places(table: &Table) -> Places<'_> {
    table.chains.iter().map(|chain| (&*chain.name, chain.base.as_ref())).collect()
}

/// The kernel can change neither a table's comment nor a chain's hook, and `clear` does not know what is foreign.
fn can_stay(present: &Table, wanted: &Table) -> bool {
    let places = places(wanted);
    let moves = |chain: &Chain| places.get(&*chain.name).is_some_and(|base| *base != chain.base.as_ref());
    present.foreign.is_empty() && present.comment == wanted.comment && !present.chains.iter().any(moves)
}
