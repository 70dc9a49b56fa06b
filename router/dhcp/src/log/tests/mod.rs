mod alarm;
mod cut;
mod disk;
mod half_back;
mod restart;
mod worn;

use super::{
    Log, Record, Recovered, Slices, block,
    fs::Fs,
    recover,
    writer::{LogFault, Writer},
};
use crate::{
    lease::{Binding, Change, Identity, State},
    network::Networks,
};
use disk::{Disk, Leaves, Writes};
use std::{
    collections::{BTreeMap, HashSet},
    io,
    net::Ipv4Addr,
    ops::Range,
    sync::{Arc, Mutex, mpsc},
    thread::sleep,
    time::Duration,
};

/// What is said of each address.
type Known = BTreeMap<Ipv4Addr, Change>;

const SYNCED: Leaves = Leaves { names: 0, writes: Writes::Nothing };
const HOSTS: u64 = 60;

fn address(host: u64) -> Ipv4Addr {
    Ipv4Addr::new(10, 0, 0, host as u8)
}

fn record(version: u64, change: Change) -> Record {
    Record { network: "n".parse().expect("a name"), at: version, change }
}

fn bind(host: u64, owner: u64, version: u64) -> Record {
    let state = State::Bound { until: version, logged: version, lagging: false };
    let identity = Identity::ClientId(vec![owner as u8; 2].into());
    let binding =
        Binding { address: address(host), identity, mac: None, hostname: Some("h".repeat(260).into()), state, direct: false };
    record(version, Change::Bind(binding))
}

/// One to three blocks. Devices move from address to address as time goes on, addresses are declined and forgotten.
fn group(version: u64) -> Vec<Record> {
    let hosts = (0..1 + (version % 3) * 14).map(|at| 1 + (version * 7 + at) % HOSTS);
    let mut records: Vec<_> = hosts.map(|host| bind(host, 1 + (host + version / 4) % HOSTS, version)).collect();
    let other = address(1 + (version * 11) % HOSTS);
    match version % 5 {
        0 => records.push(record(version, Change::Quarantine { address: other, until: version })),
        1 => records.push(record(version, Change::Forget { address: other })),
        _ => {}
    }
    records
}

fn known(networks: &Networks) -> Known {
    let changes = networks.by_name.values().flat_map(|network| network.table.changes(None));
    changes.map(|change| (change.address(), change)).collect()
}

/// What was known after each commit, and the last of them that was acknowledged.
struct Past {
    known: Vec<Known>,
    acked: usize,
    /// What became of addresses since then, one after the other: the first blocks of a commit may be all that is there of it.
    tried: Vec<(Ipv4Addr, Option<Change>)>,
}

impl Past {
    fn from(known: Known) -> Self {
        Self { known: vec![known], acked: 0, tried: Vec::new() }
    }

    /// What a start on that disk knows of each address is what was acknowledged last, or what was tried since.
    fn check(&self, disk: &Disk, what: impl Fn() -> String) {
        let (networks, recovered) = read(disk).expect("it is readable");
        assert_eq!(recovered.notes, Vec::<String>::new(), "{}: a power cut is no damage", what());
        let found = known(&networks);
        for address in (0..=255).map(address) {
            let mut good = self.known[self.acked..].iter().map(|known| known.get(&address));
            let found = found.get(&address);
            let tried = || self.tried.iter().any(|(at, tried)| *at == address && tried.as_ref() == found);
            let good = good.any(|good| good == found) || tried();
            assert!(good, "{}: {address} was {:?}", what(), self.known[self.acked].get(&address));
        }
    }
}

/// The log and its tables without a thread, so that a run is the same each time.
struct Store {
    writer: Writer<Disk>,
    networks: Arc<Mutex<Networks>>,
    /// Steps of other work between commits.
    pace: usize,
    past: Past,
    notes: Vec<String>,
}

