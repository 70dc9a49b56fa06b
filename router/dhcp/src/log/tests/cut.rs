//! Files that were cut off, emptied or taken away: what is lost with them is told, and what another has is not lost.

use super::*;

fn hosts(known: &Known) -> Vec<u8> {
    known.keys().map(|address| address.octets()[3]).collect()
}

/// Four commits of one block each, and an end that was meant.
fn four() -> Disk {
    let disk = Disk::default();
    let mut store = Store::open(&disk, 20).expect("it opens");
    (1..=4).for_each(|host| assert!(store.commit(vec![bind(host, host, host)])));
    store.writer.close();
    disk
}

#[test]
fn a_log_that_was_cut_off_at_any_block_is_told() {
    for bytes in [0, 100, block::BLOCK, 2 * block::BLOCK + 1, 4 * block::BLOCK, 5 * block::BLOCK] {
        let disk = four();
        disk.cut("log.1", bytes);
        let mut store = Store::open(&disk, 1).expect("it starts");
        assert!(store.notes[0].contains("log.1 is cut off"), "{bytes}: {:?}", store.notes);
        let left = (bytes / block::BLOCK).min(4) as u8;
        assert_eq!(hosts(&store.past.known[0]), (1..=left).collect::<Vec<_>>(), "{bytes}");
        assert!(store.commit(vec![bind(9, 9, 9)]));
        let again = Store::open(&disk.after_power_cut(SYNCED), 1).expect("it opens");
        assert_eq!((hosts(&again.past.known[0]).last(), again.notes), (Some(&9), vec![]), "a new generation is whole again");
    }
}

#[test]
fn the_log_that_is_prepared_may_be_cut_off_too() {
    let disk = four();
    disk.cut("log.2", 0);
    let mut store = Store::open(&disk, 1).expect("it starts");
    assert!(store.notes[0].contains("log.2 is cut off"), "{:?}", store.notes);
    assert_eq!(hosts(&store.past.known[0]), [1, 2, 3, 4]);
    (5..9).for_each(|host| assert!(store.commit(vec![bind(host, host, host)])));
    let again = Store::open(&disk.after_power_cut(SYNCED), 1).expect("it opens");
    assert_eq!((hosts(&again.past.known[0]), again.notes), ((1..9).collect(), vec![]));
}

#[test]
fn a_log_that_is_missing_is_told_as_soon_as_there_was_a_snapshot_beside_it() {
    let disk = four();
    disk.remove("log.1").expect("it is there");
    assert!(Store::open(&disk, 1).expect("it starts").notes[0].contains("log.1 is missing"));
    // The newest, with nothing prepared after it.
    let disk = four();
    disk.remove("log.2").expect("it is there");
    disk.remove("log.1").expect("it is there");
    assert!(Store::open(&disk, 1).expect("it starts").notes[0].contains("log.1 is missing"));
}

/// A power cut tears a commit; a daemon that ended left none.
#[test]
fn damage_to_the_last_commit_is_told_after_an_end_that_was_meant() {
    let disk = four();
    disk.damage("log.1", 3 * block::BLOCK + 100);
    let store = Store::open(&disk, 1).expect("it starts");
    assert!(store.notes[0].contains("block 3 of log.1 is damaged"), "{:?}", store.notes);
    assert_eq!(hosts(&store.past.known[0]), [1, 2, 3]);
}

#[test]
fn one_flipped_bit_costs_no_lease() {
    for place in 0..4 {
        let disk = four();
        disk.flip("log.1", place * block::BLOCK + 100);
        let store = Store::open(&disk, 1).expect("it starts");
        assert_eq!(store.notes, [format!("a bit of block {place} of log.1 was flipped, which is mended")]);
        assert_eq!(hosts(&store.past.known[0]), [1, 2, 3, 4]);
        assert_eq!(Store::open(&disk, 1).expect("it opens").notes, Vec::<String>::new(), "a new generation is whole again");
    }
}

#[test]
fn an_end_takes_one_block_however_often_it_is_ended() {
    let disk = four();
    for _ in 0..10 {
        Store::open(&disk, 20).expect("it opens").writer.close();
    }
    let (_, recovered) = read(&disk).expect("it is readable");
    assert_eq!((recovered.generation, recovered.next, recovered.notes), (1, 5, vec![]));
}
