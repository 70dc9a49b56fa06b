use crate::log::fs::{Fs, LogFile};
use std::{
    collections::BTreeMap,
    io,
    sync::{Arc, Mutex, MutexGuard},
};

/// A disk in memory that can lose power: what was not synced may be there or not, and its last write may be torn.
#[derive(Clone, Default)]
pub struct Disk(Arc<Mutex<Inner>>);

#[derive(Clone, Default)]
struct Inner {
    names: BTreeMap<String, usize>,
    synced_names: BTreeMap<String, usize>,
    files: Vec<Content>,
    /// Operations that change anything, until the power goes.
    left: Option<usize>,
    done: usize,
    full: bool,
}

#[derive(Clone, Default)]
struct Content {
    now: Vec<u8>,
    synced: Vec<u8>,
    pending: Vec<(usize, Vec<u8>)>,
}

/// What a power cut leaves of what was not synced.
#[derive(Clone, Copy, Debug)]
pub enum Leaves {
    Nothing,
    Everything,
    /// All but the last write to each file, of which only so many bytes made it.
    Torn(usize),
    /// Of each write only every second block made it; names are as before.
    EverySecondBlock,
}

pub struct File(Disk, usize);

impl Disk {
    pub fn power_for(&self, operations: usize) {
        self.lock().left = Some(operations);
    }

    pub fn operations(&self) -> usize {
        self.lock().done
    }

    pub fn fill(&self, full: bool) {
        self.lock().full = full;
    }

    pub fn damage(&self, name: &str, at: usize) {
        let mut inner = self.lock();
        let file = inner.names[name];
        inner.files[file].now[at] ^= 0x55;
    }

    /// The disk as the next start finds it.
    pub fn after_power_cut(&self, leaves: Leaves) -> Disk {
        let inner = self.lock().clone();
        let names = if matches!(leaves, Leaves::Everything | Leaves::Torn(_)) { inner.names } else { inner.synced_names };
        let files = inner.files.into_iter().map(|file| {
            let mut now = file.synced;
            let last = file.pending.len().saturating_sub(1);
            for (at, (offset, bytes)) in file.pending.iter().enumerate() {
                match leaves {
                    Leaves::Nothing => {}
                    Leaves::Torn(prefix) if at == last => put(&mut now, *offset, &bytes[..prefix.min(bytes.len())]),
                    Leaves::EverySecondBlock => bytes.chunks(4096).enumerate().skip(1).step_by(2).for_each(|(block, bytes)| {
                        put(&mut now, offset + block * 4096, bytes);
                    }),
                    Leaves::Everything | Leaves::Torn(_) => put(&mut now, *offset, bytes),
                }
            }
            Content { synced: now.clone(), now, pending: Vec::new() }
        });
        let files = files.collect();
        Disk(Arc::new(Mutex::new(Inner { synced_names: names.clone(), names, files, ..Inner::default() })))
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().expect("no test panics with it")
    }

    fn step(&self) -> io::Result<MutexGuard<'_, Inner>> {
        let mut inner = self.lock();
        if inner.left == Some(0) {
            return Err(io::Error::other("no power"));
        }
        if inner.full {
            return Err(io::ErrorKind::StorageFull.into());
        }
        inner.done += 1;
        inner.left = inner.left.map(|left| left - 1);
        Ok(inner)
    }
}

fn put(content: &mut Vec<u8>, offset: usize, bytes: &[u8]) {
    content.resize(content.len().max(offset + bytes.len()), 0);
    content[offset..offset + bytes.len()].copy_from_slice(bytes);
}

impl Fs for Disk {
    type File = File;

    fn names(&self) -> io::Result<Vec<String>> {
        Ok(self.lock().names.keys().cloned().collect())
    }

    fn read(&self, name: &str) -> io::Result<Vec<u8>> {
        let inner = self.lock();
        inner.names.get(name).map(|file| inner.files[*file].now.clone()).ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn open(&self, name: &str) -> io::Result<File> {
        let mut inner = self.step()?;
        let new = inner.files.len();
        let file = *inner.names.entry(name.to_owned()).or_insert(new);
        if file == new {
            inner.files.push(Content::default());
        }
        Ok(File(self.clone(), file))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut inner = self.step()?;
        let file = inner.names.remove(from).ok_or(io::ErrorKind::NotFound)?;
        inner.names.insert(to.to_owned(), file);
        Ok(())
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.step()?.names.remove(name).map(drop).ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn sync_names(&self) -> io::Result<()> {
        let mut inner = self.step()?;
        inner.synced_names = inner.names.clone();
        Ok(())
    }
}

impl LogFile for File {
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        let mut inner = self.0.step()?;
        let file = &mut inner.files[self.1];
        put(&mut file.now, offset as usize, bytes);
        file.pending.push((offset as usize, bytes.to_vec()));
        Ok(())
    }

    fn truncate(&self) -> io::Result<()> {
        let mut inner = self.0.step()?;
        inner.files[self.1] = Content::default();
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        let mut inner = self.0.step()?;
        let file = &mut inner.files[self.1];
        file.synced = file.now.clone();
        file.pending.clear();
        Ok(())
    }
}
