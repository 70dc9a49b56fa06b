use super::{NFTA_TABLE, expression, userdata};
use crate::nfnetlink::{Attributes, Malformed, Writer};
use edge_plan::nft::{Expr, Rule};

const NFTA_RULE_CHAIN: u16 = 2;
const NFTA_RULE_EXPRESSIONS: u16 = 4;
const NFTA_RULE_USERDATA: u16 = 7;
pub const NFTA_LIST_ELEM: u16 = 1;

pub fn write(writer: &mut Writer, table: &str, chain: &str, expressions: &[Expr], comment: Option<&str>) {
    writer.string(NFTA_TABLE, table);
    writer.string(NFTA_RULE_CHAIN, chain);
    writer.nest(NFTA_RULE_EXPRESSIONS, |writer| {
        for expression in expressions {
            writer.nest(NFTA_LIST_ELEM, |writer| expression::write(writer, expression));
        }
    });
    if let Some(comment) = comment {
        writer.bytes(NFTA_RULE_USERDATA, &userdata::from_comment(comment));
    }
}

/// The rule and the name of its chain.
pub fn read(attributes: Attributes) -> Result<(String, Rule), Malformed> {
    let chain = attributes.string(NFTA_RULE_CHAIN).ok_or(Malformed("a rule without a chain"))?.to_owned();
    let mut expressions = Vec::new();
    if let Some(list) = attributes.get(NFTA_RULE_EXPRESSIONS) {
        for (_, element) in Attributes::parse(list)?.iter() {
            expressions.push(expression::read(Attributes::parse(element)?));
        }
    }
    let comment = attributes.get(NFTA_RULE_USERDATA).and_then(userdata::comment);
    Ok((chain, Rule { expressions, comment }))
}
