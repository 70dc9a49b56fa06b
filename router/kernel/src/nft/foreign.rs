//! Chains of others that see what we forward, and let through only what they accept.

use super::{NFTA_TABLE, Nft, NftError, chain, message, rule};
use crate::nfnetlink::{self, Attributes, Writer};
use edge_plan::{
    Dropper, FAST_PATH, TABLE,
    nft::{Expr, NftVerdict},
};

/// `NFPROTO_INET`
const INET: u8 = 1;
/// `NFPROTO_IPV4`
const IPV4: u8 = 2;
/// `Some(true)`: by its policy; `None`: it is not on our way.
type Policy = Option<bool>;

impl Nft {
    /// Of the whole namespace but our own tables, in the order of the kernel's list.
    pub fn droppers(&mut self) -> Result<Vec<Dropper>, NftError> {
        let mut droppers = Vec::new();
        for (number, family) in [(IPV4, "ip"), (INET, "inet")] {
            for (table, chain, by_policy) in self.on_our_way(number)? {
                if by_policy || self.ends_in_drop(number, &table, &chain)? {
                    droppers.push(Dropper { family, table, chain, by_policy });
                }
            }
        }
        Ok(droppers)
    }

    fn on_our_way(&mut self, family: u8) -> Result<Vec<(String, String, bool)>, nfnetlink::NfnetlinkError> {
        let read = |a: Attributes| {
            let policy: Policy = chain::forward_policy(a);
            let names = a.string(NFTA_TABLE).zip(chain::name_of(a)).filter(|(table, _)| ![TABLE, FAST_PATH].contains(table));
            Ok(names.zip(policy).map(|((table, chain), drops)| (table.to_owned(), chain.to_owned(), drops)))
        };
        self.socket.dump(message::GETCHAIN, family, |_| {}, read)
    }

    /// Whether its last rule drops, or rejects, whatever comes to it.
    fn ends_in_drop(&mut self, family: u8, table: &str, chain: &str) -> Result<bool, nfnetlink::NfnetlinkError> {
        let of_chain = |writer: &mut Writer| rule::name(writer, table, chain, None);
        let rules = self.socket.dump(message::GETRULE, family, of_chain, |a| {
            let rule = rule::read(a)?;
            Ok((rule.chain == chain && a.string(NFTA_TABLE) == Some(table)).then_some(rule.rule.expressions))
        })?;
        Ok(rules.last().is_some_and(|last| drops_all(last)))
    }
}

fn drops_all(expressions: &[Expr]) -> bool {
    let is_counter = |expression: &&Expr| match expression {
        Expr::Counter => true,
        Expr::Other { name, .. } => name == "counter" || name == "log",
        _ => false,
    };
    match expressions.iter().filter(|expression| !is_counter(expression)).collect::<Vec<_>>()[..] {
        [Expr::Verdict(NftVerdict::Drop)] => true,
        [Expr::Other { name, .. }] => name == "reject",
        _ => false,
    }
}
