use crate::EndpointName;
use edge_dhcp::ClaimError;
use edge_net::{IfName, Name};
use std::{error::Error as StdError, io, net::Ipv4Addr, path::PathBuf};

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("\"{0}\" is no container's name: 1 to 63 letters, digits, '-', '_' or '.', starting with a letter or digit")]
    BadName(String),
    #[error("\"{name}\" cannot be an interface: {why}")]
    BadIfName { name: String, why: String },
    #[error("\"{}\" is no container's network namespace: {why}", path.display())]
    BadNetns { path: PathBuf, why: &'static str },
    #[error("there is no network \"{name}\"{}", list(there))]
    NoNetwork { name: String, there: Vec<Name> },
    #[error(
        "{name} is in {network} already, from {} as {ifname}: detach that first (routerctl detach --name {name}), or choose another name",
        netns.display()
    )]
    NameTaken { name: EndpointName, network: Name, netns: PathBuf, ifname: IfName },
    #[error("{ifname} in {} is {name}'s in {network} already: choose another --ifname", netns.display())]
    IfNameTaken { ifname: IfName, netns: PathBuf, name: EndpointName, network: Name },
    #[error("{0} containers are attached, and no more are kept: detach some")]
    Full(usize),
    #[error(transparent)]
    Claim(#[from] ClaimError),
    #[error("{address} does not lie in {network}: is its [[host]] right? routerctl check tells")]
    Unfit { address: Ipv4Addr, network: Name },
    #[error("{name} is not plugged into {network}")]
    Plug { name: EndpointName, network: Name, source: Cause },
    #[error("{name} is not unplugged from {network}")]
    Unplug { name: EndpointName, network: Name, source: Cause },
    #[error("the ports of containers are not listed")]
    List(#[source] Cause),
    #[error(transparent)]
    Journal(#[from] JournalError),
}

/// What the kernel said.
pub(crate) type Cause = Box<dyn StdError + Send + Sync>;

#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    #[error("cannot {doing} {path}: {why}; it must lie on a local disk that can be written and has room")]
    Io { doing: &'static str, path: PathBuf, why: io::Error },
    #[error(
        "{path} is of version {found}, this release knows version {known}: start the release that wrote it, or move the file away and attach anew"
    )]
    Version { path: PathBuf, found: u64, known: u64 },
    #[error("{path} is not a list of attachments ({why}): move the file away, then restart the containers")]
    Damaged { path: PathBuf, why: String },
}

fn list(there: &[Name]) -> String {
    const SHOWN: usize = 20;
    let names: Vec<_> = there.iter().take(SHOWN).map(Name::as_str).collect();
    let more = if there.len() > SHOWN { ", …" } else { "" };
    if names.is_empty() { String::new() } else { format!(": there are {}{more}", names.join(", ")) }
}
