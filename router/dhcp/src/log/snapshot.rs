use super::{
    Record,
    block::{BLOCK, Packer},
    fs::{Fs, LogFile},
    log_name, snapshot_name,
};
use std::{io, sync::Arc};

/// The records that come after the given one, some at a time and in an order that does not change; none at the end.
pub type Slices = Arc<dyn Fn(Option<&Record>) -> Vec<Record> + Send + Sync>;

/// The shortest log. A thousand commits, 4 MiB: read at every start, and the less often it is full, the less is written twice.
#[cfg(not(test))]
pub const BLOCKS: u32 = 1024;
#[cfg(test)]
pub const BLOCKS: u32 = 6;
/// Blocks of zeros written at a time.
#[cfg(not(test))]
const ZEROS: u32 = 64;
#[cfg(test)]
const ZEROS: u32 = 4;

/// What a generation needs beside its log, done in steps that each leave what is on disk complete.
#[allow(clippy::large_enum_variant, reason = "there is one of it")]
pub enum Work<F: Fs> {
    Snapshot(Snapshot<F::File>),
    /// The snapshot is there, of so many bytes.
    Whole {
        generation: u64,
        bytes: u64,
    },
    NextLog(NextLog<F::File>),
    Done,
}

pub struct Snapshot<File> {
    generation: u64,
    file: File,
    packer: Packer,
    last: Option<Record>,
    written: u64,
}

/// The log of the next generation, made before it is needed.
pub struct NextLog<File> {
    generation: u64,
    file: File,
    /// Blocks it has, and shall have.
    has: u32,
    wanted: u32,
}

impl<F: Fs> Work<F> {
    pub fn begin(fs: &F, generation: u64) -> io::Result<Self> {
        let file = fs.open(&fresh(&snapshot_name(generation)))?;
        file.truncate()?;
        Ok(Work::Snapshot(Snapshot { generation, file, packer: Packer::new(generation, 0), last: None, written: 0 }))
    }

    /// What is next.
    pub fn step(self, fs: &F, slices: &Slices) -> io::Result<Self> {
        match self {
            Work::Snapshot(snapshot) => snapshot.step(fs, slices),
            Work::Whole { generation, bytes } => NextLog::begin(fs, generation, generation + 1, bytes),
            Work::NextLog(log) => log.step(fs),
            Work::Done => Ok(Work::Done),
        }
    }
}

impl<File: LogFile> Snapshot<File> {
    fn step<F: Fs<File = File>>(mut self, fs: &F, slices: &Slices) -> io::Result<Work<F>> {
        let slice = slices(self.last.as_ref());
        for record in &slice {
            self.packer.push(record).map_err(io::Error::other)?;
        }
        if let Some(last) = slice.into_iter().next_back() {
            let blocks = self.packer.take();
            self.file.write_at(&blocks, self.written)?;
            // Each slice by itself: a commit would have to wait for all of them at once.
            self.file.sync()?;
            self.written += blocks.len() as u64;
            self.last = Some(last);
            return Ok(Work::Snapshot(self));
        }
        let blocks = self.packer.finish(true);
        self.file.write_at(&blocks, self.written)?;
        self.file.sync()?;
        let name = snapshot_name(self.generation);
        fs.rename(&fresh(&name), &name)?;
        fs.sync_names()?;
        Ok(Work::Whole { generation: self.generation, bytes: self.written + blocks.len() as u64 })
    }
}

impl<File: LogFile> NextLog<File> {
    /// Removes what is older than the generation before `whole`, whose snapshot is, but for one log. The next one is at least as
    /// long as a snapshot of so many bytes.
    pub fn begin<F: Fs<File = File>>(fs: &F, whole: u64, generation: u64, snapshot: u64) -> io::Result<Work<F>> {
        let names = fs.names()?;
        let older = |prefix: &str| -> Vec<String> {
            let number = |name: &&String| name.strip_prefix(prefix).and_then(|number| number.parse().ok());
            names.iter().filter(|name| number(name).is_some_and(|number: u64| number + 1 < whole)).cloned().collect()
        };
        for name in older("snapshot.") {
            fs.remove(&name)?;
        }
        let mut old_logs = older("log.");
        let name = log_name(generation);
        let is_there = names.contains(&name);
        let again = if is_there { None } else { old_logs.pop() };
        for name in old_logs {
            fs.remove(&name)?;
        }
        if is_there {
            return Ok(Work::Done);
        }
        let name = fresh(&name);
        if let Some(old) = again {
            fs.rename(&old, &name)?;
        }
        let file = fs.open(&name)?;
        // Of a file that could not be written nobody knows how much is on the disk.
        if names.contains(&name) {
            file.truncate()?;
        }
        let has = (fs.size(&name)? / BLOCK as u64) as u32;
        let wanted = BLOCKS.max((snapshot / BLOCK as u64) as u32);
        Ok(Work::NextLog(NextLog { generation, file, has, wanted }))
    }

    fn step<F: Fs<File = File>>(mut self, fs: &F) -> io::Result<Work<F>> {
        if self.has < self.wanted {
            let count = ZEROS.min(self.wanted - self.has);
            self.file.write_at(&vec![0; count as usize * BLOCK], u64::from(self.has) * BLOCK as u64)?;
            self.file.sync()?;
            self.has += count;
            return Ok(Work::NextLog(self));
        }
        let name = log_name(self.generation);
        fs.rename(&fresh(&name), &name)?;
        fs.sync_names()?;
        Ok(Work::Done)
    }
}

/// A file under this name is not finished.
pub fn fresh(name: &str) -> String {
    format!("{name}.new")
}
