use crate::{link, socket::NetlinkError};
use edge_net::Name;
use edge_plan::{Op, Space};
use nix::errno::Errno;
use std::{io, path::PathBuf};

/// What the kernel refused or what could not be read from it.
#[allow(missing_docs, reason = "the fields are what the messages name")]
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// `what` was being done in words, `open a netlink socket`.
    #[error("cannot {what} in space {space}: {source}{}", remedy(.source))]
    Netlink { what: String, space: Space, source: NetlinkError },
    /// The nftables table or a flowtable.
    #[error("cannot {what} in space {space}: {source}")]
    Table { what: String, space: Space, source: crate::nft::NftError },
    /// A file in `/proc/sys`.
    #[error("cannot write {}: {source}", path.display())]
    Sysctl { path: PathBuf, source: io::Error },
    /// A namespace cannot be opened, made or deleted.
    #[error("{}: {why}", path.display())]
    Namespace { path: PathBuf, why: String },
    /// `why` tells what was found and what to do.
    #[error("{why}")]
    Refused { why: String },
}

impl Error {
    pub(crate) fn netlink(what: &str, space: Space, source: impl Into<NetlinkError>) -> Self {
        Self::Netlink { what: what.to_owned(), space, source: source.into() }
    }

    pub(crate) fn no_namespace(name: &Name) -> Self {
        let why =
            "there is no namespace of that name that is marked as ours; apply the configuration again to make it".to_owned();
        Self::Namespace { path: edge_host::netns::path(name), why }
    }

    /// The kernel's error number, where it gave one.
    pub fn errno(&self) -> Option<Errno> {
        match self {
            Self::Netlink { source, .. } => source.errno(),
            _ => None,
        }
    }
}

/// What a user can do about a refusal whatever was asked for.
fn remedy(error: &NetlinkError) -> &'static str {
    match error.errno() {
        Some(Errno::EPERM) => "; run as root, with CAP_NET_ADMIN",
        Some(Errno::EOPNOTSUPP | Errno::EAFNOSUPPORT) => link::LACKING,
        Some(Errno::ENODEV) => "; the link went away meanwhile, apply again when it is back",
        Some(Errno::EEXIST) => "; one is there already that is not ours: remove it, or choose another name, address or metric",
        Some(Errno::ENETUNREACH) => "; the gateway must lie in a subnet of a link that is up",
        Some(Errno::EBUSY) => {
            "; the device is in use: as a port of another bridge or bond, or as the parent of another kind of child"
        }
        _ => "",
    }
}

/// The operation that failed; everything before it is done, nothing after it was tried.
#[derive(Debug, thiserror::Error)]
#[error("{source}")]
pub struct ExecuteError {
    /// Its place in the list given to [`Kernel::execute`](crate::Kernel::execute).
    pub index: usize,
    /// The operation itself.
    pub op: Box<Op>,
    /// Why it failed.
    #[source]
    pub source: Error,
}
