use crate::{EndpointName, Record};
use edge_dhcp::ClaimError;
use edge_net::{IfName, Name};
use std::{error::Error as StdError, io, net::Ipv4Addr, path::PathBuf};

/// Why a call is refused or failed. Those of a request come first, then those of the machine.
#[allow(missing_docs, reason = "the fields are what the messages name")]
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Not a name that an engine gives.
    #[error("\"{0}\" is no container's name: 1 to 63 letters, digits, '-', '_' or '.', starting with a letter or digit")]
    BadName(String),
    /// Not a name that the kernel takes.
    #[error("\"{name}\" cannot be an interface: {why}")]
    BadIfName { name: String, why: String },
    /// The path leads to no namespace that may be plugged in.
    #[error("\"{}\" is no container's network namespace: {why}", path.display())]
    BadNetns { path: PathBuf, why: NetnsError },
    /// `there`: the networks that are, none where the name cannot be one.
    #[error("there is no network \"{name}\"{}", list(there))]
    NoNetwork { name: String, there: Vec<Name> },
    /// Somebody of that name lives there, or it is plugged in by another interface.
    #[error(
        "{name} is in {network} already, from {} as {ifname}: detach that first (routerctl detach --name {name}), or choose another name",
        netns.display()
    )]
    NameTaken { name: EndpointName, network: Name, netns: PathBuf, ifname: IfName },
    /// Another attachment has that interface.
    #[error("{ifname} in {} is {name}'s in {network} already: choose another --ifname", netns.display())]
    IfNameTaken { ifname: IfName, netns: PathBuf, name: EndpointName, network: Name },
    /// As many are kept as can be.
    #[error("{0} containers are attached, and no more are kept: detach some")]
    Full(usize),
    /// The address is refused.
    #[error(transparent)]
    Claim(#[from] ClaimError),
    /// The address is not one of a node of the network.
    #[error("{address} does not lie in {network}: is its [[host]] right? routerctl check tells")]
    Unfit { address: Ipv4Addr, network: Name },
    /// The kernel refused.
    #[error("{name} is not plugged into {network}")]
    Plug { name: EndpointName, network: Name, source: Cause },
    /// The kernel refused; it may be asked again.
    #[error("{name} is not unplugged from {network}")]
    Unplug { name: EndpointName, network: Name, source: Cause },
    /// The rest may be asked for again.
    #[error("{gone} is detached, and not all that was meant")]
    HalfDetached { gone: String, source: Box<Error> },
    /// The kernel was not to be read.
    #[error("the ports of containers are not listed")]
    List(#[source] Cause),
    /// The answer would not outlive a restart, so there is none.
    #[error(transparent)]
    Journal(#[from] JournalError),
}

impl Error {
    /// `error`: what one of the others failed by.
    pub(crate) fn half_detached(detached: &[Record], error: Error) -> Self {
        let gone: Vec<_> = detached.iter().map(|record| format!("{} in {}", record.name, record.network)).collect();
        Self::HalfDetached { gone: gone.join(", "), source: Box::new(error) }
    }
}

/// Why a path leads to no namespace that may be plugged in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NetnsError {
    /// It would mean another one to the daemon than to whoever asks, or none.
    #[error("give an absolute path without '..', such as /run/netns/NAME or /proc/PID/ns/net")]
    NotAbsolute,
    /// Below `/proc/self`.
    #[error("that is whoever looks, here the daemon: give /proc/PID/ns/net with a number")]
    WhoeverLooks,
    /// Nothing can be told without it.
    #[error("the daemon does not see its own namespace: is /proc mounted?")]
    OwnUnseen,
    /// The container may be gone.
    #[error("it is not there; ip netns list shows the named ones")]
    Missing,
    /// The kernel does not let the daemon look.
    #[error("it cannot be read")]
    Unreadable,
    /// A file, but of no namespace.
    #[error("it is another kind of file; a namespace is /run/netns/NAME or /proc/PID/ns/net")]
    OtherFile,
    /// The daemon's own.
    #[error("it is the host's own")]
    Host,
    /// The one of `[router] namespace`.
    #[error("it is the router's own")]
    Router,
}

/// What the kernel said.
pub(crate) type Cause = Box<dyn StdError + Send + Sync>;

/// Why the journal cannot be read or written.
#[allow(missing_docs, reason = "the fields are what the messages name")]
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The disk.
    #[error("cannot {doing} {path}: {why}; it must lie on a local disk that can be written and has room")]
    Io { doing: &'static str, path: PathBuf, why: io::Error },
    /// Another release wrote it.
    #[error(
        "{path} is of version {found}, this release knows version {known}: start the release that wrote it, or move the file away and attach anew"
    )]
    Version { path: PathBuf, found: u64, known: u64 },
    /// Nobody knows what it said.
    #[error("{path} is not a list of attachments ({why}): move the file away, then restart the containers")]
    Damaged { path: PathBuf, why: String },
}

fn list(there: &[Name]) -> String {
    const SHOWN: usize = 20;
    let names: Vec<_> = there.iter().take(SHOWN).map(Name::as_str).collect();
    let more = if there.len() > SHOWN { ", …" } else { "" };
    if names.is_empty() { String::new() } else { format!(": there are {}{more}", names.join(", ")) }
}