fn read(disk: &Disk) -> io::Result<(Networks, Recovered)> {
    let mut networks = Networks::default();
    let recovered = recover(disk, |record| networks.replay(record))?;
    Ok((networks, recovered))
}

fn slices(networks: &Arc<Mutex<Networks>>) -> Slices {
    let all = networks.clone();
    Arc::new(move |last| all.lock().expect("unpoisoned").slice(last, 0))
}

impl Store {
    fn open(disk: &Disk, pace: usize) -> io::Result<Self> {
        let (networks, recovered) = read(disk)?;
        let past = Past::from(known(&networks));
        let networks = Arc::new(Mutex::new(networks));
        let writer = Writer::new(disk.clone(), &recovered, slices(&networks))?;
        Ok(Self { writer, networks, pace, past, notes: recovered.notes })
    }

    /// Commits one group and says whether it was acknowledged.
    fn commit(&mut self, records: Vec<Record>) -> bool {
        {
            let mut networks = self.networks.lock().expect("unpoisoned");
            for record in records.iter().cloned() {
                if let Change::Bind(binding) = &record.change {
                    let tables = networks.by_name.values().map(|network| &network.table);
                    let left = tables.filter_map(|table| table.of(&binding.identity)).map(|before| (before.address, None));
                    self.past.tried.extend(left);
                }
                let is = Some(record.change.clone()).filter(|change| !matches!(change, Change::Forget { .. }));
                self.past.tried.push((record.change.address(), is));
                networks.replay(record);
            }
            self.past.known.push(known(&networks));
        }
        let acked = self.writer.commit(&records).is_ok();
        if acked {
            self.past.acked = self.past.known.len() - 1;
            self.past.tried.clear();
        }
        (0..self.pace).for_each(|_| self.writer.work());
        acked
    }

    /// Until the power goes.
    fn work(&mut self, versions: Range<u64>) {
        for version in versions {
            if !self.commit(group(version)) {
                return;
            }
        }
    }
}

/// Of everything a power cut may leave now what is told apart: names and contents each for themselves, contents torn everywhere.
fn cuts(disk: &Disk) -> Vec<Leaves> {
    let mut writes = vec![Writes::Nothing, Writes::Everything];
    let bytes = disk.pending_bytes();
    // Each sector, a block's header, and what is beside their bounds.
    let places = (0..bytes).step_by(512).flat_map(|sector| [sector, sector + 20, sector + 511]);
    writes.extend(places.clone().map(Writes::Torn));
    writes.extend(places.step_by(3).map(Writes::Tail));
    writes.extend((0..6).map(Writes::Sectors));
    let names = 0..=disk.pending_names();
    names.flat_map(|names| writes.iter().map(move |writes| Leaves { names, writes: *writes })).collect()
}

/// Versions of a whole run.
const RUN: Range<u64> = 1..13;

/// Work that is done between commits: only what must, as under load, and all of it, as with time to spare.
const PACES: [usize; 3] = [0, 1, 20];

#[test]
fn a_power_cut_at_any_moment_loses_nothing_acknowledged() {
    let mut tried = 0;
    for pace in PACES {
        let whole = Disk::default();
        Store::open(&whole, pace).expect("it opens").work(RUN);
        assert!(newest_snapshot(&whole) >= 3, "several generations are made");
        for power in 0..whole.operations() {
            let disk = Disk::default();
            disk.power_for(power);
            let past = match Store::open(&disk, pace) {
                Ok(mut store) => {
                    store.work(RUN);
                    store.past
                }
                Err(_) => Past::from(Known::new()),
            };
            let mut seen = HashSet::new();
            for leaves in cuts(&disk) {
                let after = disk.after_power_cut(leaves);
                if !seen.insert(after.fingerprint()) {
                    continue;
                }
                tried += 1;
                let what = || format!("work {pace}, power for {power} operations, {leaves:?}");
                past.check(&after, what);
                if tried % 4 > 0 {
                    continue;
                }
                // It goes on from there, and the next start finds that too.
                let mut again = Store::open(&after, pace).expect("it opens");
                again.work(100..103);
                assert_eq!(again.past.known.len() - again.past.acked, 1, "{}", what());
                again.past.check(&after.after_power_cut(SYNCED), what);
            }
        }
    }
    println!("{tried} disks after a power cut");
}

