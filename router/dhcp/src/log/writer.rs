use super::{
    Place, Record, Recovered, Slices,
    block::{BLOCK, Packer, holds_records},
    fs::{Fs, LogFile},
    log_name,
    snapshot::{BLOCKS, NextLog, Work},
    snapshot_name,
};
use std::{
    collections::HashSet,
    io,
    time::{Duration, Instant},
};

/// How long what could not be written rests before it is tried again.
#[cfg(not(test))]
const REST: Duration = Duration::from_secs(1);
#[cfg(test)]
const REST: Duration = Duration::from_millis(1);

/// The same for what nobody waits for: each time may cost a card that is nearly full a snapshot.
#[cfg(not(test))]
pub const LONG_REST: Duration = Duration::from_secs(10);
#[cfg(test)]
pub const LONG_REST: Duration = Duration::from_millis(1);

/// What the disk says, as long as it does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogFault {
    /// Why nothing can be promised.
    pub broken: Option<String>,
    /// Why nothing can be promised any more once the log is full.
    pub behind: Option<String>,
}

struct Failure {
    since: Instant,
    why: String,
}

pub struct Writer<F: Fs> {
    fs: F,
    slices: Slices,
    generation: u64,
    file: Option<F::File>,
    /// Blocks the log has.
    length: u32,
    next: u32,
    /// A part of a commit may stand behind `next`.
    spoiled: bool,
    /// The last commit has records: damage to it looks like one that was torn, which nobody would tell.
    is_open: bool,
    work: Work<F>,
    /// The newest whole snapshot: what is older than the generation before it is needed no more.
    whole: u64,
    /// Nothing can be written.
    broken: Option<Failure>,
    /// What could not be written, and is in the tables.
    failed: HashSet<Place>,
    /// The snapshot or the next log could not be written. The log goes on until it is full.
    behind: Option<Failure>,
}

impl<F: Fs> Writer<F> {
    pub fn new(fs: F, recovered: &Recovered, slices: Slices) -> io::Result<Self> {
        let Recovered { generation, next, length, spoiled, snapshot: whole, .. } = *recovered;
        let (work, file, broken, behind, failed) = (Work::Done, None, None, None, HashSet::new());
        let is_open = holds_records(&recovered.last);
        let mut writer =
            Self { fs, slices, generation, file, length, next, spoiled, is_open, work, whole, broken, failed, behind };
        for name in writer.fs.names()?.iter().filter(|name| name.ends_with(".new")) {
            writer.fs.remove(name)?;
        }
        // A daemon that was killed may have left what is only in memory, and from here on it is relied on. Where a sync of it failed,
        // the kernel takes it for written (fsync(2)): only what is written again is synced again.
        if length > 0 {
            let file = writer.fs.open(&log_name(generation))?;
            file.write_at(&recovered.last, u64::from(next) * BLOCK as u64 - recovered.last.len() as u64)?;
            file.sync()?;
        }
        writer.fs.sync_names()?;
        if generation == 0 || !recovered.notes.is_empty() {
            writer.spoiled = true;
            writer.renew()?;
        } else if spoiled || length == 0 {
            writer.next_generation()?;
        } else {
            writer.file = Some(writer.fs.open(&log_name(generation))?);
            writer.begin(writer.what_is_missing());
        }
        Ok(writer)
    }

    /// Writes all records, or none.
    pub fn commit(&mut self, records: &[Record]) -> Result<(), String> {
        let result = self.write(records);
        if result.is_err() {
            self.failed.extend(records.iter().map(Record::place));
        }
        result
    }

    /// Whether the last that was said of it is on disk.
    pub fn holds(&self, place: &Place) -> bool {
        !self.failed.contains(place)
    }

    pub fn fault(&self) -> LogFault {
        let why = |failure: &Option<Failure>| failure.as_ref().map(|failure| failure.why.clone());
        let behind = if self.broken.is_some() { None } else { why(&self.behind) };
        LogFault { broken: why(&self.broken), behind }
    }

    pub fn has_work(&self) -> bool {
        self.broken.is_none() && !matches!(self.work, Work::Done)
    }

    /// What failed is to be tried again.
    pub fn is_resting(&self) -> bool {
        self.broken.is_some() || self.behind.is_some()
    }

    /// A step of what is to be done between commits.
    pub fn work(&mut self) {
        let rests = |failure: &Failure| failure.since.elapsed() < LONG_REST;
        if let Some(failure) = &self.broken {
            if !rests(failure) {
                // It is told by whether the log is still broken.
                let _ = self.write(&[]);
            }
            return;
        }
        if matches!(self.work, Work::Done) && self.behind.as_ref().is_some_and(rests) {
            return;
        }
        if let Err(error) = self.resume().and_then(|()| self.step()) {
            self.fall_behind(&error);
        }
    }

    fn begin(&mut self, work: io::Result<Work<F>>) {
        match work {
            Ok(work) => self.work = work,
            Err(error) => self.fall_behind(&error),
        }
    }

