use super::{Binding, Bindings, Change, Identity, Offer, Offers, Owners, Probed, Resting, Secs, Unused};
use edge_net::Mac;
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    net::Ipv4Addr,
    ops::{
        Bound::{Excluded, Unbounded},
        RangeInclusive,
    },
};

/// Most addresses that are suspected. An attacker can decline whatever it is offered.
const MOST_SUSPECTS: usize = 4096;

/// One network's bindings. An identity has at most one of them, an address too.
#[derive(Debug)]
pub struct Table {
    bindings: Bindings,
    owners: Owners,
    /// How many bindings a MAC has: more than one where ipvlan children share their parent's.
    macs: HashMap<Mac, u32>,
    quarantine: Resting,
    /// Out of quarantine before their time, for want of room there: whoever used them likely still does.
    suspects: Resting,
    offers: Offers,
    probed: Probed,
    range: RangeInclusive<Ipv4Addr>,
    /// Addresses of the range that are never picked: reserved, or the router's own.
    excluded: BTreeSet<Ipv4Addr>,
    /// What may be picked: never used, or (least recently used first) no longer anybody's.
    unused: Unused,
    idle: BTreeSet<(Secs, Ipv4Addr)>,
}

impl Default for Table {
    fn default() -> Self {
        Self {
            bindings: Bindings::new(),
            owners: Owners::default(),
            macs: HashMap::new(),
            quarantine: Resting::default(),
            suspects: Resting::default(),
            offers: Offers::default(),
            probed: Probed::default(),
            // Empty until `settle`.
            range: Ipv4Addr::BROADCAST..=Ipv4Addr::UNSPECIFIED,
            excluded: BTreeSet::new(),
            unused: Unused::default(),
            idle: BTreeSet::new(),
        }
    }
}

impl Table {
    /// Says which addresses [`Table::pick`] may give out. What is on offer stays so, unless it is reserved: for whom may be another
    /// than before.
    pub fn settle(&mut self, range: RangeInclusive<Ipv4Addr>, excluded: BTreeSet<Ipv4Addr>) {
        self.unused = Unused::new(&range);
        excluded.iter().for_each(|address| self.unused.remove(*address));
        (self.range, self.excluded) = (range, excluded);
        self.idle.clear();
        self.excluded.iter().for_each(|address| drop(self.offers.remove(*address)));
        let resting = self.quarantine.by_address().keys().chain(self.suspects.by_address().keys());
        let known: Vec<_> = self.bindings.keys().chain(resting).chain(self.offers.addresses()).copied().collect();
        known.into_iter().for_each(|address| self.index(address));
    }

    pub fn at(&self, address: Ipv4Addr) -> Option<&Binding> {
        self.bindings.get(&address).map(Box::as_ref)
    }

    pub fn of(&self, identity: &Identity) -> Option<&Binding> {
        self.owners.of(identity, &self.bindings)
    }

    pub fn bindings(&self) -> impl Iterator<Item = &Binding> {
        self.bindings.values().map(Box::as_ref)
    }

    pub fn within(&self, range: RangeInclusive<Ipv4Addr>) -> impl Iterator<Item = &Binding> {
        self.bindings.range(range).map(|(_, binding)| binding.as_ref())
    }

    pub fn quarantine(&self) -> &BTreeMap<Ipv4Addr, Secs> {
        self.quarantine.by_address()
    }

    pub fn longest_quarantined(&self) -> Option<Ipv4Addr> {
        self.quarantine.by_end().next()
    }

    pub fn offers(&self) -> &Offers {
        &self.offers
    }

    /// Whether a binding other than `identity`'s has the same MAC.
    pub fn shares_mac(&self, mac: Mac, identity: &Identity) -> bool {
        let own = || self.of(identity).is_some_and(|binding| binding.mac == Some(mac));
        self.macs.get(&mac).is_some_and(|count| *count > u32::from(own()))
    }

    /// Whether somebody could have the address without taking it from anybody; `own` says which identities are theirs.
    pub fn is_free(&self, address: Ipv4Addr, own: impl Fn(&Identity) -> bool, now: Secs) -> bool {
        let bound = self.at(address).is_some_and(|binding| !own(&binding.identity) && binding.is_live(now));
        let offered = self.offers.at(address).is_some_and(|offer| !own(&offer.to) && offer.until > now);
        let quarantined = self.quarantine().get(&address).is_some_and(|until| *until > now);
        !bound && !offered && !quarantined
    }

    /// Whether nobody answers to the address, as far as is known: it was asked for, or its owner is `identity`.
    pub fn is_clear(&self, address: Ipv4Addr, identity: &Identity, now: Secs) -> bool {
        self.at(address).is_some_and(|binding| binding.identity == *identity) || self.probed.is_clear(address, now)
    }

    /// Nobody answered when the address was asked for.
    pub fn clear(&mut self, address: Ipv4Addr, now: Secs) {
        self.probed.clear(address, now);
    }

    /// What was promised by a lagging clock, or `all` that was promised, as it is on one that is right and so much ahead.
    pub fn stepped(&self, by: Secs, all: bool) -> impl Iterator<Item = Change> {
        let behind = self.bindings().filter(move |binding| all || binding.is_lagging());
        behind.filter_map(move |binding| binding.stepped(by)).map(Change::Bind)
    }

    /// When the last of the bindings ended, if all have.
    pub fn ended(&self, now: Secs) -> Option<Secs> {
        let ends = self.bindings.values().map(|binding| binding.idle_from().filter(|end| *end <= now));
        ends.collect::<Option<Vec<_>>>().map(|ends| ends.into_iter().max().unwrap_or_default())
    }

