use super::{NFTA_TABLE, expression::verdict, rule::NFTA_LIST_ELEM};
use crate::nfnetlink::{Attributes, Malformed, Writer};
use edge_plan::nft::{Dynamic, Field, Key, NftVerdict, Set};
use std::time::Duration;

const NFTA_SET_NAME: u16 = 2;
const NFTA_SET_FLAGS: u16 = 3;
const NFTA_SET_KEY_TYPE: u16 = 4;
const NFTA_SET_KEY_LEN: u16 = 5;
const NFTA_SET_DATA_TYPE: u16 = 6;
const NFTA_SET_DATA_LEN: u16 = 7;
const NFTA_SET_DESC: u16 = 9;
const NFTA_SET_DESC_SIZE: u16 = 1;
const NFTA_SET_ID: u16 = 10;
const NFTA_SET_TIMEOUT: u16 = 11;
const NFTA_SET_USERDATA: u16 = 13;
const NFTA_SET_OBJ_TYPE: u16 = 15;
const NFTA_SET_EXPR: u16 = 17;
const NFTA_SET_EXPRESSIONS: u16 = 18;
const NFTA_SET_ELEM_LIST_ELEMENTS: u16 = 3;
const NFTA_SET_ELEM_KEY: u16 = 1;
const NFTA_SET_ELEM_DATA: u16 = 2;
const NFTA_DATA_VALUE: u16 = 1;
const NFT_SET_MAP: u32 = 8;
const NFT_SET_TIMEOUT: u32 = 0x10;
/// Rules put elements in.
const NFT_SET_EVAL: u32 = 0x20;
/// `NFT_DATA_VERDICT`
const DATA_VERDICT: u32 = 0xffff_ff00;
/// How many bits one of `nft`'s type numbers takes in a concatenation
const TYPE_BITS: u32 = 6;
/// `NFTNL_UDATA_SET_KEYBYTEORDER`: how `nft` prints a key
const KEY_BYTE_ORDER: u8 = 0;
/// A bucket is a pointer: 32 KiB.
const MIN_CAPACITY: usize = 4096;

pub type Element = (Key, Option<NftVerdict>);

pub fn name(writer: &mut Writer, table: &str, set: &str) {
    writer.string(NFTA_TABLE, table);
    writer.string(NFTA_SET_NAME, set);
}

/// How many elements the set is made for. With a size the kernel makes a hash that never grows: one that grows does so in the
/// background, and a list read meanwhile may miss elements. Twice what there is: a set that is outgrown must be made anew, with every
/// rule that looks in it.
pub fn capacity(set: &Set) -> usize {
    if let Some(dynamic) = set.dynamic {
        return dynamic.size as usize;
    }
    (2 * set.elements.len()).next_power_of_two().max(MIN_CAPACITY)
}

/// `id` tells sets apart within the batch.
pub fn write(writer: &mut Writer, table: &str, set: &Set, id: u32) {
    name(writer, table, &set.name);
    writer.u32(NFTA_SET_FLAGS, flags(set));
    writer.u32(NFTA_SET_KEY_TYPE, key_type(&set.fields));
    writer.u32(NFTA_SET_KEY_LEN, key_length(&set.fields) as u32);
    if set.verdicts {
        writer.u32(NFTA_SET_DATA_TYPE, DATA_VERDICT);
        writer.u32(NFTA_SET_DATA_LEN, 0);
    }
    writer.nest(NFTA_SET_DESC, |writer| writer.u32(NFTA_SET_DESC_SIZE, capacity(set) as u32));
    writer.u32(NFTA_SET_ID, id);
    if let Some(timeout) = set.dynamic.and_then(|dynamic| dynamic.timeout) {
        writer.u64(NFTA_SET_TIMEOUT, timeout.as_millis() as u64);
    }
    let mut userdata = vec![KEY_BYTE_ORDER, 4];
    userdata.extend(byte_order(&set.fields).to_ne_bytes());
    writer.bytes(NFTA_SET_USERDATA, &userdata);
}

/// The set without its elements, and how many it has room for. `Err`: one that the plan's types cannot say.
pub fn read(attributes: Attributes) -> Result<Result<(Set, usize), String>, Malformed> {
    let name = attributes.string(NFTA_SET_NAME).ok_or(Malformed("a set without a name"))?.to_owned();
    let fields = attributes.u32(NFTA_SET_KEY_TYPE).and_then(fields).filter(|fields| {
        attributes.u32(NFTA_SET_KEY_LEN) == Some(key_length(fields) as u32)
            && [NFTA_SET_OBJ_TYPE, NFTA_SET_EXPR, NFTA_SET_EXPRESSIONS].iter().all(|kind| attributes.get(*kind).is_none())
    });
    let size = attributes.nested(NFTA_SET_DESC).and_then(|desc| desc.u32(NFTA_SET_DESC_SIZE));
    let capacity = size.map_or(usize::MAX, |size| size as usize);
    Ok(match (fields, nature(attributes, size)) {
        (Some(fields), Some((verdicts, dynamic))) => {
            Ok((Set { name, fields, verdicts, elements: Default::default(), dynamic }, capacity))
        }
        _ => Err(format!("set {name}")),
    })
}

