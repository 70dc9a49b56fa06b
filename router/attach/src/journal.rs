use crate::{JournalError, records::Records};
use edge_host::{BootId, durable};
use serde::{Deserialize, Serialize};
use std::{
    io,
    path::{Path, PathBuf},
};

const VERSION: u64 = 1;
/// Bytes; the most records are far below it.
const LARGEST: usize = 64 << 20;

/// What is attached, on disk: memory never says more than the file does.
pub(crate) struct Journal {
    path: PathBuf,
    boot: BootId,
    records: Records,
}

#[derive(Serialize, Deserialize)]
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
    /// Reads `attachments.json` below `state_dir`; none is as good as an empty one. `boot` is this one.
    pub fn open(state_dir: &Path, boot: BootId) -> Result<Self, JournalError> {
        let path = state_dir.join("attachments.json");
        let mut records = Records::default();
        if let Some(bytes) = read(&path).map_err(fail("read", &path))? {
            let contents = parse(&path, &bytes)?;
            if contents.boot == boot.as_str() {
                records = contents.attachments;
            } else {
                log::info!("{} attachments of an earlier boot are gone with it", contents.attachments.as_slice().len());
            }
        }
        Ok(Self { path, boot, records })
    }

    pub fn records(&self) -> &Records {
        &self.records
    }

    pub async fn store(&mut self, records: Records) -> Result<(), JournalError> {
        if records == self.records {
            return Ok(());
        }
        let (path, boot) = (self.path.clone(), self.boot.clone());
        // A card may take its time; DHCP shall not wait for it.
        let stored = tokio::task::spawn_blocking(move || {
            let contents = Contents { version: VERSION, boot: boot.to_string(), attachments: records };
            let json = serde_json::to_vec_pretty(&contents).map_err(|error| fail("write", &path)(error.into()))?;
            durable::replace(&path, &json).map_err(fail("write", &path))?;
            Ok(contents.attachments)
        });
        self.records = stored.await.map_err(|error| fail("write", &self.path)(io::Error::other(error)))??;
        Ok(())
    }
}

fn read(path: &Path) -> io::Result<Option<Vec<u8>>> {
    match durable::read(path, LARGEST) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        read => read.map(Some),
    }
}

fn parse(path: &Path, bytes: &[u8]) -> Result<Contents, JournalError> {
    let damaged = |why: serde_json::Error| JournalError::Damaged { path: path.to_owned(), why: why.to_string() };
    let Versioned { version } = serde_json::from_slice(bytes).map_err(damaged)?;
    if version != VERSION {
        return Err(JournalError::Version { path: path.to_owned(), found: version, known: VERSION });
    }
    serde_json::from_slice(bytes).map_err(damaged)
}

fn fail(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> JournalError {
    let path = path.to_owned();
    move |why| JournalError::Io { doing, path, why }
}
