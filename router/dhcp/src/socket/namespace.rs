use crate::SocketError;
use nix::sched::{CloneFlags, setns};
use std::{fs, io, os::unix::fs::MetadataExt, path::Path, thread};

/// Runs `work` in the network namespace at `path`, or here. What it opens stays in that namespace.
///
/// A thread that changed its namespace cannot be trusted to come back, so it is thrown away.
pub fn within<T: Send>(path: Option<&Path>, work: impl FnOnce() -> Result<T, SocketError> + Send) -> Result<T, SocketError> {
    let Some(path) = path else { return work() };
    let failed = |source: io::Error| SocketError::Namespace { path: path.to_owned(), source };
    let namespace = fs::File::open(path).map_err(failed)?;
    thread::scope(|scope| {
        let there = thread::Builder::new().name("dhcp-sockets".to_owned()).spawn_scoped(scope, || {
            setns(&namespace, CloneFlags::CLONE_NEWNET).map_err(|errno| failed(errno.into()))?;
            work()
        });
        let joined = there.map_err(failed)?.join();
        joined.unwrap_or_else(|_| Err(failed(io::Error::other("the thread that opens sockets there panicked"))))
    })
}

/// What tells a namespace from one made later under the same path.
pub fn inode(path: &Path) -> Option<(u64, u64)> {
    fs::metadata(path).ok().map(|meta| (meta.dev(), meta.ino()))
}
