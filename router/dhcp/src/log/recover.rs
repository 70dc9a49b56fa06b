use super::{
    Record,
    block::{BLOCK, Block},
    fs::Fs,
    log_name,
    mend::mend,
    salvage::Salvaged,
    snapshot::BLOCKS,
    snapshot_name,
};
use std::{collections::BTreeSet, io};

/// What a restart finds.
#[derive(Debug, Default)]
pub struct Recovered {
    /// Zero where there was nothing.
    pub generation: u64,
    /// The first block of the log that may be written, and how many it has.
    pub next: u32,
    pub length: u32,
    /// The last commit, which is the blocks before `next`. It can be read, but may not be on the disk.
    pub last: Vec<u8>,
    /// Behind `next` there are parts of a commit that was not finished, so nothing more is written to this log: they would look like
    /// parts of the next one.
    pub spoiled: bool,
    /// The newest whole snapshot.
    pub snapshot: u64,
    /// Damage, in words. With any, a new generation is started at once.
    pub notes: Vec<String>,
}

/// Reads the newest whole snapshot and the logs after it, and gives out the records in the order they were written; each says
/// what is, so that reading one twice does no harm. What was acknowledged is always there: only blocks that were never synced can
/// be missing, and they are at the end. Damage anywhere else is noted, and what is whole is taken nevertheless.
pub fn recover<F: Fs>(fs: &F, mut take: impl FnMut(Record)) -> io::Result<Recovered> {
    let names = fs.names()?;
    let numbers = |prefix: &str| -> Vec<u64> {
        // A larger number is never reached: somebody else's file.
        let number = |name: &String| name.strip_prefix(prefix)?.parse::<u32>().ok().map(u64::from);
        let mut numbers: Vec<_> = names.iter().filter_map(number).collect();
        numbers.sort_unstable();
        numbers
    };
    let (snapshots, logs) = (numbers("snapshot."), numbers("log."));
    let mut found = Recovered { generation: snapshots.last().copied().unwrap_or_default(), ..Recovered::default() };

    for &generation in snapshots.iter().rev() {
        let name = snapshot_name(generation);
        let bytes = found.note(&name, fs.read(&name)?).bytes;
        if is_whole(&bytes, generation) {
            found.snapshot = generation;
            read_snapshot(&bytes, generation, &name, &mut found, &mut take);
            break;
        }
        found.notes.push(format!("{name} is damaged; an older one is read"));
    }
    let mut first = found.snapshot;
    if found.snapshot == 0 && !snapshots.is_empty() {
        found.notes.push("no snapshot is whole; leases may be missing".to_owned());
        for &generation in &snapshots {
            let name = snapshot_name(generation);
            read_snapshot(&fs.read(&name)?.bytes, generation, &name, &mut found, &mut take);
        }
        first = snapshots[0];
    }
    // The last one may be prepared and not begun.
    let newest = found.generation.max(logs.last().copied().unwrap_or_default());
    let known = snapshots.iter().chain(&logs).copied().filter(|known| *known >= first.max(1));
    let known: BTreeSet<u64> = known.collect();
    if (known.len() as u64) < (newest + 1).saturating_sub(first.max(1)) {
        found.notes.push(format!("of the generations up to {newest} only {known:?} are there"));
    }
    for generation in known {
        let name = log_name(generation);
        match fs.read(&name) {
            Ok(read) => read_log(&found.note(&name, read), generation, &name, &mut found, &mut take),
            // Each log is there before its snapshot is.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                found.notes.push(format!("{name} is missing; leases written there may be missing"));
                if generation == newest {
                    (found.generation, found.next, found.length, found.spoiled) = (generation, 0, 0, false);
                    found.last.clear();
                }
            }
            Err(error) => return Err(error),
        }
    }
    Ok(found)
}

impl Recovered {
    /// What cannot be read of that file is told.
    fn note(&mut self, name: &str, read: Salvaged) -> Salvaged {
        self.notes.extend(read.damage().map(|damage| format!("{name}: {damage}; leases written there may be missing")));
        read
    }
}

