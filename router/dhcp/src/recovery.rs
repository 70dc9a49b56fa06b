use edge_host::aside;
use std::path::PathBuf;

/// What the words on disk are called, as far as [`aside`] goes.
const NAME: &str = "leases";
/// So many are written down; the daemon's log has them all.
const MOST: usize = 200;

/// What a start found damaged in the lease log, in words: of the log itself the good parts go on. On disk until somebody takes it away,
/// as the next start finds a log that is whole again.
pub struct Recovery {
    directory: PathBuf,
    notes: Vec<String>,
    is_on_disk: bool,
}

impl Recovery {
    /// Before the log is written anew. Where this cannot be written, the run tells it.
    pub fn keep(directory: PathBuf, notes: Vec<String>) -> Self {
        let words = notes.iter().take(MOST).map(String::as_str).collect::<Vec<_>>().join("\n");
        let noted = if notes.is_empty() { Ok(()) } else { aside::note(&directory, NAME, &words) };
        if let Err(error) = &noted {
            log::error!("that the lease log was damaged cannot be written down: {error}");
        }
        Self { directory, notes, is_on_disk: noted.is_ok() }
    }

    /// Nothing more once somebody has seen it.
    pub fn notes(&self) -> Vec<String> {
        let is_seen = self.is_on_disk && !aside::is_damaged(&self.directory, NAME);
        if is_seen { Vec::new() } else { self.notes.clone() }
    }
}
