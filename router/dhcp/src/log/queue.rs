use super::{
    Place, Record, Recovered, Slices,
    fs::Fs,
    writer::{LONG_REST, LogFault, Writer},
};
use crate::lock::lock;
use std::{
    io, mem,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    thread,
    time::{Duration, Instant},
};

/// What to do when it is on disk, or why it is not.
pub type Done = Box<dyn FnOnce(Result<(), &str>) + Send>;

/// Most jobs that wait to be written; all that do are one commit. Cards stall for some hundred milliseconds now and then, and a job
/// may be one packet.
const QUEUE: usize = 32_768;

/// Records of one commit that say that more are on their way, and how long after its start the next one begins then: what a commit
/// costs the processor is shared by more leases. A disk that takes longer by itself is not waited for.
const BUSY: usize = 8;
const GATHER: Duration = Duration::from_millis(2);

/// A disk that takes longer for one commit is told of: a card stalls for less.
#[cfg(not(test))]
const PATIENCE: Duration = Duration::from_secs(5);
#[cfg(test)]
const PATIENCE: Duration = Duration::from_millis(50);

struct Job {
    records: Vec<Record>,
    /// None with records.
    relies_on: Option<Place>,
    done: Done,
}

/// The log, written by a thread of its own: whatever waits is one commit.
pub struct Log {
    jobs: Option<mpsc::Sender<Job>>,
    thread: Option<thread::JoinHandle<()>>,
    seen: Arc<Mutex<Seen>>,
    /// Jobs in the queue.
    waiting: Arc<AtomicUsize>,
}

/// What others see of the thread.
#[derive(Default)]
struct Seen {
    fault: LogFault,
    /// When it began what it does with the disk.
    busy: Option<Instant>,
}

impl Log {
    pub fn start<F: Fs>(fs: F, recovered: &Recovered, slices: Slices) -> io::Result<Self> {
        let writer = Writer::new(fs, recovered, slices)?;
        let seen = Arc::new(Mutex::new(Seen { fault: writer.fault(), busy: None }));
        let (jobs, queue) = mpsc::channel();
        let waiting = Arc::new(AtomicUsize::new(0));
        let (shown, left) = (seen.clone(), waiting.clone());
        let thread = thread::Builder::new().name("lease-log".to_owned()).spawn(move || run(writer, &queue, &left, &shown))?;
        Ok(Self { jobs: Some(jobs), thread: Some(thread), seen, waiting })
    }

    /// Queues `records`; `done` is called on the log's thread once they are on disk, in the order of the calls. Without
    /// records it is called when everything queued before is. What then `relies_on` an earlier record is good if that is on disk,
    /// even while nothing can be written. False where the queue is full: nothing will happen then.
    pub fn submit(&self, records: Vec<Record>, relies_on: Option<Place>, done: Done) -> bool {
        let has_room = self.waiting.fetch_add(1, Ordering::Relaxed) < QUEUE;
        let send = |jobs: &mpsc::Sender<Job>| jobs.send(Job { records, relies_on, done }).is_ok();
        let taken = has_room && self.jobs.as_ref().is_some_and(send);
        if !taken {
            self.waiting.fetch_sub(1, Ordering::Relaxed);
        }
        taken
    }

    /// Queues what nobody waits for, if there is anything; false as of [`Log::submit`].
    pub fn note(&self, records: Vec<Record>) -> bool {
        records.is_empty() || self.submit(records, None, Box::new(|_| ()))
    }

    /// Whether the next [`Log::submit`] will not fail for a full queue, as long as nobody else submits meanwhile.
    pub fn has_room(&self) -> bool {
        self.waiting.load(Ordering::Relaxed) < QUEUE
    }

    /// Nothing can be written, as the disk said.
    pub fn is_failing(&self) -> bool {
        lock(&self.seen).fault.broken.is_some()
    }

    /// With what the disk does not say: a card that hangs ends no commit, and a thread that ended neither.
    pub fn fault(&self) -> LogFault {
        let Seen { fault, busy } = &*lock(&self.seen);
        let silent = busy.map(|since| since.elapsed()).filter(|time| *time >= PATIENCE);
        let silent = silent.map(|time| format!("the disk has not answered for {} s", time.as_secs()));
        let has_stopped = self.thread.as_ref().is_some_and(thread::JoinHandle::is_finished);
        let stopped = has_stopped.then(|| "its thread has stopped; restart the daemon".to_owned());
        LogFault { broken: stopped.or_else(|| fault.broken.clone()).or(silent), ..fault.clone() }
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

/// Some of the other work after each commit, and while nothing waits.
fn run<F: Fs>(mut writer: Writer<F>, queue: &mpsc::Receiver<Job>, waiting: &AtomicUsize, seen: &Mutex<Seen>) {
    loop {
        let first = match writer.has_work() {
            true => queue.try_recv(),
            false if writer.is_resting() => queue.recv_timeout(LONG_REST).map_err(|error| match error {
                mpsc::RecvTimeoutError::Timeout => mpsc::TryRecvError::Empty,
                mpsc::RecvTimeoutError::Disconnected => mpsc::TryRecvError::Disconnected,
            }),
            false => queue.recv().map_err(mpsc::TryRecvError::from),
        };
        match first {
            Ok(first) => {
                let mut group = vec![first];
                group.extend(queue.try_iter());
                waiting.fetch_sub(group.len(), Ordering::Relaxed);
                let records: Vec<Record> = group.iter_mut().flat_map(|job| mem::take(&mut job.records)).collect();
                let (started, is_busy) = (Instant::now(), records.len() >= BUSY);
                lock(seen).busy = Some(started);
                let result = writer.commit(&records);
                *lock(seen) = Seen { fault: writer.fault(), busy: None };
                for job in group {
                    let holds = job.relies_on.is_some_and(|place| writer.holds(&place));
                    (job.done)(if holds { Ok(()) } else { result.as_ref().map(|_| ()).map_err(String::as_str) });
                }
                if is_busy {
                    thread::sleep(GATHER.saturating_sub(started.elapsed()));
                }
            }
            Err(mpsc::TryRecvError::Empty) => {}
            // The next start makes up for what is left to do.
            Err(mpsc::TryRecvError::Disconnected) => return writer.close(),
        }
        lock(seen).busy = Some(Instant::now());
        writer.work();
        *lock(seen) = Seen { fault: writer.fault(), busy: None };
    }
}
