use super::{
    Record, Recovered,
    block::{self, BLOCK},
    fs::{Fs, LogFile},
    log_name, snapshot_name,
};
use std::{
    io,
    sync::{Arc, Mutex, PoisonError, mpsc},
    thread,
    time::{Duration, Instant},
};

/// What to do when it is on disk, or why it is not.
pub type Done = Box<dyn FnOnce(Result<(), &str>) + Send>;
/// Everything there is now, as records.
pub type Snapshot = Box<dyn Fn() -> Vec<Record> + Send>;

/// A thousand commits, 4 MiB: read at every start, and the less often it is full, the less is written twice.
#[cfg(not(test))]
const BLOCKS: u32 = 1024;
#[cfg(test)]
const BLOCKS: u32 = 6;
/// What waits to be written, and what one commit takes at most.
const QUEUE: usize = 1024;
const GROUP: usize = 512;
/// How long a log that could not be written rests before it is tried again.
const REST: Duration = Duration::from_secs(1);

struct Job {
    records: Vec<Record>,
    done: Done,
}

/// The log, written by a thread of its own: whatever waits is one commit.
pub struct Log {
    jobs: Option<mpsc::SyncSender<Job>>,
    thread: Option<thread::JoinHandle<()>>,
    error: Arc<Mutex<Option<String>>>,
}

impl Log {
    pub fn start<F: Fs>(fs: F, recovered: &Recovered, snapshot: Snapshot) -> io::Result<Self> {
        let error = Arc::new(Mutex::new(None));
        let mut writer = Writer::new(fs, recovered, snapshot)?;
        let (jobs, queue) = mpsc::sync_channel::<Job>(QUEUE);
        let seen = error.clone();
        let run = move || {
            while let Ok(first) = queue.recv() {
                let mut group = vec![first];
                group.extend(queue.try_iter().take(GROUP - 1));
                let result = writer.commit(&mut group);
                *seen.lock().unwrap_or_else(PoisonError::into_inner) = result.as_ref().err().cloned();
                group.into_iter().for_each(|job| (job.done)(result.as_ref().map(|_| ()).map_err(String::as_str)));
            }
        };
        let thread = thread::Builder::new().name("lease-log".to_owned()).spawn(run)?;
        Ok(Self { jobs: Some(jobs), thread: Some(thread), error })
    }

    /// Queues `records`; `done` is called on the log's thread once they are on disk, in the order of the calls. Without
    /// records it is called when everything queued before is. False where the queue is full: nothing will happen then.
    pub fn submit(&self, records: Vec<Record>, done: Done) -> bool {
        self.jobs.as_ref().is_some_and(|jobs| jobs.try_send(Job { records, done }).is_ok())
    }

    /// Why the last commit failed, if it did.
    pub fn error(&self) -> Option<String> {
        self.error.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Log {
    /// Waits until everything queued is written.
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            // A panic there has been reported by the thread itself.
            let _ = thread.join();
        }
    }
}

struct Writer<F: Fs> {
    fs: F,
    snapshot: Snapshot,
    generation: u64,
    file: Option<F::File>,
    next: u32,
    /// Since when, and why, nothing can be written.
    broken: Option<(Instant, String)>,
}

impl<F: Fs> Writer<F> {
    fn new(fs: F, recovered: &Recovered, snapshot: Snapshot) -> io::Result<Self> {
        let generation = recovered.generation;
        let mut writer = Self { fs, snapshot, generation, file: None, next: recovered.next, broken: None };
        for name in writer.fs.names()?.iter().filter(|name| name.ends_with(".new")) {
            writer.fs.remove(name)?;
        }
        if generation == 0 || !recovered.notes.is_empty() {
            writer.rotate()?;
        } else {
            let name = log_name(generation);
            if !writer.fs.names()?.contains(&name) {
                writer.zeroed(&name)?;
                writer.fs.sync_names()?;
            }
            writer.file = Some(writer.fs.open(&name)?);
        }
        Ok(writer)
    }

    fn commit(&mut self, group: &mut [Job]) -> Result<(), String> {
        let records: Vec<Record> = group.iter_mut().flat_map(|job| std::mem::take(&mut job.records)).collect();
        match &self.broken {
            Some((since, why)) if since.elapsed() < REST => return Err(why.clone()),
            // What was written before the failure may be lost, so a new generation starts from what is known.
            Some(_) => self.guard(Self::rotate)?,
            None => {}
        }
        if records.is_empty() {
            return Ok(());
        }
        self.guard(|writer| writer.append(&records))
    }

    fn guard(&mut self, work: impl FnOnce(&mut Self) -> io::Result<()>) -> Result<(), String> {
        let result = work(self).map_err(|error| error.to_string());
        if let Err(why) = &result {
            log::error!("the lease log cannot be written: {why}; no lease is promised until it can");
        }
        self.broken = result.as_ref().err().map(|why| (Instant::now(), why.clone()));
        result
    }

    fn append(&mut self, records: &[Record]) -> io::Result<()> {
        let mut blocks = block::encode(records, self.generation, self.next, false).map_err(io::Error::other)?;
        let mut count = (blocks.len() / BLOCK) as u32;
        if self.next + count > BLOCKS {
            self.rotate()?;
            blocks = block::encode(records, self.generation, 0, false).map_err(io::Error::other)?;
            count = (blocks.len() / BLOCK) as u32;
        }
        let file = self.file.as_ref().ok_or_else(|| io::Error::other("the log is not open"))?;
        file.write_at(&blocks, u64::from(self.next) * BLOCK as u64)?;
        file.sync()?;
        self.next += count;
        Ok(())
    }

    /// Starts the next generation. At every step what is on disk is complete: the old generation is touched only when the
    /// new snapshot is durable, and the one before the old serves as the new log, which saves writing zeros; blocks carry
    /// their generation, so what it still holds counts as empty.
    fn rotate(&mut self) -> io::Result<()> {
        self.file = None;
        let generation = self.generation + 1;
        let name = snapshot_name(generation);
        let blocks = block::encode(&(self.snapshot)(), generation, 0, true).map_err(io::Error::other)?;
        let fresh = format!("{name}.new");
        let file = self.fs.open(&fresh)?;
        file.truncate()?;
        file.write_at(&blocks, 0)?;
        file.sync()?;
        self.fs.rename(&fresh, &name)?;
        self.fs.sync_names()?;

        let log = log_name(generation);
        let names = self.fs.names()?;
        let older = |prefix: &str| -> Vec<(u64, String)> {
            let number = |name: &String| name.strip_prefix(prefix)?.parse().ok().map(|number: u64| (number, name.clone()));
            names.iter().filter_map(number).filter(|(number, _)| number + 1 < generation).collect()
        };
        for (_, name) in older("snapshot.") {
            self.fs.remove(&name)?;
        }
        let mut old_logs = older("log.").into_iter();
        match old_logs.next() {
            Some((_, name)) => self.fs.rename(&name, &log)?,
            None => self.zeroed(&log)?,
        }
        for (_, name) in old_logs {
            self.fs.remove(&name)?;
        }
        self.fs.sync_names()?;
        self.file = Some(self.fs.open(&log)?);
        (self.generation, self.next) = (generation, 0);
        Ok(())
    }

    fn zeroed(&self, name: &str) -> io::Result<()> {
        let fresh = format!("{name}.new");
        let file = self.fs.open(&fresh)?;
        file.truncate()?;
        file.write_at(&vec![0; BLOCKS as usize * BLOCK], 0)?;
        file.sync()?;
        self.fs.rename(&fresh, name)
    }
}
