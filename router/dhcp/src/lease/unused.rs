use std::{collections::BTreeMap, net::Ipv4Addr, ops::RangeInclusive};

/// The addresses of a range that nobody ever had, as disjoint intervals: a /8 costs no more than what was taken from it.
#[derive(Clone, Debug, Default)]
pub struct Unused {
    /// First address of an interval to its last.
    intervals: BTreeMap<u32, u32>,
}

impl Unused {
    pub fn new(range: &RangeInclusive<Ipv4Addr>) -> Self {
        let (first, last) = (u32::from(*range.start()), u32::from(*range.end()));
        let intervals = if first <= last { BTreeMap::from([(first, last)]) } else { BTreeMap::new() };
        Self { intervals }
    }

    pub fn first(&self) -> Option<Ipv4Addr> {
        self.intervals.keys().next().map(|first| Ipv4Addr::from(*first))
    }

    pub fn remove(&mut self, address: Ipv4Addr) {
        let at = u32::from(address);
        let Some((&first, &last)) = self.intervals.range(..=at).next_back() else { return };
        if at > last {
            return;
        }
        self.intervals.remove(&first);
        if first < at {
            self.intervals.insert(first, at - 1);
        }
        if at < last {
            self.intervals.insert(at + 1, last);
        }
    }

    pub fn insert(&mut self, address: Ipv4Addr) {
        let at = u32::from(address);
        let (mut first, mut last) = (at, at);
        if let Some((&before, &end)) = self.intervals.range(..=at).next_back() {
            if end >= at {
                return;
            }
            if end + 1 == at {
                first = before;
            }
        }
        if let Some(&end) = at.checked_add(1).and_then(|next| self.intervals.get(&next)) {
            self.intervals.remove(&(at + 1));
            last = end;
        }
        self.intervals.insert(first, last);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    proptest! {
        #[test]
        fn behaves_like_a_set(steps in prop::collection::vec((any::<bool>(), 0u32..40), 0..200)) {
            let range = Ipv4Addr::from(10)..=Ipv4Addr::from(20);
            let mut unused = Unused::new(&range);
            let mut set: BTreeSet<u32> = (10..=20).collect();
            for (insert, at) in steps {
                if insert {
                    unused.insert(at.into());
                    set.insert(at);
                } else {
                    unused.remove(at.into());
                    set.remove(&at);
                }
                prop_assert_eq!(unused.first(), set.first().map(|at| Ipv4Addr::from(*at)));
                let all: Vec<u32> = unused.intervals.iter().flat_map(|(first, last)| *first..=*last).collect();
                prop_assert_eq!(all, set.iter().copied().collect::<Vec<_>>());
            }
        }
    }
}
