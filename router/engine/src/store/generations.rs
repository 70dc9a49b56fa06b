//! What the state directory knows of configurations: the one in force, the one before it, what was decided, what is being done.

use super::{
    ConfigFile, Left, Store, Write, hash,
    sealed::{seal, unseal},
};
use crate::{
    Decision,
    journal::{Journal, Kept, Text, VERSION},
};
use edge_config::MAX_SIZE;
use edge_host::durable;
use serde::de::DeserializeOwned;
use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// Bytes: two configurations as JSON strings, where each quote and line end takes two, and the rest.
const LARGEST: usize = 6 * MAX_SIZE;

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
            Write::LastGood(text) => write_other(self.last_good_path(), text),
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

    /// What was in force when `decision` was made.
    fn kept(&self, decision: Option<&Decision>) -> Option<Kept> {
        let text = String::from_utf8(durable::read(&self.last_good_path(), MAX_SIZE).ok()?).ok()?;
        let name = decision.and_then(|decision| decision.in_force.clone());
        let name = name.unwrap_or_else(|| self.last_good_path().display().to_string());
        Some(Kept { text: Text { name, text }, at: decision.and_then(|decision| decision.applied_at) })
    }

    fn decision(&self) -> Option<Decision> {
        self.unseal("decision.json")
    }

    fn decide(&self, decision: &Decision) -> io::Result<()> {
        if self.decision().as_ref() == Some(decision) {
            return Ok(());
        }
        seal(&self.state_dir.join("decision.json"), decision)
    }

    fn journal(&self) -> Option<Journal> {
        self.unseal("transaction.json").filter(|journal: &Journal| journal.version == VERSION)
    }

    /// What is damaged is told and set aside: it must not stop a start.
    fn unseal<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        let path = self.state_dir.join(name);
        unseal(&path, LARGEST).unwrap_or_else(|error| {
            log::error!("{}: {error}; set aside as {name}.damaged, going on with the last good configuration", path.display());
            if let Err(error) = fs::rename(&path, self.state_dir.join(format!("{name}.damaged"))) {
                log::error!("cannot set {} aside: {error}", path.display());
            }
            None
        })
    }

    fn last_good_path(&self) -> PathBuf {
        self.state_dir.join("last-good.toml")
    }

    fn previous_path(&self) -> PathBuf {
        self.state_dir.join("previous.toml")
    }

    fn journal_path(&self) -> PathBuf {
        self.state_dir.join("transaction.json")
    }
}

/// Writes only what is not there already: a start that changes nothing writes nothing.
fn write_other(path: PathBuf, text: &str) -> io::Result<()> {
    if durable::read(&path, MAX_SIZE).is_ok_and(|bytes| bytes == text.as_bytes()) {
        return Ok(());
    }
    durable::replace(&path, text.as_bytes())
}
