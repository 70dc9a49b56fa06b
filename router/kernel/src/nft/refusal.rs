use super::rule;
use crate::nfnetlink::{Refusal, Writer};
use edge_plan::nft::{Expr, Rule};
use nix::errno::Errno;
use std::fmt;

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

/// What a batch's messages are about, in their order.
pub struct Parts<'a>(pub Vec<Part<'a>>);

/// A refusal in the ruleset's own terms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explained {
    /// `chain forward, rule 3`
    pub part: String,
    /// The expression at fault, when the kernel says which.
    pub expression: Option<Expr>,
    /// The kernel's error number.
    pub errno: Errno,
    /// The kernel's words (extended ack), when it gives any.
    pub message: Option<String>,
}

impl Parts<'_> {
    pub fn explain(&self, refusal: Refusal) -> Explained {
        let part = (refusal.sequence as usize).checked_sub(1).and_then(|index| self.0.get(index));
        Explained {
            part: part.map_or_else(|| "the transaction".to_owned(), Part::to_string),
            expression: part.zip(refusal.offset).and_then(|(part, offset)| part.expression_at(offset)),
            errno: refusal.errno,
            message: refusal.message,
        }
    }
}

impl Part<'_> {
    /// The first expression with which the message grows past the offset.
    fn expression_at(&self, offset: usize) -> Option<Expr> {
        let Part::Rule { table, chain, rule, .. } = self else { return None };
        let length = |count: usize| {
            let mut writer = Writer::default();
            writer.message(0, 0, 0, 0, 0, |writer| rule::write(writer, table, chain, &rule.expressions[..count], None));
            writer.len()
        };
        let counts = 1..=rule.expressions.len();
        let past = if offset < length(0) { None } else { counts.into_iter().find(|count| length(*count) > offset) };
        past.and_then(|count| rule.expressions.get(count - 1)).cloned()
    }
}

impl fmt::Display for Part<'_> {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Part::Table(name) => write!(f, "table inet {name}"),
            Part::Chain(name) => write!(f, "chain {name}"),
            Part::Set(name) => write!(f, "set {name}"),
            Part::Elements(name) => write!(f, "the elements of set {name}"),
            Part::Rule { chain, number, .. } => write!(f, "chain {chain}, rule {number}"),
        }
    }
}

impl fmt::Display for Explained {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "the kernel refuses {}", self.part)?;
        if let Some(expression) = &self.expression {
            write!(f, ", at {expression:?}")?;
        }
        write!(f, ": {}", self.errno.desc())?;
        if let Some(message) = &self.message {
            write!(f, " ({message})")?;
        }
        match self.errno {
            Errno::ENOENT => f.write_str("; it names what does not exist, or the kernel lacks the nftables module for it"),
            Errno::EPERM => f.write_str("; this takes CAP_NET_ADMIN, and a table that no other program owns"),
            Errno::EOPNOTSUPP => f.write_str("; the kernel is built without it"),
            _ => Ok(()),
        }
    }
}
