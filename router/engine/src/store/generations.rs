//! What the state directory knows of configurations: the one in force, the one before it, what was decided, what is being done.

use super::{
    ConfigFile, Left, Store, Write, hash,
    history::HistoryFiles,
    sealed::{seal, unseal},
};
use crate::{
    Decision, Outcome,
    journal::{Entry, Journal, Kept, Text, VERSION},
};
use edge_api::How;
use edge_config::MAX_SIZE;
use edge_host::{
    aside, durable,
    sealed_text::{self, Found},
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::{
    io,
    path::{Path, PathBuf},
};

/// Bytes: two configurations as JSON strings, where each quote and line end takes two, and the rest.
const LARGEST: usize = 6 * MAX_SIZE;

/// Bytes of a word.
const LONGEST_NOTE: usize = 64;

const LAST_GOOD: &str = "last-good.toml";
const PREVIOUS: &str = "previous.toml";
const DECISION: &str = "decision.json";
const TRANSACTION: &str = "transaction.json";

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Written {
    #[serde(flatten)]
    decision: Decision,
    /// From here on what is kept bears a seal. A release before did not know of any.
    #[serde(default)]
    sealed: bool,
}

/// A configuration file, and a state directory that can be written.
#[derive(Clone, Debug)]
pub struct Generations {
    config: PathBuf,
    state_dir: PathBuf,
    history: HistoryFiles,
    /// Where the image's boot step writes down how it made the file another one.
    note: Option<PathBuf>,
}

impl Store for Generations {
    fn write(&self, write: &Write) -> io::Result<()> {
        match write {
            Write::Journal(journal) => seal(&self.path(TRANSACTION), journal),
            Write::NoJournal => durable::remove(&self.path(TRANSACTION)),
            Write::LastGood(text) => self.keep(LAST_GOOD, text),
            Write::Previous(text) => self.keep(PREVIOUS, text),
            Write::Decision(decision) => self.decide(decision),
        }
    }

    fn left(&self) -> Left {
        let (journal, written) = (self.journal(), self.written());
        let (previous, was_sealed) =
            (self.take(PREVIOUS, written.as_ref()), matches!(self.read(LAST_GOOD), Ok(Found::Sealed(_))));
        let last_good = self.take(LAST_GOOD, written.as_ref());
        let left =
            Left { kept: self.kept(last_good, written.as_ref()), journal, decision: written.map(|written| written.decision) };
        self.tell_missing(&left, previous.is_some(), was_sealed);
        left
    }

    fn file(&self) -> ConfigFile {
        let text = durable::read(&self.config, MAX_SIZE).map_err(|error| error.to_string());
        let fingerprint = match &text {
            Ok(bytes) => hash(bytes),
            Err(why) => format!("unreadable: {why}"),
        };
        let to_text = |bytes| {
            String::from_utf8(bytes).map_err(|error| format!("it is not UTF-8 text (byte {})", error.utf8_error().valid_up_to()))
        };
        ConfigFile { name: self.config.display().to_string(), fingerprint, text: text.and_then(to_text) }
    }

    fn previous(&self, name: Option<String>) -> Option<Text> {
        let text = self.take(PREVIOUS, self.written().as_ref())?;
        Some(Text { name: name.unwrap_or_else(|| self.path(PREVIOUS).display().to_string()), text })
    }

    fn history(&self) -> Vec<Entry> {
        self.history.read()
    }

    fn next_number(&self) -> u64 {
        self.history.next()
    }

    fn record(&self, entry: &Entry) -> io::Result<()> {
        self.history.write(entry)
    }

    fn brought(&self) -> Option<How> {
        let note = self.note.as_ref()?;
        let how = match durable::read(note, LONGEST_NOTE).ok()?.as_slice() {
            b"RESET\n" => How::Reset,
            _ => How::Card,
        };
        // It tells of one start only.
        durable::remove(note).inspect_err(|error| log::warn!("{}: {error}", note.display())).ok().map(|()| how)
    }
}

impl Generations {
    /// `state_dir` is there.
    pub fn new(config: &Path, state_dir: &Path) -> Self {
        let history = HistoryFiles::new(state_dir);
        Self { config: config.to_owned(), state_dir: state_dir.to_owned(), history, note: None }
    }

    /// Where the image's boot step writes down how it made the file another one.
    #[must_use]
    pub fn with_note(self, note: PathBuf) -> Self {
        Self { note: Some(note), ..self }
    }

    /// What was in force when that was decided.
    fn kept(&self, last_good: Option<String>, written: Option<&Written>) -> Option<Kept> {
        let decision = written.map(|written| &written.decision);
        let name = decision.and_then(|decision| decision.in_force.clone());
        let name = name.unwrap_or_else(|| self.path(LAST_GOOD).display().to_string());
        Some(Kept { text: Text { name, text: last_good? }, at: decision.and_then(|decision| decision.applied_at) })
    }

    /// Writes only what is not there already: a start that changes nothing writes nothing.
    fn keep(&self, name: &str, text: &str) -> io::Result<()> {
        match self.read(name) {
            Ok(Found::Sealed(found)) if found == text => Ok(()),
            _ => sealed_text::write(&self.path(name), name, text),
        }
    }

    fn read(&self, name: &str) -> io::Result<Found> {
        sealed_text::read(&self.path(name), name, MAX_SIZE)
    }

    /// A configuration that was kept under that name. What is damaged is set aside.
    fn take(&self, name: &str, written: Option<&Written>) -> Option<String> {
        self.whole(name, written).unwrap_or_else(|why| {
            aside::put_aside(&self.state_dir, name, &why);
            None
        })
    }

    /// Or why it cannot be used. That of a release before there were seals is taken once, and sealed; after that, one without a seal is
    /// no work of ours.
    fn whole(&self, name: &str, written: Option<&Written>) -> Result<Option<String>, String> {
        match self.read(name).map_err(|error| error.to_string())? {
            Found::Nothing => Ok(None),
            Found::Sealed(text) => Ok(Some(text)),
            Found::Unsealed(text) if written.is_some_and(|written| written.sealed) || says_nothing(&text) => {
                Err("its seal is gone: it was emptied or edited".to_owned())
            }
            Found::Unsealed(text) => {
                edge_config::parse(name, &text).map_err(|_| "it is no configuration".to_owned())?;
                if let Err(error) = self.seal_what_is_kept(name, &text) {
                    log::error!("{}: it cannot be sealed: {error}", self.path(name).display());
                }
                Ok(Some(text))
            }
        }
    }

    fn seal_what_is_kept(&self, name: &str, text: &str) -> io::Result<()> {
        self.keep(name, text)?;
        self.written().map_or(Ok(()), |written| self.decide(&written.decision))
    }

    /// What one says must be there: each is written before what tells of it. The first decision may not be written yet while the first
    /// transaction is open. That a transaction is gone nobody can tell: most of the time there is none.
    fn tell_missing(&self, left: &Left, has_previous: bool, was_sealed: bool) {
        let decision = left.decision.as_ref();
        let was_applied = decision.is_some_and(|decision| decision.outcome == Outcome::Applied && decision.in_force.is_some());
        let had_previous = decision.is_some_and(|decision| decision.before.is_some());
        let had_decision = was_sealed && left.journal.as_ref().is_none_or(|journal| journal.old.is_some());
        for (name, had, has) in [
            (LAST_GOOD, was_applied, left.kept.is_some()),
            (PREVIOUS, had_previous, has_previous),
            (DECISION, had_decision, decision.is_some()),
        ] {
            // One that was damaged is told already.
            if had && !has && !aside::is_damaged(&self.state_dir, name) {
                self.note_missing(name);
            }
        }
    }

    fn note_missing(&self, name: &str) {
        if let Err(error) = aside::note(&self.state_dir, name, &"it was missing when the daemon started") {
            log::error!("{} is missing, which cannot be written down: {error}", self.path(name).display());
        }
    }

    fn written(&self) -> Option<Written> {
        self.unseal(DECISION)
    }

    fn decide(&self, decision: &Decision) -> io::Result<()> {
        let sealed = !matches!(self.read(LAST_GOOD), Ok(Found::Unsealed(_)));
        let written = Written { decision: decision.clone(), sealed };
        if self.written().as_ref() == Some(&written) {
            return Ok(());
        }
        seal(&self.path(DECISION), &written)
    }

    fn journal(&self) -> Option<Journal> {
        self.unseal(TRANSACTION).filter(|journal: &Journal| journal.version == VERSION)
    }

    /// What is damaged is told and set aside: it must not stop a start.
    fn unseal<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        unseal(&self.path(name), LARGEST).unwrap_or_else(|error| {
            aside::put_aside(&self.state_dir, name, &error);
            None
        })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.state_dir.join(name)
    }
}

/// Nothing but comments.
fn says_nothing(text: &str) -> bool {
    text.lines().map(str::trim).all(|line| line.is_empty() || line.starts_with('#'))
}
