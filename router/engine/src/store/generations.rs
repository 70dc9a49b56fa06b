//! What the state directory knows of configurations: the one in force, the one before it, what was decided, what is being done.

use super::{
    ConfigFile, Left, Store, Write,
    aside::set_aside,
    hash,
    sealed::{seal, unseal},
    sealed_text::{self, Found},
};
use crate::{
    Decision,
    journal::{Journal, Kept, Text, VERSION},
};
use edge_config::MAX_SIZE;
use edge_host::durable;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::{
    fmt::Display,
    io,
    path::{Path, PathBuf},
};

/// Bytes: two configurations as JSON strings, where each quote and line end takes two, and the rest.
const LARGEST: usize = 6 * MAX_SIZE;

const LAST_GOOD: &str = "last-good.toml";

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
}

impl Store for Generations {
    fn write(&self, write: &Write) -> io::Result<()> {
        match write {
            Write::Journal(journal) => seal(&self.journal_path(), journal),
            Write::NoJournal => durable::remove(&self.journal_path()),
            Write::LastGood(text) => self.keep(text),
            Write::Previous(text) => write_other(self.previous_path(), text),
            Write::Decision(decision) => self.decide(decision),
        }
    }

    fn left(&self) -> Left {
        let decision = self.decision();
        Left { kept: self.kept(decision.as_ref()), journal: self.journal(), decision }
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
        let path = self.previous_path();
        let text = String::from_utf8(durable::read(&path, MAX_SIZE).ok()?).ok()?;
        Some(Text { name: name.unwrap_or_else(|| path.display().to_string()), text })
    }
}

impl Generations {
    /// `state_dir` is there.
    pub fn new(config: &Path, state_dir: &Path) -> Self {
        Self { config: config.to_owned(), state_dir: state_dir.to_owned() }
    }

    /// What was in force when `decision` was made. What is damaged is set aside.
    fn kept(&self, decision: Option<&Decision>) -> Option<Kept> {
        let text = self.last_good().unwrap_or_else(|why| {
            self.put_aside(LAST_GOOD, &why);
            None
        })?;
        let name = decision.and_then(|decision| decision.in_force.clone());
        let name = name.unwrap_or_else(|| self.last_good_path().display().to_string());
        Some(Kept { text: Text { name, text }, at: decision.and_then(|decision| decision.applied_at) })
    }

    fn keep(&self, text: &str) -> io::Result<()> {
        match self.read_last_good() {
            Ok(Found::Sealed(found)) if found == text => Ok(()),
            _ => sealed_text::write(&self.last_good_path(), LAST_GOOD, text),
        }
    }

    fn read_last_good(&self) -> io::Result<Found> {
        sealed_text::read(&self.last_good_path(), LAST_GOOD, MAX_SIZE)
    }

    /// Or why it cannot be used. That of a release before there were seals is taken once, and sealed; after that, one without a seal is
    /// no work of ours.
    fn last_good(&self) -> Result<Option<String>, String> {
        match self.read_last_good().map_err(|error| error.to_string())? {
            Found::Nothing => Ok(None),
            Found::Sealed(text) => Ok(Some(text)),
            Found::Unsealed(text) if self.written().is_some_and(|written| written.sealed) || says_nothing(&text) => {
                Err("its seal is gone: it was emptied or edited".to_owned())
            }
            Found::Unsealed(text) => {
                edge_config::parse(LAST_GOOD, &text).map_err(|_| "it is no configuration".to_owned())?;
                if let Err(error) = self.seal_what_is_kept(&text) {
                    log::error!("{}: it cannot be sealed: {error}", self.last_good_path().display());
                }
                Ok(Some(text))
            }
        }
    }

    fn seal_what_is_kept(&self, text: &str) -> io::Result<()> {
        self.keep(text)?;
        self.decision().map_or(Ok(()), |decision| self.decide(&decision))
    }

    fn decision(&self) -> Option<Decision> {
        self.written().map(|written| written.decision)
    }

    fn written(&self) -> Option<Written> {
        self.unseal("decision.json")
    }

    fn decide(&self, decision: &Decision) -> io::Result<()> {
        let sealed = !matches!(self.read_last_good(), Ok(Found::Unsealed(_)));
        let written = Written { decision: decision.clone(), sealed };
        if self.written().as_ref() == Some(&written) {
            return Ok(());
        }
        seal(&self.state_dir.join("decision.json"), &written)
    }

    fn journal(&self) -> Option<Journal> {
        self.unseal("transaction.json").filter(|journal: &Journal| journal.version == VERSION)
    }

    /// What is damaged is told and set aside: it must not stop a start.
    fn unseal<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        let path = self.state_dir.join(name);
        unseal(&path, LARGEST).unwrap_or_else(|error| {
            self.put_aside(name, &error);
            None
        })
    }

    fn put_aside(&self, name: &str, why: &dyn Display) {
        if let Err(error) = set_aside(&self.state_dir, name, why) {
            log::error!("cannot set {} aside: {error}", self.state_dir.join(name).display());
        }
    }

    fn last_good_path(&self) -> PathBuf {
        self.state_dir.join(LAST_GOOD)
    }

    fn previous_path(&self) -> PathBuf {
        self.state_dir.join("previous.toml")
    }

    fn journal_path(&self) -> PathBuf {
        self.state_dir.join("transaction.json")
    }
}

/// Nothing but comments.
fn says_nothing(text: &str) -> bool {
    text.lines().map(str::trim).all(|line| line.is_empty() || line.starts_with('#'))
}

/// Writes only what is not there already: a start that changes nothing writes nothing.
fn write_other(path: PathBuf, text: &str) -> io::Result<()> {
    if durable::read(&path, MAX_SIZE).is_ok_and(|bytes| bytes == text.as_bytes()) {
        return Ok(());
    }
    durable::replace(&path, text.as_bytes())
}
