//! A copy of the log that went on elsewhere is put back over what it was made of, and the power goes in between.

use super::*;

/// Of each address, what it was at any time since the copy was made.
fn check(past: &Past, disk: &Disk, what: impl Fn() -> String) {
    let (networks, _) = read(disk).expect("it is readable");
    let found = known(&networks);
    for address in (0..=255).map(address) {
        let mut since: Vec<_> = past.known.iter().map(|known| known.get(&address)).collect();
        since.dedup();
        // A device that moves leaves its address to nobody first.
        let good = since.contains(&found.get(&address)) || (since.len() > 1 && !found.contains_key(&address));
        assert!(good, "{}: {address} is {:?}, was {since:?}", what(), found.get(&address));
    }
}

/// Each choice of them.
fn choices(names: &[String]) -> impl Iterator<Item = Vec<&String>> {
    let bits = 0..1usize << names.len();
    bits.map(|bits| names.iter().enumerate().filter(|(at, _)| bits >> at & 1 == 1).map(|(_, name)| name).collect())
}

/// Nothing of it is lost.
pub const ALL: Leaves = Leaves { names: usize::MAX, writes: Writes::Everything };

/// Every mixture of the card and the copy that there may be, and how it came about.
fn mixtures(card: &Disk, copy: &Disk, mut each: impl FnMut(&Disk, &str)) {
    let (old, new) = (card.names().expect("names"), copy.names().expect("names"));
    let gone: Vec<_> = old.iter().filter(|name| !new.contains(name)).cloned().collect();
    let brought = choices(&new).map(|brought| (brought, Vec::new()));
    let removed = choices(&gone).map(|removed| (new.iter().collect(), removed));
    for (brought, removed) in brought.chain(removed) {
        let mixed = card.after_power_cut(ALL);
        brought.iter().for_each(|name| mixed.take_over(name, copy));
        removed.iter().for_each(|name| mixed.remove(name).expect("it is there"));
        each(&mixed, &format!("{brought:?} there, {removed:?} gone"));
    }
}

#[test]
fn leases_outlive_a_power_cut_while_a_copy_of_them_is_put_back() {
    let mut tried = 0;
    for (pace, before, more) in PACES.into_iter().flat_map(|pace| [(pace, 3, 5), (pace, 6, 2), (pace, 9, 9)]) {
        let card = Disk::default();
        Store::open(&card, pace).expect("it opens").work(1..before);
        let copy = card.after_power_cut(ALL);
        let mut store = Store::open(&copy, pace).expect("it opens");
        store.work(before..before + more);
        mixtures(&card, &copy, |mixed, how| {
            tried += 1;
            let what = || format!("work {pace}, {before} and {more} more, {how}");
            check(&store.past, mixed, what);
            if tried % 4 == 0 {
                let again = Store::open(mixed, pace).expect("it opens");
                check(&again.past, &mixed.after_power_cut(SYNCED), what);
            }
        });
    }
    println!("{tried} mixtures");
}
