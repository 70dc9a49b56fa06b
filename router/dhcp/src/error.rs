use edge_net::Name;
use std::{io, path::PathBuf};

/// Why there is no server.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("lease log {path}: {what}: {source}; the directory must be writable, on a local disk with room for 16 MiB")]
    Log { path: PathBuf, what: &'static str, source: io::Error },
    #[error("lease log {0} is in use by another daemon; stop that one, or give this one its own --state-dir")]
    InUse(PathBuf),
    #[error("cannot start the lease log's thread: {0}")]
    Thread(io::Error),
}

/// Networks that are not served for now. It is tried again until it works or the configuration changes.
#[derive(Debug, thiserror::Error)]
#[error("no DHCP in {}: {source}; trying again", list(.networks))]
pub struct ConfigureError {
    pub networks: Vec<Name>,
    pub source: SocketError,
}

#[derive(Debug, thiserror::Error)]
pub enum SocketError {
    #[error("network namespace {path}: {source}")]
    Namespace { path: PathBuf, source: io::Error },
    #[error("cannot open {what}: {source}")]
    Open { what: &'static str, source: io::Error },
}

fn list(networks: &[Name]) -> String {
    networks.iter().map(Name::as_str).collect::<Vec<_>>().join(", ")
}
