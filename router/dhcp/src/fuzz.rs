//! What the fuzzers run, and `tests/fuzz_corpus.rs` with every test.

use crate::{
    NetworkService,
    decide::{Moment, Scope},
    log::{BLOCK, BLOCKS, Fs, LogFile, Packer, Record, Salvaged, recover, sealed},
    network::{KnownNetwork, Networks},
    way::Via,
};
use std::{collections::BTreeMap, io};

/// Any bytes through everything but sockets and disk.
#[doc(hidden)]
pub fn fuzz_packet(service: NetworkService, bytes: &[u8]) {
    let mut network = KnownNetwork::default();
    network.serve(Scope::new(service));
    for now in [1, 2] {
        let moment = Moment { now, lagging: false, log_fails: false, asks_enough: false };
        let reply = &mut Vec::new();
        let mut answer = network.answer(bytes, Via::Broadcast, moment, reply);
        if let Some((address, _)) = answer.probe {
            network.table.clear(address, now);
            answer = network.answer_again(bytes, Via::Broadcast, moment, reply);
        }
        network.count(answer.reply.map(|(said, _)| said), answer.drop);
        answer.changes.into_iter().for_each(|change| network.table.apply(change));
    }
}

/// A directory that is only read.
struct Found(BTreeMap<String, Vec<u8>>);

pub struct Unwritable;

impl LogFile for Unwritable {
    fn write_at(&self, _: &[u8], _: u64) -> io::Result<()> {
        Err(io::ErrorKind::ReadOnlyFilesystem.into())
    }

    fn truncate(&self) -> io::Result<()> {
        Err(io::ErrorKind::ReadOnlyFilesystem.into())
    }

    fn sync(&self) -> io::Result<()> {
        Ok(())
    }
}

impl Fs for Found {
    type File = Unwritable;

    fn names(&self) -> io::Result<Vec<String>> {
        Ok(self.0.keys().cloned().collect())
    }

    fn read(&self, name: &str) -> io::Result<Salvaged> {
        let bytes = self.0.get(name).cloned().ok_or(io::ErrorKind::NotFound)?;
        Ok(Salvaged::new(name, bytes))
    }

    fn size(&self, name: &str) -> io::Result<u64> {
        self.read(name).map(|found| found.bytes.len() as u64)
    }

    fn open(&self, _: &str) -> io::Result<Unwritable> {
        Ok(Unwritable)
    }

    fn rename(&self, _: &str, _: &str) -> io::Result<()> {
        Err(io::ErrorKind::ReadOnlyFilesystem.into())
    }

    fn remove(&self, _: &str) -> io::Result<()> {
        Err(io::ErrorKind::ReadOnlyFilesystem.into())
    }

    fn sync_names(&self) -> io::Result<()> {
        Ok(())
    }
}

/// Recovers from whatever files these bytes describe: never a panic, and what was understood is understood the same when it is written
/// down and read again.
#[doc(hidden)]
pub fn fuzz_log(bytes: &[u8]) {
    let mut networks = Networks::default();
    if recover(&files(bytes), |record| networks.replay(record)).is_err() {
        return;
    }
    let records = all(&networks);
    let mut packer = Packer::new(7, 0);
    if records.iter().any(|record| packer.push(record).is_err()) {
        return;
    }
    let log = vec![0; BLOCKS as usize * BLOCK];
    let again = Found(BTreeMap::from([("snapshot.7".to_owned(), packer.finish(true)), ("log.7".to_owned(), log)]));
    let mut networks = Networks::default();
    let Ok(recovered) = recover(&again, |record| networks.replay(record)) else { return };
    assert!(recovered.notes.is_empty(), "what was just written is damaged: {:?}", recovered.notes);
    assert_eq!(records, all(&networks));
}

fn all(networks: &Networks) -> Vec<Record> {
    let mut records: Vec<Record> = Vec::new();
    loop {
        let more = networks.slice(records.last(), 0);
        if more.is_empty() {
            return records;
        }
        records.extend(more);
    }
}

/// One instruction after the other: 0 and 1 begin a snapshot or a log, of the generation in the next byte (255: the last there is);
/// 2 adds a whole block, its checksum right whatever is in it: first of its commit, last or not, length, payload; all else adds that
/// many bytes as they are.
fn files(mut bytes: &[u8]) -> Found {
    let mut files = BTreeMap::new();
    let (mut name, mut generation) = ("snapshot.1".to_owned(), 1);
    while let [instruction, rest @ ..] = bytes {
        bytes = rest;
        match (*instruction, bytes) {
            (kind @ (0 | 1), [number, rest @ ..]) => {
                generation = if *number == 255 { u64::MAX } else { u64::from(*number) };
                name = format!("{}.{generation}", ["snapshot", "log"][usize::from(kind)]);
                files.entry(name.clone()).or_insert_with(Vec::new);
                bytes = rest;
            }
            (2, [first, last, length, rest @ ..]) => {
                let file = files.entry(name.clone()).or_insert_with(Vec::new);
                let (payload, rest) = rest.split_at(rest.len().min(usize::from(*length)));
                file.extend(sealed(payload, generation, (file.len() / BLOCK) as u32, u32::from(*first), *last == 1));
                bytes = rest;
            }
            (length, _) => {
                let (raw, rest) = bytes.split_at(bytes.len().min(usize::from(length)));
                files.entry(name.clone()).or_insert_with(Vec::new).extend(raw);
                bytes = rest;
            }
        }
    }
    Found(files)
}
