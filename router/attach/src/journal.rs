use crate::{JournalError, records::Records};
use edge_host::{
    BootId, aside,
    sealed_json::{self, Found},
};
use serde::{Deserialize, Serialize};
use std::{
    io,
    path::{Path, PathBuf},
};

const NAME: &str = "attachments.json";
const VERSION: u64 = 1;
/// Bytes; the most records are far below it.
const LARGEST: usize = 64 << 20;

/// What is attached, on disk: memory never says more than the file does.
pub(crate) struct Journal {
    state_dir: PathBuf,
    boot: BootId,
    records: Records,
    /// There is no file, though somebody may be plugged in.
    is_lost: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Contents {
    version: u64,
    /// The [`BootId`] of when the namespaces were there: after another none of them is left.
    boot: String,
    attachments: Records,
}

/// Read first, so that another version is told from damage.
#[derive(Deserialize)]
struct Versioned {
    version: u64,
}

impl Journal {
    /// Reads `attachments.json` below `state_dir`. `boot` is this one. `was_used`: somebody was attached, as others know.
    pub fn open(state_dir: &Path, boot: BootId, was_used: bool) -> Result<Self, JournalError> {
        let mut journal = Self { state_dir: state_dir.to_owned(), boot, records: Records::default(), is_lost: false };
        match read(&journal.path())? {
            Some(contents) if contents.boot == journal.boot.as_str() => journal.records = contents.attachments,
            Some(contents) => {
                log::info!("{} attachments of an earlier boot are gone with it", contents.attachments.as_slice().len())
            }
            None => journal.begin(was_used),
        }
        Ok(journal)
    }

    /// From then on there is a file, so that one that is missing is told from one that was never there.
    fn begin(&mut self, was_used: bool) {
        self.is_lost = was_used || self.is_unsure();
        let begun = match (self.is_lost, self.is_unsure()) {
            (true, true) => Ok(()),
            (true, false) => {
                aside::note(&self.state_dir, NAME, &"it was missing when the daemon started; the kernel tells who is attached")
            }
            (false, _) => write(&self.path(), &self.contents(Records::default())),
        };
        if let Err(error) = begun {
            log::error!("{}: {error}", self.path().display());
        }
    }

    pub fn records(&self) -> &Records {
        &self.records
    }

    pub fn is_lost(&self) -> bool {
        self.is_lost
    }

    /// It was damaged, and nobody has seen that yet.
    pub fn is_unsure(&self) -> bool {
        aside::is_damaged(&self.state_dir, NAME)
    }

    pub async fn store(&mut self, records: Records) -> Result<(), JournalError> {
        if records == self.records && !self.is_lost {
            return Ok(());
        }
        let (path, contents) = (self.path(), self.contents(records));
        // A card may take its time; DHCP shall not wait for it.
        let stored = tokio::task::spawn_blocking(move || {
            write(&path, &contents).map_err(fail("write", &path))?;
            Ok(contents.attachments)
        });
        self.records = stored.await.map_err(|error| fail("write", &self.path())(io::Error::other(error)))??;
        self.is_lost = false;
        Ok(())
    }

    fn contents(&self, attachments: Records) -> Contents {
        Contents { version: VERSION, boot: self.boot.to_string(), attachments }
    }

    fn path(&self) -> PathBuf {
        self.state_dir.join(NAME)
    }
}

fn write(path: &Path, contents: &Contents) -> io::Result<()> {
    sealed_json::write(path, NAME, &serde_json::to_string_pretty(contents)?)
}

fn read(path: &Path) -> Result<Option<Contents>, JournalError> {
    match sealed_json::read(path, NAME, LARGEST) {
        Ok(Found::Nothing) => Ok(None),
        Ok(Found::Sealed(json) | Found::Unsealed(json)) => parse(path, &json).map(Some),
        Err(error) if error.kind() == io::ErrorKind::InvalidData => {
            Err(JournalError::Damaged { path: path.to_owned(), why: error.to_string() })
        }
        Err(error) => Err(fail("read", path)(error)),
    }
}

fn parse(path: &Path, json: &str) -> Result<Contents, JournalError> {
    let damaged = |why: serde_json::Error| JournalError::Damaged { path: path.to_owned(), why: why.to_string() };
    let Versioned { version } = serde_json::from_str(json).map_err(damaged)?;
    if version != VERSION {
        return Err(JournalError::Version { path: path.to_owned(), found: version, known: VERSION });
    }
    serde_json::from_str(json).map_err(damaged)
}

fn fail(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> JournalError {
    let path = path.to_owned();
    move |why| JournalError::Io { doing, path, why }
}
