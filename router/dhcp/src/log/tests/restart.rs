//! What can be read at a start, and is not on the disk yet, is relied on from then on.

use super::*;

#[test]
fn what_a_daemon_finds_after_a_kill_outlives_a_power_cut_too() {
    for pace in PACES {
        let whole = Disk::default();
        Store::open(&whole, pace).expect("it opens").work(RUN);
        for operations in 0..whole.operations() {
            let disk = Disk::default();
            disk.power_for(operations);
            if let Ok(mut store) = Store::open(&disk, pace) {
                store.work(RUN);
            }
            // The disk has lost nothing so far, but not everything that can be read is on it.
            disk.power_for(usize::MAX);
            let again = Store::open(&disk, pace).expect("it opens");
            again.past.check(&disk.after_power_cut(SYNCED), || format!("work {pace}, killed after {operations} operations"));
        }
    }
}

/// What was to be synced then is never written, but read until the power goes. The daemon is killed at once, or in the middle of what it
/// does about it.
#[test]
fn what_a_daemon_finds_after_the_disk_failed_outlives_a_power_cut_too() {
    for pace in PACES {
        let whole = Disk::default();
        Store::open(&whole, pace).expect("it opens").work(RUN);
        for (operation, more) in (1..=whole.operations()).flat_map(|operation| [0, 6].map(|more| (operation, more))) {
            let disk = Disk::default();
            disk.fail_at(operation);
            disk.power_for(operation + more);
            if let Ok(mut store) = Store::open(&disk, pace) {
                store.work(RUN);
                sleep(Duration::from_millis(2));
                store.work(RUN.end..RUN.end + 3);
            }
            disk.power_for(usize::MAX);
            let mut again = Store::open(&disk, pace).expect("it opens");
            assert!(again.commit(Vec::new()), "what it knows needs no record");
            let what = || format!("work {pace}, operation {operation} failed, killed {more} later");
            again.past.check(&disk.after_power_cut(SYNCED), what);
        }
    }
}

/// The second log goes on, and its snapshot is not written yet, or is and the third log is not.
#[test]
fn a_disk_with_room_in_the_log_only_stops_no_start() {
    for pace in [0, 20] {
        let disk = Disk::default();
        let mut store = Store::open(&disk, pace).expect("it opens");
        let mut versions = 1..;
        while disk.names_with("log.").len() < 2 + pace.min(1) || read(&disk).expect("readable").1.generation < 2 {
            store.work(versions.next().map(|version| version..version + 1).expect("more"));
        }
        disk.names_with("log.3").iter().for_each(|name| disk.remove(name).expect("it is there"));
        disk.crowd(true);
        let mut store = Store::open(&disk, pace).expect("the log has room");
        assert_eq!(store.writer.fault().behind.as_deref(), Some("no storage space"), "work {pace}");
        assert!(store.commit(vec![bind(1, 1, 99)]), "work {pace}");
        store.past.check(&disk.after_power_cut(SYNCED), || format!("work {pace}"));
        disk.crowd(false);
        sleep(Duration::from_millis(2));
        (0..20).for_each(|_| store.writer.work());
        assert_eq!(store.writer.fault(), LogFault::default());
        assert_eq!((newest_snapshot(&disk), disk.names_with("log.3").len()), (2, 1), "what was to be done is done");
    }
}
