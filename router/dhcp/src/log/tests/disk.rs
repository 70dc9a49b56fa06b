use crate::log::{
    block::BLOCK,
    fs::{Fs, LogFile},
    salvage::{Salvaged, mark},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    hash::{DefaultHasher, Hash, Hasher},
    io,
    sync::{Arc, Mutex, MutexGuard},
    thread,
    time::Duration,
};

type Names = BTreeMap<String, usize>;

const SECTOR: usize = 512;

/// A disk in memory that can lose power: of what was not synced anything may be there or not, names and contents each for
/// themselves. It can be full, and fail.
#[derive(Clone, Default)]
pub struct Disk(Arc<Mutex<Inner>>);

#[derive(Clone, Default)]
struct Inner {
    names: Names,
    synced_names: Names,
    /// As they were after each change since they were synced.
    pending_names: Vec<Names>,
    files: Vec<Content>,
    /// Operations that change anything, until the power goes.
    left: Option<usize>,
    /// The one that fails.
    fails: Option<usize>,
    done: usize,
    full: bool,
    /// It has no room for another file.
    crowded: bool,
    /// It answers to nothing that changes anything.
    hangs: bool,
    /// Files and places of blocks.
    unreadable: BTreeSet<(usize, usize)>,
}

#[derive(Clone, Default, Hash)]
struct Content {
    now: Vec<u8>,
    synced: Vec<u8>,
    pending: Vec<(usize, Vec<u8>)>,
}

/// What a power cut leaves of what was not synced.
#[derive(Clone, Copy, Debug)]
pub struct Leaves {
    /// So many of the changes to names, the first ones.
    pub names: usize,
    pub writes: Writes,
}

#[derive(Clone, Copy, Debug)]
pub enum Writes {
    Nothing,
    Everything,
    /// All but the last write to each file, of which only so many bytes made it.
    Torn(usize),
    /// The last write without so many bytes of its beginning, as what is written later may be on disk earlier.
    Tail(usize),
    /// Each sector of each write by the throw of a coin.
    Sectors(u64),
}

pub struct File(Disk, usize);

impl Disk {
    pub fn power_for(&self, operations: usize) {
        self.lock().left = Some(operations);
    }

    /// The operation of that number fails once: a write midway, and what was to be synced then is never written, although it can be
    /// read until the power goes (as Linux has it).
    pub fn fail_at(&self, operation: usize) {
        self.lock().fails = Some(operation);
    }

    pub fn operations(&self) -> usize {
        self.lock().done
    }

    pub fn fill(&self, full: bool) {
        self.lock().full = full;
    }

    pub fn crowd(&self, crowded: bool) {
        self.lock().crowded = crowded;
    }

    pub fn hang(&self, hangs: bool) {
        self.lock().hangs = hangs;
    }

    pub fn flip(&self, name: &str, at: usize) {
        let mut inner = self.lock();
        let file = inner.names[name];
        inner.files[file].now[at] ^= 0x10;
    }

    pub fn damage(&self, name: &str, at: usize) {
        let mut inner = self.lock();
        let file = inner.names[name];
        inner.files[file].now[at] ^= 0x55;
    }

    /// Nothing of it is left behind so many bytes, also on the disk.
    pub fn cut(&self, name: &str, bytes: usize) {
        let mut inner = self.lock();
        let file = inner.names[name];
        inner.files[file].now.truncate(bytes);
        let now = inner.files[file].now.clone();
        inner.files[file].synced = now;
    }

    /// A block that cannot be read until it is written anew.
    pub fn wear_out(&self, name: &str, block: usize) {
        let mut inner = self.lock();
        let file = inner.names[name];
        inner.unreadable.insert((file, block));
    }

    /// Every block can be read again.
    pub fn recover(&self) {
        self.lock().unreadable.clear();
    }

    /// Changes to names that are not synced.
    pub fn pending_names(&self) -> usize {
        self.lock().pending_names.len()
    }

    /// Bytes of the longest write that is not synced, if there is one.
    pub fn pending_bytes(&self) -> usize {
        let inner = self.lock();
        let last = inner.files.iter().filter_map(|file| file.pending.last());
        last.map(|(_, bytes)| bytes.len()).max().unwrap_or_default()
    }

    /// The disk as the next start finds it.
    pub fn after_power_cut(&self, leaves: Leaves) -> Disk {
        let inner = self.lock().clone();
        let names = match leaves.names {
            0 => inner.synced_names,
            more => inner.pending_names.get(more - 1).cloned().unwrap_or(inner.names),
        };
        let unreadable = inner.unreadable;
        let files = inner.files.into_iter().map(|file| file.after_power_cut(leaves.writes)).collect();
        Disk(Arc::new(Mutex::new(Inner { synced_names: names.clone(), names, files, unreadable, ..Inner::default() })))
    }

    /// That file as the other disk has it, durably.
    pub fn take_over(&self, name: &str, other: &Disk) {
        let now = other.read(name).expect("it is there").bytes;
        let mut inner = self.lock();
        let new = inner.files.len();
        inner.files.push(Content { synced: now.clone(), now, pending: Vec::new() });
        inner.names.insert(name.to_owned(), new);
        inner.synced_names = inner.names.clone();
    }

    /// Differs where what can be read does.
    pub fn fingerprint(&self) -> u64 {
        let inner = self.lock();
        let mut hasher = DefaultHasher::new();
        inner.names.iter().for_each(|(name, file)| (name, &inner.files[*file]).hash(&mut hasher));
        hasher.finish()
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().expect("no test panics with it")
    }

