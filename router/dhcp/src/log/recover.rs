use super::{
    Record,
    block::{self, BLOCK},
    fs::Fs,
    log_name, snapshot_name,
};
use std::io;

/// What a restart finds.
#[derive(Debug, Default)]
pub struct Recovered {
    /// In the order they were written; each says what is, so that reading one twice does no harm.
    pub records: Vec<Record>,
    /// Zero where there was nothing.
    pub generation: u64,
    /// The first block of the log that may be written.
    pub next: u32,
    /// Damage, in words. With any, a new generation is started at once.
    pub notes: Vec<String>,
}

/// Reads the newest whole snapshot and the logs after it. What was acknowledged is always there: only blocks that were never
/// synced can be missing, and they are at the end. Damage anywhere else is noted, and what is whole is taken nevertheless.
pub fn recover<F: Fs>(fs: &F) -> io::Result<Recovered> {
    let names = fs.names()?;
    let mut generations: Vec<u64> = names.iter().filter_map(|name| name.strip_prefix("snapshot.")?.parse().ok()).collect();
    generations.sort_unstable();
    let Some(&newest) = generations.last() else { return Ok(Recovered::default()) };
    let mut found = Recovered { generation: newest, ..Recovered::default() };

    let mut from = newest;
    let mut partial = Vec::new();
    let mut whole = false;
    for &generation in generations.iter().rev() {
        let (records, complete) = read_snapshot(&fs.read(&snapshot_name(generation))?, generation);
        from = generation;
        if complete {
            found.records = records;
            whole = true;
            break;
        }
        found.notes.push(format!("{} is damaged; an older one is read", snapshot_name(generation)));
        partial = records.into_iter().chain(partial).collect();
    }
    if !whole {
        found.notes.push("no snapshot is whole; leases may be missing".to_owned());
        found.records = partial;
    }
    for generation in from..=newest {
        let name = log_name(generation);
        match fs.read(&name) {
            Ok(bytes) => read_log(&bytes, generation, &name, &mut found),
            // A crash between a snapshot and its log: nothing was written after the snapshot.
            Err(error) if error.kind() == io::ErrorKind::NotFound && generation == newest => found.next = 0,
            Err(error) if error.kind() == io::ErrorKind::NotFound => found.notes.push(format!("{name} is missing")),
            Err(error) => return Err(error),
        }
    }
    Ok(found)
}

/// The records of the whole blocks, and whether that is all of them.
fn read_snapshot(bytes: &[u8], generation: u64) -> (Vec<Record>, bool) {
    let mut records = Vec::new();
    let (mut whole, mut ended) = (true, false);
    for (place, bytes) in bytes.chunks(BLOCK).enumerate() {
        match block::decode(bytes, generation, place as u32) {
            Some(block) => {
                whole &= !ended && !block.alien;
                ended = block.last;
                records.extend(block.records);
            }
            None => whole = false,
        }
    }
    (records, whole && ended)
}

fn read_log(bytes: &[u8], generation: u64, name: &str, found: &mut Recovered) {
    let blocks: Vec<_> =
        bytes.chunks(BLOCK).enumerate().map(|(place, bytes)| block::decode(bytes, generation, place as u32)).collect();
    let end = blocks.iter().rposition(Option::is_some).map_or(0, |last| last + 1);
    // The last commit was one write: if a part of it is missing, it was never synced, nor acknowledged.
    let last_commit = blocks[..end].last().and_then(Option::as_ref).map_or(0, |block| block.commit as usize);
    let torn = blocks[..end].iter().skip(last_commit).any(Option::is_none);
    let end = if torn { last_commit } else { end };
    found.next = end as u32;
    for (place, block) in blocks.into_iter().take(end).enumerate() {
        match block {
            Some(block) => {
                if block.alien {
                    found.notes.push(format!("block {place} of {name} holds records of another version; they are skipped"));
                }
                found.records.extend(block.records);
            }
            None => found.notes.push(format!("block {place} of {name} is damaged; leases written there may be missing")),
        }
    }
}