    /// An address for somebody new: never used first, then the one unused for longest, then what was suspected first.
    pub fn pick(&self, now: Secs) -> Option<Ipv4Addr> {
        let idle = || self.idle.first().filter(|(since, _)| *since <= now).map(|(_, address)| *address);
        let suspect =
            || self.suspects.by_end().find(|address| self.is_for_anybody(address) && self.offers.at(*address).is_none());
        self.unused.first().or_else(idle).or_else(suspect)
    }

    fn is_for_anybody(&self, address: &Ipv4Addr) -> bool {
        self.range.contains(address) && !self.excluded.contains(address)
    }

    /// Whether the log already says what `change` would make it say.
    pub fn says(&self, change: &Change) -> bool {
        match change {
            Change::Bind(new) => self.at(new.address).is_some_and(|old| old.logs_like(new)),
            Change::Quarantine { .. } | Change::Forget { .. } => false,
        }
    }

    pub fn apply(&mut self, change: Change) {
        match change {
            Change::Bind(binding) => self.bind(binding),
            Change::Quarantine { address, until } => {
                self.unbind(address);
                self.suspects.remove(address);
                self.quarantine.insert(address, until);
                self.index(address);
            }
            Change::Forget { address } => {
                if let Some(until) = self.quarantine.remove(address) {
                    self.suspect(address, until);
                }
                self.unbind(address);
                self.index(address);
            }
        }
    }

    fn suspect(&mut self, address: Ipv4Addr, until: Secs) {
        self.suspects.insert(address, until);
        let first = self.suspects.by_end().next();
        if let Some(first) = first.filter(|_| self.suspects.by_address().len() > MOST_SUSPECTS) {
            self.suspects.remove(first);
            self.index(first);
        }
    }

    pub fn offer(&mut self, address: Ipv4Addr, offer: Offer) {
        let freed = self.offers.add(address, offer);
        freed.into_iter().chain([address]).for_each(|address| self.index(address));
    }

    pub fn withdraw(&mut self, identity: &Identity) {
        if let Some(address) = self.offers.withdraw(identity) {
            self.index(address);
        }
    }

    /// Ends what `now` has run past: offers, quarantines and suspicions.
    pub fn expire(&mut self, now: Secs) {
        let ended = [self.quarantine.expire(now), self.suspects.expire(now), self.offers.expire(now)];
        ended.into_iter().flatten().for_each(|address| self.index(address));
    }

    fn bind(&mut self, binding: Binding) {
        let address = binding.address;
        if let Some(before) = self.of(&binding.identity).map(|binding| binding.address)
            && before != address
        {
            self.unbind(before);
            self.index(before);
        }
        let room = self.unbind(address);
        if self.offers.remove(address).is_none_or(|offer| offer.to != binding.identity) {
            self.withdraw(&binding.identity);
        }
        self.quarantine.remove(address);
        self.suspects.remove(address);
        if let Some(mac) = binding.mac {
            *self.macs.entry(mac).or_default() += 1;
        }
        let binding = match room {
            Some(mut room) => {
                *room = binding;
                room
            }
            None => Box::new(binding),
        };
        self.bindings.insert(address, binding);
        self.owners.insert(address, &self.bindings);
        self.index(address);
    }

    /// The room of what was there can hold what comes.
    fn unbind(&mut self, address: Ipv4Addr) -> Option<Box<Binding>> {
        let binding = self.bindings.remove(&address)?;
        self.owners.remove(&binding);
        if let Some(since) = binding.idle_from() {
            self.idle.remove(&(since, address));
        }
        if let Some(mac) = binding.mac
            && let Some(count) = self.macs.get_mut(&mac)
        {
            *count -= 1;
            if *count == 0 {
                self.macs.remove(&mac);
            }
        }
        Some(binding)
    }

    /// Files an address where `pick` finds it, or takes it from there, by what it is now.
    fn index(&mut self, address: Ipv4Addr) {
        let idle_from = self.at(address).map(Binding::idle_from);
        if let Some(Some(since)) = idle_from {
            self.idle.remove(&(since, address));
        }
        let barred = !self.is_for_anybody(&address)
            || self.quarantine().contains_key(&address)
            || self.suspects.by_address().contains_key(&address)
            || self.offers.at(address).is_some();
        match idle_from {
            _ if barred => self.unused.remove(address),
            None => self.unused.insert(address),
            Some(since) => {
                self.unused.remove(address);
                self.idle.extend(since.map(|since| (since, address)));
            }
        }
    }

    /// The changes that make an empty table this one; those that come after `last`.
    pub fn changes(&self, last: Option<&Change>) -> impl Iterator<Item = Change> {
        let (bindings, resting) = match last {
            None => (Unbounded, Unbounded),
            Some(Change::Quarantine { address, .. }) => (Excluded(Ipv4Addr::BROADCAST), Excluded(*address)),
            Some(change) => (Excluded(change.address()), Unbounded),
        };
        let quarantine = self.quarantine().range((resting, Unbounded));
        let quarantine = quarantine.map(|(address, until)| Change::Quarantine { address: *address, until: *until });
        self.bindings.range((bindings, Unbounded)).map(|(_, binding)| Change::Bind(Binding::clone(binding))).chain(quarantine)
    }

    /// Addresses for anybody that are somebody's now.
    pub fn used(&self, now: Secs) -> u64 {
        let live = self.bindings.values().filter(|binding| binding.is_live(now) && self.is_for_anybody(&binding.address)).count();
        let quarantined = self.quarantine().keys().filter(|address| self.is_for_anybody(address)).count();
        (live + quarantined) as u64
    }
}