    /// The operation is done, or fails after that much of it.
    fn step(&self, half: impl FnOnce(&mut Inner)) -> io::Result<MutexGuard<'_, Inner>> {
        while self.lock().hangs {
            thread::sleep(Duration::from_millis(1));
        }
        let mut inner = self.lock();
        if inner.left == Some(0) {
            return Err(io::Error::other("no power"));
        }
        if inner.full {
            return Err(io::ErrorKind::StorageFull.into());
        }
        inner.done += 1;
        inner.left = inner.left.map(|left| left - 1);
        if inner.fails == Some(inner.done) {
            half(&mut inner);
            return Err(io::Error::other("input/output error"));
        }
        Ok(inner)
    }

    fn rename_with(&self, change: impl FnOnce(&mut Names) -> io::Result<()>) -> io::Result<()> {
        let mut inner = self.step(|_| ())?;
        change(&mut inner.names)?;
        let names = inner.names.clone();
        inner.pending_names.push(names);
        Ok(())
    }
}

impl Content {
    fn after_power_cut(self, leaves: Writes) -> Self {
        let mut now = self.synced;
        let last = self.pending.len().saturating_sub(1);
        for (at, (offset, bytes)) in self.pending.iter().enumerate() {
            match leaves {
                Writes::Nothing => {}
                Writes::Torn(prefix) if at == last => put(&mut now, *offset, &bytes[..prefix.min(bytes.len())]),
                Writes::Tail(start) if at == last => put(&mut now, *offset + start, bytes.get(start..).unwrap_or_default()),
                Writes::Sectors(seed) => bytes.chunks(SECTOR).enumerate().for_each(|(sector, bytes)| {
                    let mut hasher = DefaultHasher::new();
                    (seed, at, sector).hash(&mut hasher);
                    if hasher.finish().is_multiple_of(2) {
                        put(&mut now, offset + sector * SECTOR, bytes);
                    }
                }),
                Writes::Everything | Writes::Torn(_) | Writes::Tail(_) => put(&mut now, *offset, bytes),
            }
        }
        Content { synced: now.clone(), now, pending: Vec::new() }
    }

    fn write(&mut self, offset: usize, bytes: &[u8]) {
        put(&mut self.now, offset, bytes);
        self.pending.push((offset, bytes.to_vec()));
    }
}

fn put(content: &mut Vec<u8>, offset: usize, bytes: &[u8]) {
    if !bytes.is_empty() {
        content.resize(content.len().max(offset + bytes.len()), 0);
        content[offset..offset + bytes.len()].copy_from_slice(bytes);
    }
}

impl Fs for Disk {
    type File = File;

    fn names(&self) -> io::Result<Vec<String>> {
        Ok(self.lock().names.keys().cloned().collect())
    }

    fn read(&self, name: &str) -> io::Result<Salvaged> {
        let inner = self.lock();
        let file = *inner.names.get(name).ok_or(io::ErrorKind::NotFound)?;
        let mut bytes = inner.files[file].now.clone();
        for (_, block) in inner.unreadable.iter().filter(|(bad, _)| *bad == file) {
            bytes[block * BLOCK..][..BLOCK].copy_from_slice(&mark(name));
        }
        Ok(Salvaged::new(name, bytes))
    }

    fn size(&self, name: &str) -> io::Result<u64> {
        Ok(self.read(name)?.bytes.len() as u64)
    }

    fn open(&self, name: &str) -> io::Result<File> {
        let known = self.lock().names.get(name).copied();
        if let Some(file) = known {
            return Ok(File(self.clone(), file));
        }
        if self.lock().crowded {
            return Err(io::ErrorKind::StorageFull.into());
        }
        let new = self.lock().files.len();
        self.rename_with(|names| {
            names.insert(name.to_owned(), new);
            Ok(())
        })?;
        self.lock().files.push(Content::default());
        Ok(File(self.clone(), new))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.rename_with(|names| {
            let file = names.remove(from).ok_or(io::ErrorKind::NotFound)?;
            names.insert(to.to_owned(), file);
            Ok(())
        })
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.rename_with(|names| names.remove(name).map(drop).ok_or_else(|| io::ErrorKind::NotFound.into()))
    }

    fn sync_names(&self) -> io::Result<()> {
        let mut inner = self.step(|_| ())?;
        inner.synced_names = inner.names.clone();
        inner.pending_names.clear();
        Ok(())
    }
}

impl LogFile for File {
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        let half = |inner: &mut Inner| inner.files[self.1].write(offset as usize, &bytes[..bytes.len() / 2]);
        let mut inner = self.0.step(half)?;
        inner.files[self.1].write(offset as usize, bytes);
        let blocks = offset as usize / BLOCK..(offset as usize + bytes.len()) / BLOCK;
        inner.unreadable.retain(|(file, block)| *file != self.1 || !blocks.contains(block));
        Ok(())
    }

    /// At once, as only files that nobody reads are emptied.
    fn truncate(&self) -> io::Result<()> {
        self.0.step(|_| ())?.files[self.1] = Content::default();
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        let mut inner = self.0.step(|inner| inner.files[self.1].pending.clear())?;
        let file = &mut inner.files[self.1];
        for (offset, bytes) in std::mem::take(&mut file.pending) {
            put(&mut file.synced, offset, &bytes);
        }
        Ok(())
    }
}
