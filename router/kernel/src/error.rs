use edge_plan::{Op, Space};
use std::{io, path::PathBuf};

/// What the kernel refused or what could not be read from it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{what} in space {space}: {source}")]
    Io { what: String, space: Space, source: io::Error },
    #[error("{}: {what}", path.display())]
    Namespace { path: PathBuf, what: String },
}

/// The operation that failed; everything before it is done, nothing after it was tried.
#[derive(Debug, thiserror::Error)]
#[error("{what}: {source}")]
pub struct ExecuteError {
    /// Its place in the list given to [`Kernel::execute`](crate::Kernel::execute).
    pub index: usize,
    pub op: Box<Op>,
    /// The operation in words: `set up link br0 in space router`.
    pub what: String,
    #[source]
    pub source: Error,
}