fn flags(set: &Set) -> u32 {
    match set.dynamic {
        Some(Dynamic { timeout: Some(_), .. }) => NFT_SET_EVAL | NFT_SET_TIMEOUT,
        Some(_) => NFT_SET_EVAL,
        None if set.verdicts => NFT_SET_MAP,
        None => 0,
    }
}

/// Whether it is a map of verdicts, and whether rules fill it.
fn nature(attributes: Attributes, size: Option<u32>) -> Option<(bool, Option<Dynamic>)> {
    let timeout = attributes.u64(NFTA_SET_TIMEOUT).map(Duration::from_millis);
    match (attributes.u32(NFTA_SET_FLAGS).unwrap_or(0), attributes.u32(NFTA_SET_DATA_TYPE), timeout) {
        (0, None, None) => Some((false, None)),
        (NFT_SET_MAP, Some(DATA_VERDICT), None) => Some((true, None)),
        (flags, None, timeout) if flags & !NFT_SET_TIMEOUT == NFT_SET_EVAL && (flags != NFT_SET_EVAL) == timeout.is_some() => {
            Some((false, Some(Dynamic { size: size?, timeout })))
        }
        _ => None,
    }
}

/// Writes elements until the message has `limit` bytes or more.
pub fn write_elements<'a>(
    writer: &mut Writer,
    table: &str,
    set: &Set,
    elements: &mut impl Iterator<Item = (&'a Key, &'a Option<NftVerdict>)>,
    limit: usize,
) {
    let end = writer.len() + limit;
    name(writer, table, &set.name);
    writer.nest(NFTA_SET_ELEM_LIST_ELEMENTS, |writer| {
        while writer.len() < end {
            let Some((key, value)) = elements.next() else { break };
            writer.nest(NFTA_LIST_ELEM, |writer| {
                let length = key.len().min(key_length(&set.fields));
                writer.nest(NFTA_SET_ELEM_KEY, |writer| writer.bytes(NFTA_DATA_VALUE, &key[..length]));
                if let Some(value) = value {
                    writer.nest(NFTA_SET_ELEM_DATA, |writer| verdict::write(writer, value));
                }
            });
        }
    });
}

/// The elements of one message. `Err`: one that the plan's types cannot say.
pub fn read_elements(attributes: Attributes, set: &Set) -> Result<Vec<Result<Element, String>>, Malformed> {
    let Some(list) = attributes.get(NFTA_SET_ELEM_LIST_ELEMENTS) else { return Ok(Vec::new()) };
    let element = |(_, bytes)| {
        let element = Attributes::parse(bytes)?;
        Ok(read_element(element, set).ok_or_else(|| format!("an element of set {}", set.name)))
    };
    Attributes::parse(list)?.iter().map(element).collect()
}

fn read_element(element: Attributes, set: &Set) -> Option<Element> {
    let mut key = Key::from_slice(element.nested(NFTA_SET_ELEM_KEY)?.get(NFTA_DATA_VALUE)?);
    key.resize(key.len().next_multiple_of(4), 0);
    let value = element.nested(NFTA_SET_ELEM_DATA).map(|data| verdict::read(data).ok_or(())).transpose().ok()?;
    let known = element.only(&[NFTA_SET_ELEM_KEY, NFTA_SET_ELEM_DATA]) && value.is_some() == set.verdicts;
    known.then_some((key, value))
}

/// A field by itself is as long as its value; in a concatenation each is padded to whole registers.
fn key_length(fields: &[Field]) -> usize {
    match fields {
        [field] => field.size(),
        _ => fields.iter().map(|field| 4 * usize::from(field.registers())).sum(),
    }
}

/// `enum datatypes` of nft's include/datatype.h
fn number(field: Field) -> u32 {
    match field {
        Field::IfName => 41,
        Field::Ipv4 => 7,
        Field::Mac => 9,
        Field::Group => 35,
        Field::Protocol => 12,
        Field::Port => 13,
        Field::Mark => 19,
    }
}

fn key_type(fields: &[Field]) -> u32 {
    fields.iter().fold(0, |kind, field| kind << TYPE_BITS | number(*field))
}

fn fields(mut kind: u32) -> Option<Vec<Field>> {
    let mut fields = Vec::new();
    while kind != 0 {
        let known = [Field::IfName, Field::Ipv4, Field::Mac, Field::Group, Field::Protocol, Field::Port, Field::Mark];
        fields.push(known.into_iter().find(|field| number(*field) == kind & ((1 << TYPE_BITS) - 1))?);
        kind >>= TYPE_BITS;
    }
    fields.reverse();
    Some(fields)
}

/// `enum byteorder` of nft: 1 the machine's own, 2 big-endian, and 0 for a concatenation, whose fields know theirs.
fn byte_order(fields: &[Field]) -> u32 {
    match fields {
        [Field::IfName | Field::Protocol | Field::Mark | Field::Group] => 1,
        [Field::Ipv4 | Field::Mac | Field::Port] => 2,
        _ => 0,
    }
}
