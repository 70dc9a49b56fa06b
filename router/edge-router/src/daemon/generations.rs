//! What the state directory knows of configurations: the one in force, the one before it, what was decided, what is being done.

use super::{
    decision::{Decision, Fingerprint},
    durable,
    files::Files,
    journal::{Journal, Kept, Text, VERSION},
};
use edge_config::MAX_SIZE;
use edge_net::fnv1a;
use std::{io, path::PathBuf};

/// Bytes: two configurations as JSON strings, where each quote and line end takes two, and the rest.
const LARGEST: usize = 6 * MAX_SIZE;

/// The configuration file as it was found.
pub struct ConfigFile {
    pub fingerprint: Fingerprint,
    /// Or why it cannot be read.
    pub text: Result<String, String>,
}

pub fn fingerprint(text: &str) -> Fingerprint {
    format!("{:016x}", fnv1a(text.as_bytes()))
}

impl Files {
    pub fn read_config(&self) -> ConfigFile {
        let text = durable::read(self.config(), MAX_SIZE).map_err(|error| error.to_string());
        // Also when it is no text: another damage is another file.
        let fingerprint = match &text {
            Ok(bytes) => format!("{:016x}", fnv1a(bytes)),
            Err(why) => format!("unreadable: {why}"),
        };
        let to_text = |bytes| {
            String::from_utf8(bytes).map_err(|error| format!("it is not UTF-8 text (byte {})", error.utf8_error().valid_up_to()))
        };
        ConfigFile { fingerprint, text: text.and_then(to_text) }
    }

    /// What was in force when `decision` was made.
    pub fn kept(&self, decision: Option<&Decision>) -> Option<Kept> {
        let text = String::from_utf8(durable::read(&self.last_good_path(), MAX_SIZE).ok()?).ok()?;
        let name = decision.and_then(|decision| decision.in_force.clone());
        let name = name.unwrap_or_else(|| self.last_good_path().display().to_string());
        Some(Kept { text: Text { name, text }, at: decision.and_then(|decision| decision.applied_at) })
    }

    /// What was in force before that, and was called `name`.
    pub fn previous(&self, name: Option<String>) -> Option<Text> {
        let path = self.previous_path();
        let text = String::from_utf8(durable::read(&path, MAX_SIZE).ok()?).ok()?;
        Some(Text { name: name.unwrap_or_else(|| path.display().to_string()), text })
    }

    pub fn keep(&self, text: &str) -> io::Result<()> {
        write_other(self.last_good_path(), text)
    }

    pub fn keep_previous(&self, text: &str) -> io::Result<()> {
        write_other(self.previous_path(), text)
    }

    pub fn decision(&self) -> Option<Decision> {
        self.unseal("decision.json")
    }

    pub fn decide(&self, decision: &Decision) -> io::Result<()> {
        if self.decision().as_ref() == Some(decision) {
            return Ok(());
        }
        durable::seal(&self.state_dir().join("decision.json"), decision)
    }

    pub fn journal(&self) -> Option<Journal> {
        self.unseal("transaction.json").filter(|journal: &Journal| journal.version == VERSION)
    }

    pub fn write_journal(&self, journal: &Journal) -> io::Result<()> {
        durable::seal(&self.journal_path(), journal)
    }

    pub fn remove_journal(&self) -> io::Result<()> {
        durable::remove(&self.journal_path())
    }

    /// What is damaged is told and set aside: it must not stop a start.
    fn unseal<T: serde::de::DeserializeOwned>(&self, name: &str) -> Option<T> {
        let path = self.state_dir().join(name);
        durable::unseal(&path, LARGEST).unwrap_or_else(|error| {
            log::error!("{}: {error}; set aside as {name}.damaged, going on with the last good configuration", path.display());
            if let Err(error) = self.set_aside(name) {
                log::error!("cannot set {} aside: {error}", path.display());
            }
            None
        })
    }

    fn last_good_path(&self) -> PathBuf {
        self.state_dir().join("last-good.toml")
    }

    fn previous_path(&self) -> PathBuf {
        self.state_dir().join("previous.toml")
    }

    fn journal_path(&self) -> PathBuf {
        self.state_dir().join("transaction.json")
    }
}

/// Writes only what is not there already: a start that changes nothing writes nothing.
fn write_other(path: PathBuf, text: &str) -> io::Result<()> {
    if durable::read(&path, MAX_SIZE).is_ok_and(|bytes| bytes == text.as_bytes()) {
        return Ok(());
    }
    durable::replace(&path, text.as_bytes())
}
