mod disk;

use super::{Log, Record, block, recover};
use crate::{
    lease::{Binding, Change, Identity, State},
    state::Networks,
};
use disk::{Disk, Leaves};
use std::{
    collections::BTreeMap,
    net::Ipv4Addr,
    sync::{Arc, Mutex, mpsc},
};

/// What was acknowledged: address to version.
type Acked = BTreeMap<Ipv4Addr, u64>;

fn record(host: u8, version: u64) -> Record {
    let address = Ipv4Addr::new(10, 0, 0, host);
    let state = State::Bound { until: version, logged: version, fresh: false };
    let identity = Identity::ClientId(vec![host; 200]);
    let binding = Binding { address, identity, mac: None, hostname: Some("h".repeat(63)), state };
    Record { network: "n".parse().expect("a name"), at: version, change: Change::Bind(binding) }
}

struct Store {
    log: Log,
    networks: Arc<Mutex<Networks>>,
}

impl Store {
    fn open(disk: &Disk) -> std::io::Result<(Self, Vec<String>)> {
        let mut recovered = recover(disk)?;
        let networks = Arc::new(Mutex::new(Networks::replay(std::mem::take(&mut recovered.records))));
        let all = networks.clone();
        let log = Log::start(disk.clone(), &recovered, Box::new(move || all.lock().expect("unpoisoned").records(0)))?;
        Ok((Self { log, networks }, recovered.notes))
    }

    /// Commits one group and says whether it was acknowledged.
    fn commit(&self, records: Vec<Record>) -> bool {
        let (sender, receiver) = mpsc::channel();
        for record in &records {
            let mut networks = self.networks.lock().expect("unpoisoned");
            networks.by_name.entry(record.network.clone()).or_default().table.apply(record.change.clone());
        }
        assert!(self.log.submit(records, Box::new(move |result| sender.send(result.is_ok()).expect("somebody waits"))));
        receiver.recv().expect("an answer")
    }

    fn versions(&self) -> Acked {
        let networks = self.networks.lock().expect("unpoisoned");
        let version = |binding: &Binding| match binding.state {
            State::Bound { logged, .. } => (binding.address, logged),
            _ => panic!("only bound ones are made here"),
        };
        networks.by_name.values().flat_map(|network| network.table.bindings()).map(version).collect()
    }
}

/// Commits of one to three blocks, until the power goes or `count` are made.
fn work(store: &Store, from: u64, count: u64, acked: &mut Acked) {
    for version in from..from + count {
        let hosts: Vec<u8> = (0..1 + (version % 3) * 14).map(|at| 1 + ((version * 7 + at) % 60) as u8).collect();
        let records: Vec<_> = hosts.iter().map(|host| record(*host, version)).collect();
        if !store.commit(records) {
            return;
        }
        acked.extend(hosts.iter().map(|host| (Ipv4Addr::new(10, 0, 0, *host), version)));
    }
}

fn check(disk: &Disk, acked: &Acked, what: &str) -> Store {
    let (store, notes) = Store::open(disk).expect("it opens");
    assert_eq!(notes, Vec::<String>::new(), "{what}: a power cut is no damage");
    let found = store.versions();
    for (address, version) in acked {
        assert!(found.get(address).is_some_and(|found| found >= version), "{what}: {address} was acknowledged at {version}");
    }
    store
}

#[test]
fn a_power_cut_at_any_moment_loses_nothing_acknowledged() {
    const COMMITS: u64 = 12;
    let whole = Disk::default();
    work(&Store::open(&whole).expect("it opens").0, 1, COMMITS, &mut Acked::new());
    let operations = whole.operations();
    assert!(operations > 50, "several generations are made");
    let mut cuts = vec![Leaves::Nothing, Leaves::Everything, Leaves::EverySecondBlock];
    cuts.extend([20, block::BLOCK + 30].map(Leaves::Torn));
    for power in 0..operations {
        let disk = Disk::default();
        disk.power_for(power);
        let mut acked = Acked::new();
        if let Ok((store, _)) = Store::open(&disk) {
            work(&store, 1, COMMITS, &mut acked);
        }
        for leaves in &cuts {
            let after = disk.after_power_cut(*leaves);
            let what = format!("power for {power} operations, {leaves:?}");
            let store = check(&after, &acked, &what);
            // It goes on from there, and the next start finds that too.
            let mut both = acked.clone();
            work(&store, 1000, 3, &mut both);
            drop(store);
            check(&after.after_power_cut(Leaves::Nothing), &both, &what);
        }
    }
}

#[test]
fn the_last_block_torn_at_every_byte_is_dropped() {
    let disk = Disk::default();
    let (store, _) = Store::open(&disk).expect("it opens");
    let mut acked = Acked::new();
    work(&store, 1, 2, &mut acked);
    disk.power_for(1);
    assert!(!store.commit(vec![record(99, 5)]), "the write has power, its sync has not");
    drop(store);
    for prefix in 0..block::BLOCK {
        let store = check(&disk.after_power_cut(Leaves::Torn(prefix)), &acked, &format!("{prefix} bytes"));
        drop(store);
    }
}

#[test]
fn damage_in_the_middle_is_told_and_the_rest_is_kept() {
    let disk = Disk::default();
    let (store, _) = Store::open(&disk).expect("it opens");
    (1..=4).for_each(|version| assert!(store.commit(vec![record(version as u8, version)])));
    drop(store);
    disk.damage("log.1", block::BLOCK + 100);
    let (store, notes) = Store::open(&disk).expect("it opens");
    assert!(notes.len() == 1 && notes[0].contains("block 1 of log.1"), "{notes:?}");
    let hosts: Vec<_> = store.versions().keys().map(|address| address.octets()[3]).collect();
    assert_eq!(hosts, [1, 3, 4]);
    drop(store);
    assert_eq!(Store::open(&disk).expect("it opens").1, Vec::<String>::new(), "a new generation is whole again");
}

#[test]
fn a_damaged_snapshot_is_made_up_for_by_the_generation_before() {
    let disk = Disk::default();
    let (store, _) = Store::open(&disk).expect("it opens");
    let mut acked = Acked::new();
    work(&store, 1, 20, &mut acked);
    drop(store);
    let newest = disk.names_with("snapshot.").pop().expect("a snapshot");
    disk.damage(&newest, 50);
    let (store, notes) = Store::open(&disk).expect("it opens");
    assert!(notes[0].contains(&newest), "{notes:?}");
    let found = store.versions();
    acked.iter().for_each(|(address, version)| assert!(found[address] >= *version, "{address}"));
}

#[test]
fn a_full_disk_acknowledges_nothing_and_is_told() {
    let disk = Disk::default();
    let (store, _) = Store::open(&disk).expect("it opens");
    disk.fill(true);
    assert!(!store.commit(vec![record(1, 1)]));
    assert!(store.log.error().is_some());
    assert!(!store.commit(Vec::new()), "nor a promise that needs no write");
    disk.fill(false);
    std::thread::sleep(std::time::Duration::from_millis(1100));
    assert!(store.commit(vec![record(2, 2)]));
    assert_eq!(store.log.error(), None);
    drop(store);
    check(&disk.after_power_cut(Leaves::Nothing), &Acked::from([(Ipv4Addr::new(10, 0, 0, 2), 2)]), "after a full disk");
}

impl Disk {
    fn names_with(&self, prefix: &str) -> Vec<String> {
        use crate::log::fs::Fs;
        self.names().expect("names").into_iter().filter(|name| name.starts_with(prefix)).collect()
    }
}
