//! Server and client of the daemon's API: HTTP over a unix socket, so that `curl --unix-socket` works too.

pub mod client;
pub mod server;

pub use client::{Client, ClientError};

use std::path::{Path, PathBuf};

/// Where the daemon listens, below its run directory.
pub fn socket(run_dir: &Path) -> PathBuf {
    run_dir.join("control.sock")
}
