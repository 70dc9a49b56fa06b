//! What is told of a disk that does not take the log.

use super::*;

fn start(disk: &Disk) -> Log {
    Log::start(disk.clone(), &Recovered::default(), slices(&Arc::default())).expect("it starts")
}

fn eventually(log: &Log, told: impl Fn(&LogFault) -> bool) -> bool {
    (0..30_000).any(|_| told(&log.fault()) || (sleep(Duration::from_millis(1)), false).1)
}

fn is_broken(fault: &LogFault, why: &str) -> bool {
    fault.broken.as_ref().is_some_and(|broken| broken.contains(why))
}

#[test]
fn a_disk_that_hangs_is_told_of_until_it_answers() {
    let disk = Disk::default();
    let log = start(&disk);
    disk.hang(true);
    assert!(log.note(vec![bind(1, 1, 1)]));
    let told = eventually(&log, |fault| is_broken(fault, "the disk has not answered"));
    // The log waits for it when it is dropped.
    disk.hang(false);
    assert!(told && eventually(&log, |fault| *fault == LogFault::default()), "{told}: {:?}", log.fault());
}

#[test]
fn a_log_that_has_stopped_is_told_of() {
    let log = start(&Disk::default());
    assert!(log.submit(Vec::new(), None, Box::new(|_| panic!("for the test"))));
    assert!(eventually(&log, |fault| is_broken(fault, "stopped")), "{:?}", log.fault());
}

#[test]
fn the_alarm_ends_when_the_disk_has_room_though_nobody_asks_for_anything() {
    let disk = Disk::default();
    let log = start(&disk);
    disk.fill(true);
    assert!(log.note(vec![bind(1, 1, 1)]));
    assert!(eventually(&log, |fault| is_broken(fault, "no storage space")), "{:?}", log.fault());
    disk.fill(false);
    assert!(eventually(&log, |fault| *fault == LogFault::default()), "{:?}", log.fault());
}

/// The disk is full when the snapshot is written, and before the next log is.
#[test]
fn only_what_is_missing_is_written_again_and_the_alarm_lasts_as_long() {
    let disk = Disk::default();
    let mut store = Store::open(&disk, 0).expect("it opens");
    (1..30).take_while(|_| read(&disk).expect("readable").1.generation < 2).for_each(|version| store.work(version..version + 1));
    while newest_snapshot(&disk) < 2 {
        store.writer.work();
    }
    disk.fill(true);
    store.writer.work();
    disk.fill(false);
    while disk.names_with("log.3").iter().all(|name| name != "log.3") {
        assert_eq!(store.writer.fault().behind.as_deref(), Some("no storage space"));
        assert_eq!(disk.names_with("snapshot.2"), ["snapshot.2"], "not again");
        sleep(Duration::from_millis(2));
        store.writer.work();
    }
    assert_eq!((store.writer.fault(), store.writer.has_work()), (LogFault::default(), false));
}
