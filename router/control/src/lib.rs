//! Server and client of the daemon's API: HTTP over a unix socket, so that `curl --unix-socket` works too.

pub mod client;
pub mod server;

pub use client::{Client, ClientError, Says};

use std::path::{Path, PathBuf};

/// Where the daemon listens, below its run directory.
pub fn socket(run_dir: &Path) -> PathBuf {
    run_dir.join("control.sock")
}

/// Header: the comment of the ssh key that who asks has logged in by, as he says.
pub const KEY: &str = "edge-router-key";
/// Header: the address he is connected from by ssh, as he says.
pub const FROM: &str = "edge-router-from";
