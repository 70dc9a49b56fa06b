use std::{collections::HashMap, hash::Hash};

/// What becomes of one of a list.
pub enum Pair<'a, T> {
    New(&'a T),
    Stays(&'a T, &'a T),
    Gone(&'a T),
}

/// By what each is known by: those of the new list in its order, then those that are gone.
pub fn pairs<'a, T, K: Eq + Hash>(old: &'a [T], new: &'a [T], key: impl Fn(&'a T) -> K) -> Vec<Pair<'a, T>> {
    let before: HashMap<K, &T> = old.iter().map(|one| (key(one), one)).collect();
    let after: HashMap<K, &T> = new.iter().map(|one| (key(one), one)).collect();
    let here = new.iter().map(|one| before.get(&key(one)).map_or(Pair::New(one), |old| Pair::Stays(old, one)));
    let gone = old.iter().filter(|one| !after.contains_key(&key(one))).map(Pair::Gone);
    here.chain(gone).collect()
}