fn blocks(bytes: &[u8], generation: u64) -> impl DoubleEndedIterator<Item = Option<Block<'_>>> + ExactSizeIterator {
    bytes.chunks(BLOCK).enumerate().map(move |(place, bytes)| Block::read(bytes, generation, place as u32))
}

fn is_whole(bytes: &[u8], generation: u64) -> bool {
    let count = bytes.chunks(BLOCK).len();
    blocks(bytes, generation).enumerate().all(|(at, block)| block.is_some_and(|block| block.last == (at + 1 == count)))
        && count > 0
}

/// The records of the whole blocks, and of those that can be mended.
fn read_snapshot(bytes: &[u8], generation: u64, name: &str, found: &mut Recovered, take: &mut impl FnMut(Record)) {
    for (place, bytes) in bytes.chunks(BLOCK).enumerate() {
        match Block::read(bytes, generation, place as u32) {
            Some(block) => read_block(&block, place, name, found, take),
            None => drop(read_mended(bytes, generation, place, name, found, take)),
        }
    }
}

/// False where more than one bit is wrong.
fn read_mended(
    bytes: &[u8],
    generation: u64,
    place: usize,
    name: &str,
    found: &mut Recovered,
    take: &mut impl FnMut(Record),
) -> bool {
    let Some(mended) = mend(bytes) else { return false };
    let Some(block) = Block::read(&mended, generation, place as u32) else { return false };
    found.notes.push(format!("a bit of block {place} of {name} was flipped, which is mended"));
    read_block(&block, place, name, found, take);
    true
}

fn read_log(read: &Salvaged, generation: u64, name: &str, found: &mut Recovered, take: &mut impl FnMut(Record)) {
    let bytes = &read.bytes;
    // It had its length before it had its name. What cannot be read is told already.
    if (bytes.len() < BLOCKS as usize * BLOCK || !bytes.len().is_multiple_of(BLOCK)) && read.unreadable.is_empty() {
        found.notes.push(format!("{name} is cut off; leases written there may be missing"));
    }
    let end = blocks(bytes, generation).rposition(|block| block.is_some()).map_or(0, |last| last + 1);
    // One that may hold what cannot be read now is not begun anew.
    if end == 0 && generation > found.generation && read.unreadable.is_empty() {
        return;
    }
    // The last commit was one write: if a part of it is missing, it was never synced, nor acknowledged.
    let last = end.checked_sub(1).and_then(|last| blocks(bytes, generation).nth(last).flatten());
    let last_commit = last.map_or(0, |block| block.commit as usize);
    let is_missing = |(place, block): (usize, Option<Block>)| block.is_none() && !read.unreadable.contains(&place);
    found.spoiled = blocks(bytes, generation).enumerate().take(end).skip(last_commit).any(is_missing);
    let end = if found.spoiled { last_commit } else { end };
    (found.generation, found.next, found.length) = (generation, end as u32, (bytes.len() / BLOCK) as u32);
    let is_whole = !found.spoiled && read.unreadable.is_empty();
    let last = bytes.get(last_commit * BLOCK..end * BLOCK).filter(|_| is_whole);
    found.last = last.unwrap_or_default().to_vec();
    for (place, bytes) in bytes.chunks(BLOCK).take(end).enumerate() {
        match Block::read(bytes, generation, place as u32) {
            Some(block) => read_block(&block, place, name, found, take),
            None if read.unreadable.contains(&place) => {}
            None if read_mended(bytes, generation, place, name, found, take) => {}
            None => found.notes.push(format!("block {place} of {name} is damaged; leases written there may be missing")),
        }
    }
}

fn read_block(block: &Block, place: usize, name: &str, found: &mut Recovered, take: &mut impl FnMut(Record)) {
    if !block.records(take) {
        found.notes.push(format!("block {place} of {name} holds records of another version; they are skipped"));
    }
}
