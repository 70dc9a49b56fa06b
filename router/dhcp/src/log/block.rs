//! What is on disk: blocks of 4 KiB, the unit a card writes whole. What is in a block never changes, though a start writes
//! the last ones once more.
//!
//! | bytes | |
//! |---|---|
//! | 0..4 | magic and format version, `EDL2` |
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
/// Where that begins which the checksum is of.
pub const SUMMED: usize = 8;
const MAGIC: [u8; 4] = *b"EDL2";

/// Packs records into blocks.
pub struct Packer {
    generation: u64,
    /// Place of the first block.
    commit: u32,
    /// Place of the block that is being filled.
    place: u32,
    payload: Vec<u8>,
    whole: Vec<u8>,
    /// The record at hand.
    record: Vec<u8>,
}

impl Packer {
    /// Of one commit, from place `first` of the file on.
    pub fn new(generation: u64, first: u32) -> Self {
        Self { generation, commit: first, place: first, payload: Vec::new(), whole: Vec::new(), record: Vec::new() }
    }

    pub fn push(&mut self, record: &Record) -> Result<(), postcard::Error> {
        self.record.clear();
        self.record = postcard::to_extend(record, std::mem::take(&mut self.record))?;
        if self.payload.len() + self.record.len() > BLOCK - HEADER {
            self.close(false);
        }
        self.payload.extend_from_slice(&self.record);
        Ok(())
    }

    /// The blocks that are full, to be written; none is given twice.
    pub fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.whole)
    }

    /// The rest of the blocks, at least one. `snapshot` marks the last.
    pub fn finish(mut self, snapshot: bool) -> Vec<u8> {
        self.close(snapshot);
        self.whole
    }

    fn close(&mut self, last: bool) {
        self.whole.extend(sealed(&self.payload, self.generation, self.place, self.commit, last));
        self.payload.clear();
        self.place += 1;
    }
}

/// One block; of a longer payload than it takes, the rest is cut off.
pub fn sealed(payload: &[u8], generation: u64, place: u32, commit: u32, last: bool) -> [u8; BLOCK] {
    let mut out = [0; BLOCK];
    let payload = &payload[..payload.len().min(BLOCK - HEADER)];
    out[..4].copy_from_slice(&MAGIC);
    out[8..16].copy_from_slice(&generation.to_le_bytes());
    out[16..20].copy_from_slice(&place.to_le_bytes());
    out[20..24].copy_from_slice(&commit.to_le_bytes());
    out[24..26].copy_from_slice(&(payload.len() as u16).to_le_bytes());
    out[26] = last.into();
    out[HEADER..HEADER + payload.len()].copy_from_slice(payload);
    let crc = checksum(&out).found;
    out[4..8].copy_from_slice(&crc.to_le_bytes());
    out
}

/// What a block says its checksum is, and what it is.
#[derive(Clone, Copy)]
pub struct Checksum {
    pub kept: u32,
    pub found: u32,
}

pub fn checksum(block: &[u8; BLOCK]) -> Checksum {
    let kept = u32::from_le_bytes([block[4], block[5], block[6], block[7]]);
    Checksum { kept, found: crc32c::crc32c(&block[SUMMED..]) }
}

/// Of the blocks of one commit, which are whole.
pub fn holds_records(commit: &[u8]) -> bool {
    commit.chunks(BLOCK).any(|block| block.get(24..26).is_some_and(|length| length != [0, 0]))
}

/// A whole block as it was read.
#[derive(Clone, Copy)]
pub struct Block<'a> {
    /// Place of the first block of the same commit.
    pub commit: u32,
    pub last: bool,
    payload: &'a [u8],
}

impl<'a> Block<'a> {
    /// None where the bytes are no whole block of that generation and place.
    pub fn read(bytes: &'a [u8], generation: u64, place: u32) -> Option<Self> {
        let bytes: &[u8; BLOCK] = bytes.try_into().ok()?;
        let number = |at: usize| u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
        let long = u64::from(number(8)) | u64::from(number(12)) << 32;
        if bytes[..4] != MAGIC || (long, number(16)) != (generation, place) || number(4) != crc32c::crc32c(&bytes[8..]) {
            return None;
        }
        let length = usize::from(u16::from_le_bytes([bytes[24], bytes[25]]));
        let payload = bytes[HEADER..].get(..length).unwrap_or_default();
        Some(Self { commit: number(20), last: bytes[26] == 1, payload })
    }

    /// Gives out the records; false where one cannot be read: it was written by another version.
    pub fn records(&self, mut take: impl FnMut(Record)) -> bool {
        let mut rest = self.payload;
        while !rest.is_empty() {
            let Ok((record, after)) = postcard::take_from_bytes(rest) else { return false };
            take(record);
            rest = after;
        }
        true
    }
}
