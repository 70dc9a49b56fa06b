//! Every network namespace there is a way to.

use edge_host::netns::{self, NetnsIdentity};
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// Where namespaces have names: iproute2's and Podman's, Docker's.
const NAMED: [&str; 2] = [netns::DIRECTORY, "/run/docker/netns"];

/// Each once, by its name if it has one, or else by a process; the caller's own too.
pub(super) fn namespaces() -> Vec<(PathBuf, NetnsIdentity)> {
    let named = NAMED.iter().flat_map(|directory| entries(Path::new(directory)));
    let is_process = |path: &PathBuf| path.file_name().is_some_and(|name| name.as_encoded_bytes().iter().all(u8::is_ascii_digit));
    let processes = entries(Path::new("/proc")).filter(is_process).map(|path| path.join("ns/net"));
    let Some(own) = netns::own().and_then(|own| NetnsIdentity::of(&own)).ok() else { return Vec::new() };
    let mut seen = BTreeSet::new();
    let with_identity = |path: PathBuf| NetnsIdentity::at(&path).ok().map(|id| (path, id));
    let is_new = |(_, id): &(PathBuf, NetnsIdentity)| id.device == own.device && seen.insert(id.inode);
    named.chain(processes).filter_map(with_identity).filter(is_new).collect()
}

fn entries(directory: &Path) -> impl Iterator<Item = PathBuf> + use<> {
    fs::read_dir(directory).into_iter().flatten().flatten().map(|entry| entry.path())
}
