//! What is on disk: blocks of 4 KiB, the unit a card writes whole. A block is written once and never again.
//!
//! | bytes | |
//! |---|---|
//! | 0..4 | magic and format version, `EDL1` |
//! | 4..8 | CRC32C of what follows |
//! | 8..16 | generation |
//! | 16..20 | the block's place in its file |
//! | 20..24 | place of the first block of the same commit |
//! | 24..26 | bytes of payload |
//! | 26..28 | 1 in the last block of a snapshot |
//! | 28.. | records, postcard-encoded one after the other; then zeros |
//!
//! Numbers are little-endian.

use super::Record;

pub const BLOCK: usize = 4096;
const HEADER: usize = 28;
const MAGIC: [u8; 4] = *b"EDL1";

#[derive(Debug, PartialEq, Eq)]
pub struct Block {
    /// Place of the first block of the same commit.
    pub commit: u32,
    pub last: bool,
    pub records: Vec<Record>,
    /// Whole and yet not readable: written by another version.
    pub alien: bool,
}

/// The blocks that hold `records` as one commit, from place `first` of the file on; at least one. `snapshot` marks the last.
pub fn encode(records: &[Record], generation: u64, first: u32, snapshot: bool) -> Result<Vec<u8>, postcard::Error> {
    let mut payloads = vec![Vec::new()];
    for record in records {
        let bytes = postcard::to_stdvec(record)?;
        let fits = payloads.last().is_some_and(|payload| payload.len() + bytes.len() <= BLOCK - HEADER);
        if !fits {
            payloads.push(Vec::new());
        }
        if let Some(payload) = payloads.last_mut() {
            payload.extend(bytes);
        }
    }
    let count = payloads.len();
    let mut out = Vec::with_capacity(count * BLOCK);
    for (at, payload) in payloads.into_iter().enumerate() {
        let start = out.len();
        out.extend(MAGIC);
        out.extend([0; 4]);
        out.extend(generation.to_le_bytes());
        out.extend((first + at as u32).to_le_bytes());
        out.extend(first.to_le_bytes());
        out.extend((payload.len() as u16).to_le_bytes());
        out.extend(u16::from(snapshot && at + 1 == count).to_le_bytes());
        out.extend(payload);
        out.resize(start + BLOCK, 0);
        let crc = crc32c::crc32c(&out[start + 8..]);
        out[start + 4..start + 8].copy_from_slice(&crc.to_le_bytes());
    }
    Ok(out)
}

/// None where the bytes are no whole block of that generation and place.
pub fn decode(bytes: &[u8], generation: u64, place: u32) -> Option<Block> {
    let bytes: &[u8; BLOCK] = bytes.try_into().ok()?;
    let number = |at: usize| u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
    let long = u64::from(number(8)) | u64::from(number(12)) << 32;
    if bytes[..4] != MAGIC || number(4) != crc32c::crc32c(&bytes[8..]) || (long, number(16)) != (generation, place) {
        return None;
    }
    let payload = usize::from(u16::from_le_bytes([bytes[24], bytes[25]]));
    let mut block = Block { commit: number(20), last: bytes[26] == 1, records: Vec::new(), alien: false };
    let mut rest = bytes[HEADER..].get(..payload).unwrap_or_default();
    while !rest.is_empty() {
        match postcard::take_from_bytes(rest) {
            Ok((record, after)) => {
                block.records.push(record);
                rest = after;
            }
            Err(_) => {
                block.alien = true;
                break;
            }
        }
    }
    Some(block)
}
