//! Network namespaces: where they are, and how one is entered.
//!
//! A namespace is entered on a throw-away thread only: never by a fork, and never on a thread that goes on to do other work.

use edge_net::Name;
use nix::{
    errno::Errno,
    sched::{CloneFlags, setns},
};
use std::{
    fs::{File, Metadata},
    io,
    os::fd::{AsFd, BorrowedFd},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    thread,
};

/// Where `ip netns` keeps names, as bind mounts (ip-netns(8)).
pub const DIRECTORY: &str = "/run/netns";

/// The file of a named namespace.
pub fn path(name: &Name) -> PathBuf {
    Path::new(DIRECTORY).join(name.as_str())
}

/// Runs `f` on a throw-away thread that has entered the network namespace at `netns` (`None`: the caller's own).
/// Sockets it opens stay in that namespace wherever they are used later.
///
/// Fails where the file cannot be opened or is no network namespace, where entering it is forbidden, where `f` does, and where `f`
/// panics.
pub fn run_in<T: Send>(netns: Option<&Path>, f: impl FnOnce() -> io::Result<T> + Send) -> io::Result<T> {
    let file = netns.map(File::open).transpose()?;
    throw_away(|| {
        if let Some(file) = &file {
            enter(file.as_fd())?;
        }
        f()
    })
}

/// Like [`run_in`], for a namespace that is open already.
pub fn inside<T: Send, E: From<io::Error> + Send>(netns: BorrowedFd, f: impl FnOnce() -> Result<T, E> + Send) -> Result<T, E> {
    throw_away(|| {
        enter(netns)?;
        f()
    })
}

/// Moves the calling thread, which must be a [throw-away](throw_away) one (setns(2)).
pub fn enter(netns: BorrowedFd) -> io::Result<()> {
    setns(netns, CloneFlags::CLONE_NEWNET).map_err(|errno| match errno {
        Errno::EINVAL => io::Error::other("is not a network namespace; give a path such as /run/netns/NAME or /proc/PID/ns/net"),
        errno => errno.into(),
    })
}

/// Runs `f` on a thread that ends with it, so that it may go where no thread comes back from. That it panicked is an error.
pub fn throw_away<T: Send, E: From<io::Error> + Send>(f: impl FnOnce() -> Result<T, E> + Send) -> Result<T, E> {
    thread::scope(|scope| {
        let thread = thread::Builder::new().name("netns".to_owned()).spawn_scoped(scope, f)?;
        thread.join().unwrap_or_else(|_| Err(io::Error::other("the thread in the network namespace panicked").into()))
    })
}

/// The calling thread's own namespace.
pub fn own() -> io::Result<File> {
    File::open("/proc/thread-self/ns/net")
}

/// Which namespace a file is (namespaces(7)): different numbers, different namespaces. They may be used again when a namespace is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NetnsIdentity {
    /// Of nsfs: the same for every namespace of the machine, and for no other kind of file.
    pub device: u64,
    /// The namespace's own.
    pub inode: u64,
}

impl NetnsIdentity {
    /// Of what the path leads to. Tells a namespace from one made later under the same name.
    pub fn at(path: &Path) -> io::Result<Self> {
        path.metadata().map(|metadata| Self::new(&metadata))
    }

    /// Of an open one.
    pub fn of(netns: &File) -> io::Result<Self> {
        netns.metadata().map(|metadata| Self::new(&metadata))
    }

    fn new(metadata: &Metadata) -> Self {
        Self { device: metadata.dev(), inode: metadata.ino() }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test ends where it fails")]
    use super::*;
    use nix::sched::unshare;

    /// A namespace of nobody's.
    fn fresh() -> File {
        throw_away(|| {
            unshare(CloneFlags::CLONE_NEWNET)?;
            own()
        })
        .unwrap()
    }

    #[test]
    fn what_runs_inside_is_there_and_the_caller_is_not() {
        let (home, there) = (NetnsIdentity::of(&own().unwrap()).unwrap(), fresh());
        let there_id = NetnsIdentity::of(&there).unwrap();
        assert_ne!(home, there_id);
        assert_eq!(home.device, there_id.device);
        let seen = || NetnsIdentity::of(&own()?);
        assert_eq!(inside::<_, io::Error>(there.as_fd(), seen).unwrap(), there_id);
        let path = format!("/proc/self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&there));
        assert_eq!(NetnsIdentity::at(Path::new(&path)).unwrap(), there_id);
        assert_eq!(run_in(Some(Path::new(&path)), seen).unwrap(), there_id);
        assert_eq!(run_in(None, seen).unwrap(), home);
        assert_eq!(seen().unwrap(), home);
    }

    #[test]
    fn no_namespace_is_said_and_a_panic_is_an_error() {
        let error = run_in(Some(Path::new("/proc/self/stat")), || Ok(())).unwrap_err();
        assert!(error.to_string().contains("/run/netns/NAME"), "{error}");
        assert_eq!(
            run_in(Some(Path::new("/run/netns/none of this name")), || Ok(())).unwrap_err().kind(),
            io::ErrorKind::NotFound
        );
        let error = run_in(None, || -> io::Result<()> { std::panic::resume_unwind(Box::new("")) }).unwrap_err();
        assert!(error.to_string().contains("panicked"), "{error}");
    }
}
