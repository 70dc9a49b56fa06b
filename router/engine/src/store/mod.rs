//! What outlives the daemon.

mod generations;
mod history;
mod sealed;

pub use generations::Generations;

use crate::{
    Decision, Fingerprint,
    journal::{Entry, Journal, Kept, Text},
};
use edge_api::How;
use edge_net::fnv1a;
use std::io;

/// So many configurations are kept in the history.
pub(crate) const MOST_ENTRIES: usize = 10;

/// What outlives the daemon and the power. One write is there whole or not at all when it returns.
pub trait Store: Send + Sync + 'static {
    /// Makes it outlive a power cut. What is so already is not written again.
    fn write(&self, write: &Write) -> io::Result<()>;

    /// What the last run left.
    fn left(&self) -> Left;

    /// The configuration file.
    fn file(&self) -> ConfigFile;

    /// What was in force before what is kept, called `name`.
    fn previous(&self, name: Option<String>) -> Option<Text>;

    /// The configurations that were in force last, the oldest first.
    fn history(&self) -> Vec<Entry>;

    /// The number of the next one.
    fn next_number(&self) -> u64;

    /// One more of them; more than ten are not kept.
    fn record(&self, entry: &Entry) -> io::Result<()>;

    /// How the configuration file came to be another one before this start, where that was written down; `None` from then on.
    fn brought(&self) -> Option<How> {
        None
    }
}

/// One durable change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Write {
    /// A transaction that is not over, in place of the one before.
    Journal(Journal),
    /// No transaction is open.
    NoJournal,
    /// What is in force.
    LastGood(String),
    /// What was in force before.
    Previous(String),
    /// What came of the last configuration.
    Decision(Decision),
}

/// What a start finds in the store.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Left {
    /// What came of the last configuration.
    pub decision: Option<Decision>,
    /// What was in force when that was decided.
    pub kept: Option<Kept>,
    /// A transaction that is not over.
    pub journal: Option<Journal>,
}

/// The configuration file as it was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigFile {
    /// What messages call it.
    pub name: String,
    /// Of what it holds, also when that is no text: another damage is another file.
    pub fingerprint: Fingerprint,
    /// Or why it cannot be read.
    pub text: Result<String, String>,
}

/// Of a configuration file that says `text`.
pub fn fingerprint(text: &str) -> Fingerprint {
    hash(text.as_bytes())
}

fn hash(bytes: &[u8]) -> Fingerprint {
    format!("{:016x}", fnv1a(bytes))
}