#[test]
fn the_last_block_torn_at_every_byte_is_dropped() {
    let disk = Disk::default();
    let mut store = Store::open(&disk, 20).expect("it opens");
    store.work(1..3);
    disk.power_for(1);
    assert!(!store.commit(vec![bind(99, 99, 5)]), "the write has power, its sync has not");
    for prefix in 0..block::BLOCK {
        let torn = disk.after_power_cut(Leaves { names: 0, writes: Writes::Torn(prefix) });
        store.past.check(&torn, || format!("{prefix} bytes"));
    }
}

#[test]
fn an_error_at_any_operation_is_no_promise_and_passes() {
    for pace in PACES {
        let whole = Disk::default();
        Store::open(&whole, pace).expect("it opens").work(RUN);
        for operation in 1..=whole.operations() {
            let disk = Disk::default();
            disk.fail_at(operation);
            let mut store = match Store::open(&disk, pace) {
                Ok(store) => store,
                Err(_) => Store::open(&disk, pace).expect("it opens now"),
            };
            for version in 1..RUN.end + 4 {
                store.commit(group(version));
                store
                    .past
                    .check(&disk.after_power_cut(SYNCED), || format!("work {pace}, operation {operation}, version {version}"));
                // What failed rests as long.
                if store.writer.fault() != LogFault::default() {
                    sleep(Duration::from_millis(2));
                }
            }
            assert_eq!(
                (store.past.tried.len(), store.writer.fault()),
                (0, LogFault::default()),
                "work {pace}, operation {operation}: it goes on"
            );
        }
    }
}

#[test]
fn a_disk_that_fills_up_at_any_moment_makes_no_promise_that_is_not_kept() {
    for pace in PACES {
        let whole = Disk::default();
        Store::open(&whole, pace).expect("it opens").work(RUN);
        for full in RUN {
            let disk = Disk::default();
            let mut store = Store::open(&disk, pace).expect("it opens");
            store.work(1..full);
            disk.fill(true);
            assert!(!store.commit(group(full)) && store.writer.fault().broken.is_some());
            store.past.check(&disk.after_power_cut(SYNCED), || format!("work {pace}, full at {full}"));
            disk.fill(false);
            sleep(Duration::from_millis(2));
            store.work(full + 1..full + 5);
            assert_eq!((store.past.tried.len(), store.writer.fault()), (0, LogFault::default()), "it goes on");
            store.past.check(&disk.after_power_cut(SYNCED), || format!("work {pace}, after {full}"));
        }
    }
}

#[test]
fn what_was_promised_before_holds_while_nothing_can_be_written() {
    let disk = Disk::default();
    let mut store = Store::open(&disk, 1).expect("it opens");
    assert!(store.commit(vec![bind(1, 1, 1), bind(2, 2, 1)]));
    disk.fill(true);
    assert!(!store.commit(vec![bind(2, 2, 2), bind(3, 3, 2)]));
    let place = |host| ("n".parse().expect("a name"), address(host));
    let holds = |store: &Store| [1, 2, 3].map(|host| store.writer.holds(&place(host)));
    assert_eq!(holds(&store), [true, false, false]);
    disk.fill(false);
    sleep(Duration::from_millis(2));
    assert!(store.commit(Vec::new()));
    assert_eq!(holds(&store), [true; 3], "a new generation holds everything");
    let after = read(&disk.after_power_cut(SYNCED)).expect("it is readable").0;
    assert_eq!(known(&after), *store.past.known.last().expect("it began with one"));
}

