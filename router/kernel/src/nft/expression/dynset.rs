//! `add @SET { KEY ct count over N }` and its like.

use super::{NFTA_EXPR_DATA, NFTA_EXPR_NAME, slot};
use crate::nfnetlink::{Attributes, Writer};
use edge_plan::nft::{Expr, Stateful};

/// `enum nft_dynset_attributes`
const NFTA_DYNSET_SET_NAME: u16 = 1;
const NFTA_DYNSET_OP: u16 = 3;
const NFTA_DYNSET_SREG_KEY: u16 = 4;
const NFTA_DYNSET_TIMEOUT: u16 = 6;
const NFTA_DYNSET_EXPR: u16 = 7;
const NFTA_DYNSET_PAD: u16 = 8;
const NFTA_DYNSET_FLAGS: u16 = 9;
/// `enum nft_dynset_ops`
const ADD: u32 = 0;
const UPDATE: u32 = 1;
const NFT_DYNSET_F_EXPR: u32 = 2;
/// `enum nft_connlimit_attributes`
const NFTA_CONNLIMIT_COUNT: u16 = 1;
const NFTA_CONNLIMIT_FLAGS: u16 = 2;
/// `NFT_CONNLIMIT_F_INV`: over the count, not up to it.
const OVER: u32 = 1;

/// The time an element stays is the set's.
pub fn write(writer: &mut Writer, set: &str, register: u32, renew: bool, with: Option<Stateful>) {
    writer.string(NFTA_DYNSET_SET_NAME, set);
    writer.u32(NFTA_DYNSET_OP, if renew { UPDATE } else { ADD });
    writer.u32(NFTA_DYNSET_SREG_KEY, register);
    if let Some(stateful) = with {
        writer.nest(NFTA_DYNSET_EXPR, |writer| write_stateful(writer, stateful));
    }
}

fn write_stateful(writer: &mut Writer, stateful: Stateful) {
    let name = if stateful == Stateful::Counter { "counter" } else { "connlimit" };
    writer.string(NFTA_EXPR_NAME, name);
    writer.nest(NFTA_EXPR_DATA, |writer| {
        if let Stateful::FlowsOver(count) = stateful {
            writer.u32(NFTA_CONNLIMIT_COUNT, count);
            writer.u32(NFTA_CONNLIMIT_FLAGS, OVER);
        }
    });
}

pub fn read(a: Attributes) -> Option<Expr> {
    let attributes = [
        NFTA_DYNSET_SET_NAME,
        NFTA_DYNSET_OP,
        NFTA_DYNSET_SREG_KEY,
        NFTA_DYNSET_TIMEOUT,
        NFTA_DYNSET_EXPR,
        NFTA_DYNSET_PAD,
        NFTA_DYNSET_FLAGS,
    ];
    let of_the_set =
        a.u64(NFTA_DYNSET_TIMEOUT).unwrap_or(0) == 0 && a.u32(NFTA_DYNSET_FLAGS).unwrap_or(0) & !NFT_DYNSET_F_EXPR == 0;
    let renew = match a.u32(NFTA_DYNSET_OP)? {
        ADD => false,
        UPDATE => true,
        _ => return None,
    };
    let with = match a.get(NFTA_DYNSET_EXPR) {
        Some(stateful) => Some(read_stateful(Attributes::parse(stateful).ok()?)?),
        None => None,
    };
    let register = slot(a.u32(NFTA_DYNSET_SREG_KEY)?)?;
    let known = a.only(&attributes) && of_the_set;
    known.then_some(Expr::Dynset { set: a.string(NFTA_DYNSET_SET_NAME)?.to_owned(), register, renew, with })
}

/// Of an element, too: there it says how much it has counted.
fn read_stateful(a: Attributes) -> Option<Stateful> {
    match a.string(NFTA_EXPR_NAME)? {
        "counter" => Some(Stateful::Counter),
        "connlimit" => {
            let data = a.nested(NFTA_EXPR_DATA)?;
            (data.u32(NFTA_CONNLIMIT_FLAGS)? == OVER).then_some(Stateful::FlowsOver(data.u32(NFTA_CONNLIMIT_COUNT)?))
        }
        _ => None,
    }
}
