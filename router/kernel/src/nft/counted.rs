//! What the elements of a dynamic set have counted.

use super::{Nft, NftError, message, rule, set};
use crate::nfnetlink::{Attributes, Malformed, Writer};
use edge_plan::nft::Key;

const NFTA_SET_ELEM_LIST_ELEMENTS: u16 = 3;
const NFTA_SET_ELEM_KEY: u16 = 1;
const NFTA_SET_ELEM_EXPR: u16 = 7;
const NFTA_DATA_VALUE: u16 = 1;
const NFTA_EXPR_DATA: u16 = 2;
const NFTA_COUNTER_PACKETS: u16 = 2;

impl Nft {
    /// The keys of a set with their packets, those left out that count none. Of a table that is not there: none.
    pub fn counted(&mut self, table: &str, name: &str) -> Result<Vec<(Key, u64)>, NftError> {
        let body = |writer: &mut Writer| set::name(writer, table, name);
        if self.socket.get(message::GETSET, self.family, body, |_| Ok(()))?.is_none() {
            return Ok(Vec::new());
        }
        let elements = self.socket.dump(message::GETSETELEM, self.family, body, |a| read(a).map(Some))?;
        Ok(elements.into_iter().flatten().collect())
    }
}

fn read(message: Attributes) -> Result<Vec<(Key, u64)>, Malformed> {
    let Some(list) = message.get(NFTA_SET_ELEM_LIST_ELEMENTS) else { return Ok(Vec::new()) };
    let elements = Attributes::parse(list)?;
    let each = elements.iter().filter(|(kind, _)| *kind == rule::NFTA_LIST_ELEM);
    let each: Result<Vec<_>, _> = each.map(|(_, one)| Attributes::parse(one).map(element)).collect();
    Ok(each?.into_iter().flatten().collect())
}

fn element(element: Attributes) -> Option<(Key, u64)> {
    let key = element.nested(NFTA_SET_ELEM_KEY)?.get(NFTA_DATA_VALUE)?;
    let packets = element.nested(NFTA_SET_ELEM_EXPR)?.nested(NFTA_EXPR_DATA)?.u64(NFTA_COUNTER_PACKETS)?;
    Some((Key::from_slice(key), packets))
}