#[test]
fn the_thread_tells_each_caller_whether_it_is_on_disk() {
    let disk = Disk::default();
    let networks = Arc::new(Mutex::new(Networks::default()));
    let log = Log::start(disk.clone(), &Recovered::default(), slices(&networks)).expect("it starts");
    let ask = |records: Vec<Record>, relies_on: Option<u64>| {
        let (sender, receiver) = mpsc::channel();
        let relies_on = relies_on.map(|host| ("n".parse().expect("a name"), address(host)));
        let done = Box::new(move |result: Result<(), &str>| sender.send(result.is_ok()).expect("somebody waits"));
        assert!(log.submit(records, relies_on, done));
        receiver.recv().expect("an answer")
    };
    assert!(ask(vec![bind(1, 1, 1)], None));
    disk.fill(true);
    assert!(!ask(vec![bind(2, 2, 1)], None));
    assert!(log.is_failing() && log.fault().broken.expect("an alarm").contains("no storage space"), "{:?}", log.fault());
    disk.power_for(0);
    assert!(ask(Vec::new(), Some(1)), "promised before");
    assert!(!ask(Vec::new(), Some(2)), "never promised");
    assert!(!ask(Vec::new(), None));
}

#[test]
fn a_log_grows_with_its_snapshot() {
    let disk = Disk::default();
    let mut store = Store::open(&disk, 20).expect("it opens");
    for version in 1..60 {
        assert!(store.commit((1..250).step_by(8).map(|host| bind(host + version % 8, host + version % 8, version)).collect()));
    }
    let size = |name: &String| disk.size(name).expect("it is there");
    let (snapshots, logs) = (disk.names_with("snapshot."), disk.names_with("log."));
    let (snapshot, log) = (snapshots.iter().map(size).max(), logs.iter().map(size).min());
    assert!(snapshot > Some(6 * 4096) && log >= snapshot, "{snapshot:?} bytes of snapshot, {log:?} of log");
    assert!(snapshots.len() <= 2 && logs.len() <= 3, "{snapshots:?} {logs:?}");
}

#[test]
fn damage_in_the_middle_is_told_and_the_rest_is_kept() {
    let disk = Disk::default();
    let mut store = Store::open(&disk, 1).expect("it opens");
    (1..=4).for_each(|host| assert!(store.commit(vec![bind(host, host, host)])));
    disk.damage("log.1", block::BLOCK + 100);
    let store = Store::open(&disk, 1).expect("it opens");
    assert!(store.notes.len() == 1 && store.notes[0].contains("block 1 of log.1"), "{:?}", store.notes);
    let hosts: Vec<_> = store.past.known[0].keys().map(|address| address.octets()[3]).collect();
    assert_eq!(hosts, [1, 3, 4]);
    assert_eq!(Store::open(&disk, 1).expect("it opens").notes, Vec::<String>::new(), "a new generation is whole again");
}

#[test]
fn a_damaged_snapshot_is_made_up_for_by_the_generation_before() {
    let disk = Disk::default();
    let mut store = Store::open(&disk, 20).expect("it opens");
    store.work(1..30);
    let newest = format!("snapshot.{}", newest_snapshot(&disk));
    disk.damage(&newest, 50);
    let again = Store::open(&disk, 20).expect("it opens");
    assert!(again.notes.len() == 1 && again.notes[0].contains(&newest), "{:?}", again.notes);
    assert_eq!(again.past.known[0], *store.past.known.last().expect("it began with one"));
}

fn newest_snapshot(disk: &Disk) -> u32 {
    let names = disk.names_with("snapshot.");
    names.iter().filter_map(|name| name.strip_prefix("snapshot.")?.parse().ok()).max().expect("a snapshot")
}

impl Disk {
    fn names_with(&self, prefix: &str) -> Vec<String> {
        self.names().expect("names").into_iter().filter(|name| name.starts_with(prefix)).collect()
    }
}
