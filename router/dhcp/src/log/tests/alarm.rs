//! What is told of a disk that does not take the log.

use super::*;

fn start(disk: &Disk) -> Log {
    Log::start(disk.clone(), &Recovered::default(), slices(&Arc::default())).expect("it starts")
}

fn eventually(log: &Log, told: impl Fn(&Trouble) -> bool) -> bool {
    (0..5_000).any(|_| told(&log.trouble()) || (sleep(Duration::from_millis(1)), false).1)
}

fn is_broken(trouble: &Trouble, why: &str) -> bool {
    trouble.broken.as_ref().is_some_and(|broken| broken.contains(why))
}

#[test]
fn a_disk_that_hangs_is_told_of_until_it_answers() {
    let disk = Disk::default();
    let log = start(&disk);
    disk.hang(true);
    assert!(log.note(vec![bind(1, 1, 1)]));
    let told = eventually(&log, |trouble| is_broken(trouble, "the disk has not answered"));
    // The log waits for it when it is dropped.
    disk.hang(false);
    assert!(told && eventually(&log, |trouble| *trouble == Trouble::default()), "{told}: {:?}", log.trouble());
}

#[test]
fn a_log_that_has_stopped_is_told_of() {
    let log = start(&Disk::default());
    assert!(log.submit(Vec::new(), None, Box::new(|_| panic!("for the test"))));
    assert!(eventually(&log, |trouble| is_broken(trouble, "stopped")), "{:?}", log.trouble());
}