    fn fall_behind(&mut self, error: &io::Error) {
        let why = error.to_string();
        if self.behind.as_ref().is_none_or(|before| before.why != why) {
            log::error!("a snapshot of the leases cannot be written: {why}; the log goes on without until it is full");
        }
        (self.work, self.behind) = (Work::Done, Some(Failure { since: Instant::now(), why }));
    }

    /// What failed is begun again, without what is there already.
    fn resume(&mut self) -> io::Result<()> {
        if self.behind.is_some() && matches!(self.work, Work::Done) {
            self.work = self.what_is_missing()?;
        }
        Ok(())
    }

    /// Of this generation: the next log at least, if there is none.
    fn what_is_missing(&self) -> io::Result<Work<F>> {
        if self.whole < self.generation {
            return Work::begin(&self.fs, self.generation);
        }
        let bytes = self.fs.size(&snapshot_name(self.generation))?;
        NextLog::begin(&self.fs, self.whole, self.generation + 1, bytes)
    }

    fn step(&mut self) -> io::Result<()> {
        let before = std::mem::replace(&mut self.work, Work::Done);
        self.work = before.step(&self.fs, &self.slices)?;
        match self.work {
            Work::Whole { generation, .. } => self.whole = generation,
            Work::Done => self.behind = None,
            _ => {}
        }
        Ok(())
    }

    /// Does at once what was to be done between commits.
    fn finish(&mut self) -> io::Result<()> {
        self.resume()?;
        self.step()?;
        while !matches!(self.work, Work::Done) {
            self.step()?;
        }
        Ok(())
    }

    fn write(&mut self, records: &[Record]) -> Result<(), String> {
        let work = |writer: &mut Self| {
            if writer.broken.is_some() {
                // What was written before the failure may be lost, so a new generation starts from what is known.
                writer.renew()?;
            }
            if records.is_empty() { Ok(()) } else { writer.append(records) }
        };
        if let Some(failure) = self.broken.as_ref().filter(|failure| failure.since.elapsed() < REST) {
            return Err(failure.why.clone());
        }
        let result = work(self).map_err(|error| error.to_string());
        if let Err(why) = &result {
            log::error!("the lease log cannot be written: {why}; no new lease is promised until it can");
        }
        self.broken = result.as_ref().err().map(|why| Failure { since: Instant::now(), why: why.clone() });
        result
    }

    fn append(&mut self, records: &[Record]) -> io::Result<()> {
        let mut blocks = self.pack(records)?;
        if self.next + count(&blocks) > self.length && self.next > 0 {
            // What it still needs is in the way of the next one.
            self.finish()?;
            self.next_generation()?;
            blocks = self.pack(records)?;
        }
        let file = self.file.as_ref().ok_or_else(|| io::Error::other("the log is not open"))?;
        self.spoiled = true;
        file.write_at(&blocks, u64::from(self.next) * BLOCK as u64)?;
        file.sync()?;
        self.spoiled = false;
        self.is_open = !records.is_empty();
        self.next += count(&blocks);
        Ok(())
    }

    /// An empty commit behind the last one, where there is room: from now on damage to that is no torn end.
    pub fn close(&mut self) {
        if self.is_open && !self.spoiled && self.broken.is_none() && self.next < self.length {
            // Without it nothing is lost.
            let _ = self.append(&[]);
        }
    }

    fn pack(&self, records: &[Record]) -> io::Result<Vec<u8>> {
        let mut packer = Packer::new(self.generation, self.next);
        records.iter().try_for_each(|record| packer.push(record)).map_err(io::Error::other)?;
        Ok([packer.take(), packer.finish(false)].concat())
    }

    /// Goes on in the next log; its snapshot is work to be done.
    fn next_generation(&mut self) -> io::Result<()> {
        self.file = None;
        let generation = self.generation + 1;
        let name = log_name(generation);
        // One that is cut off holds nothing, or it would be the newest.
        if self.fs.names()?.contains(&name) && self.fs.size(&name)? < u64::from(BLOCKS) * BLOCK as u64 {
            self.fs.remove(&name)?;
        }
        if !self.fs.names()?.contains(&name) {
            let mut log = NextLog::begin(&self.fs, self.whole, generation, 0)?;
            while !matches!(log, Work::Done) {
                log = log.step(&self.fs, &self.slices)?;
            }
        }
        self.file = Some(self.fs.open(&name)?);
        self.length = (self.fs.size(&name)? / BLOCK as u64) as u32;
        (self.generation, self.next, self.spoiled) = (generation, 0, false);
        self.behind = None;
        self.begin(Work::begin(&self.fs, generation));
        Ok(())
    }

    /// A generation whose snapshot holds everything that is known now.
    fn renew(&mut self) -> io::Result<()> {
        if self.spoiled || self.next > 0 || self.file.is_none() {
            self.next_generation()?;
        } else {
            self.work = Work::begin(&self.fs, self.generation)?;
        }
        self.finish()?;
        self.failed.clear();
        Ok(())
    }
}

fn count(blocks: &[u8]) -> u32 {
    (blocks.len() / BLOCK) as u32
}
