use super::{NFTA_TABLE, expression, userdata};
use crate::nfnetlink::{Attributes, Malformed, Writer};
use edge_plan::nft::{Expr, Rule};

const NFTA_RULE_CHAIN: u16 = 2;
const NFTA_RULE_HANDLE: u16 = 3;
pub const NFTA_RULE_EXPRESSIONS: u16 = 4;
const NFTA_RULE_POSITION: u16 = 6;
const NFTA_RULE_USERDATA: u16 = 7;
pub const NFTA_LIST_ELEM: u16 = 1;

/// A rule as listed.
pub struct ListedRule {
    pub chain: String,
    /// By which it is named; never given twice in a table.
    pub handle: u64,
    pub rule: Rule,
}

/// All rules of a chain, or with a handle that one.
pub fn name(writer: &mut Writer, table: &str, chain: &str, handle: Option<u64>) {
    writer.string(NFTA_TABLE, table);
    writer.string(NFTA_RULE_CHAIN, chain);
    if let Some(handle) = handle {
        writer.u64(NFTA_RULE_HANDLE, handle);
    }
}

/// The handle of the rule before which, or with `NLM_F_APPEND` after which, a rule is to be.
pub fn position(writer: &mut Writer, handle: u64) {
    writer.u64(NFTA_RULE_POSITION, handle);
}

pub fn write(writer: &mut Writer, table: &str, chain: &str, expressions: &[Expr], comment: Option<&str>) {
    name(writer, table, chain, None);
    writer.nest(NFTA_RULE_EXPRESSIONS, |writer| {
        for expression in expressions {
            writer.nest(NFTA_LIST_ELEM, |writer| expression::write(writer, expression));
        }
    });
    if let Some(comment) = comment {
        writer.bytes(NFTA_RULE_USERDATA, &userdata::from_comment(comment));
    }
}

pub fn read(attributes: Attributes) -> Result<ListedRule, Malformed> {
    let chain = attributes.string(NFTA_RULE_CHAIN).ok_or(Malformed("a rule without a chain"))?.to_owned();
    let handle = attributes.u64(NFTA_RULE_HANDLE).ok_or(Malformed("a rule without a handle"))?;
    let mut expressions = Vec::new();
    if let Some(list) = attributes.get(NFTA_RULE_EXPRESSIONS) {
        for (_, element) in Attributes::parse(list)?.iter() {
            expressions.push(expression::read(Attributes::parse(element)?));
        }
    }
    let comment = attributes.get(NFTA_RULE_USERDATA).and_then(userdata::comment).map(Into::into);
    Ok(ListedRule { chain, handle, rule: Rule { expressions, comment } })
}
