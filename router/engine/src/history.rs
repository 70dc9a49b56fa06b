//! What was in force: written down after it is, so that what goes wrong here costs an entry of the history and nothing else.

use crate::{
    Datapath, Engine, Store,
    journal::{Entry, Kept, Text},
    store::fingerprint,
};
use edge_api::{By, Failure, FailureKind, HistoryEntry, How, Which};

/// What a new entry of the history says beside the configuration.
#[derive(Clone, Debug)]
pub(crate) struct Cause {
    pub how: How,
    pub revert_to: Option<u64>,
    pub by: By,
}

impl Cause {
    pub fn new(how: How, by: By) -> Self {
        Self { how, revert_to: None, by }
    }
}

impl<D: Datapath, S: Store> Engine<D, S> {
    /// What stays in force now, where it is not the newest already.
    pub(crate) fn record(&self, cause: Cause) {
        let ledger = self.ledger();
        let Some(kept) = &ledger.kept else { return };
        let is_newest = self.recorded().last().is_some_and(|newest| newest.fingerprint == fingerprint(&kept.text.text));
        if is_newest {
            return;
        }
        let entry = entry(self.store.next_number(), kept, cause);
        match self.store.record(&entry) {
            Ok(()) => self.add_to_history(entry.about),
            Err(error) => log::error!("{} is not in the history: {error}; a restart tries it again", entry.about.name),
        }
    }

    /// The configurations that were in force last, the oldest first; none of what is damaged.
    pub fn history(&self) -> Vec<Entry> {
        self.store.history()
    }

    /// One of them.
    pub fn of_history(&self, number: u64) -> Result<Entry, Failure> {
        let found = self.history().into_iter().find(|entry| entry.about.number == number);
        found.ok_or_else(|| {
            Failure::new(FailureKind::NotFound, format_args!("there is no configuration {number} in the history"))
                .detail("routerctl history lists those there are")
        })
    }

    /// What is in force, with its number where it is confirmed; `None`: nothing is.
    pub fn now(&self) -> Option<Which> {
        let ledger = self.ledger();
        match (self.window(), &ledger.kept) {
            (Some((open, _)), _) => Some(Which { number: None, name: open.new.name, at: ledger.applied_at }),
            (None, kept) => kept.as_ref().map(|kept| self.which_kept(kept)),
        }
    }

    /// Where a revert leads; `None`: nowhere.
    pub fn before(&self) -> Option<Which> {
        let ledger = self.ledger();
        if let Some(open) = &ledger.open {
            return open.old.as_ref().map(|old| self.which_kept(old));
        }
        self.previous().map(|text| self.which_before(text))
    }

    /// What a revert leads to where nothing waits to be confirmed.
    pub(crate) fn previous(&self) -> Option<Text> {
        self.store.previous(self.ledger().before())
    }

    fn which_kept(&self, kept: &Kept) -> Which {
        Which { number: self.find(&kept.text.text, 0).map(|entry| entry.number), name: kept.text.name.clone(), at: kept.at }
    }

    /// The newest is what is in force.
    fn which_before(&self, text: Text) -> Which {
        let entry = self.find(&text.text, 1);
        Which { number: entry.as_ref().map(|entry| entry.number), name: text.name, at: entry.and_then(|entry| entry.at) }
    }

    /// The newest that says `text`, but for the `newer` newest ones.
    fn find(&self, text: &str, newer: usize) -> Option<HistoryEntry> {
        let fingerprint = fingerprint(text);
        self.recorded().iter().rev().skip(newer).find(|entry| entry.fingerprint == fingerprint).cloned()
    }
}

fn entry(number: u64, kept: &Kept, cause: Cause) -> Entry {
    let Cause { how, revert_to, by } = cause;
    let about = HistoryEntry {
        number,
        at: kept.at,
        name: kept.text.name.clone(),
        how,
        revert_to,
        by,
        fingerprint: fingerprint(&kept.text.text),
        standing: None,
        added: None,
        removed: None,
    };
    Entry { about, text: kept.text.clone() }
}
