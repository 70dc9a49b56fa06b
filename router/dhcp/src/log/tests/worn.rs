//! Sectors that can no longer be read.

use super::*;

fn hosts(known: &Known) -> Vec<u8> {
    known.keys().map(|address| address.octets()[3]).collect()
}

/// Where all can be read, as it is taken off a worn card.
fn copy(disk: &Disk) -> Disk {
    let copy = Disk::default();
    disk.names().expect("names").iter().for_each(|name| copy.take_over(name, disk));
    copy
}

/// Four commits of one block each.
fn four() -> Disk {
    let disk = Disk::default();
    let mut store = Store::open(&disk, 1).expect("it opens");
    (1..=4).for_each(|host| assert!(store.commit(vec![bind(host, host, host)])));
    disk
}

#[test]
fn an_unreadable_block_costs_what_it_holds_and_is_told() {
    for (block, left) in [(0, &[2, 3, 4][..]), (1, &[1, 3, 4]), (3, &[1, 2, 3]), (4, &[1, 2, 3, 4])] {
        let disk = four();
        disk.wear_out("log.1", block);
        let mut store = Store::open(&disk, 1).expect("it starts nevertheless");
        assert_eq!(
            store.notes,
            [format!("log.1: 1 of its blocks cannot be read, block {block} first; leases written there may be missing")]
        );
        assert_eq!(hosts(&store.past.known[0]), left, "block {block}");
        assert!(store.commit(vec![bind(9, 9, 9)]));
        let again = Store::open(&disk.after_power_cut(SYNCED), 1).expect("it opens");
        assert_eq!(
            (hosts(&again.past.known[0]), again.notes),
            ([left, &[9]].concat(), vec![]),
            "a new generation is whole again"
        );
    }
}

#[test]
fn of_a_long_commit_the_readable_blocks_are_taken() {
    for block in 0..3 {
        let disk = Disk::default();
        assert!(Store::open(&disk, 0).expect("it opens").commit((1..=30).map(|host| bind(host, host, 1)).collect()));
        disk.wear_out("log.1", block);
        let copy = copy(&disk);
        let found = hosts(&Store::open(&disk, 0).expect("it starts").past.known[0]);
        assert!((10..30).contains(&found.len()), "without block {block}: {found:?}");
        let copied = Store::open(&copy, 0).expect("it starts");
        assert_eq!(hosts(&copied.past.known[0]), found, "of a copy the same, without block {block}");
        assert!(copied.notes[0].contains(&format!("cannot be read, block {block} first")), "{:?}", copied.notes);
    }
}

#[test]
fn a_log_with_marks_is_used_again() {
    let disk = Disk::default();
    Store::open(&disk, 20).expect("it opens").work(1..3);
    disk.wear_out("log.1", 0);
    let copy = copy(&disk);
    let mut store = Store::open(&copy, 20).expect("it starts");
    for version in 3..30 {
        store.work(version..version + 1);
        assert_eq!(read(&copy).expect("readable").1.notes, Vec::<String>::new(), "after {version}");
    }
}

#[test]
fn an_unreadable_snapshot_is_made_up_for_by_the_generation_before() {
    let disk = Disk::default();
    let mut store = Store::open(&disk, 20).expect("it opens");
    store.work(1..30);
    let newest = format!("snapshot.{}", newest_snapshot(&disk));
    disk.wear_out(&newest, 0);
    let again = Store::open(&disk, 20).expect("it opens");
    assert!(again.notes[0].starts_with(&format!("{newest}: 1 of its blocks cannot be read")), "{:?}", again.notes);
    assert_eq!(again.past.known[0], *store.past.known.last().expect("it began with one"));
}

#[test]
fn a_log_that_can_be_read_again_undoes_nothing() {
    for (pace, end) in PACES.into_iter().flat_map(|pace| RUN.map(move |end| (pace, end))) {
        let disk = Disk::default();
        Store::open(&disk, pace).expect("it opens").work(1..end);
        for name in disk.names_with("log.") {
            let disk = disk.after_power_cut(half_back::ALL);
            (0..disk.size(&name).expect("it is there") as usize / block::BLOCK).for_each(|block| disk.wear_out(&name, block));
            let mut store = Store::open(&disk, pace).expect("it starts");
            store.work(end + 20..end + 22);
            disk.recover();
            let again = Store::open(&disk, pace).expect("it opens");
            assert_eq!(again.past.known[0], *store.past.known.last().expect("it began with one"), "work {pace}, {end}: {name}");
        }
    }
}
