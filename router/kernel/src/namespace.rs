//! Network namespaces as `ip netns` keeps them: bind mounts in [`DIRECTORY`].
//!
//! A namespace is entered on a throw-away thread only: never by a fork, and never on a thread that goes on to do other work.

use edge_net::Name;
use nix::{
    errno::Errno,
    mount::{MntFlags, MsFlags, mount, umount2},
    sched::{CloneFlags, setns, unshare},
};
use std::{
    fs::{self, File},
    io,
    os::fd::{AsFd, BorrowedFd},
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
    thread,
};

/// Where `ip netns` keeps names.
pub const DIRECTORY: &str = "/run/netns";

/// Runs `f` on a throw-away thread that has entered the network namespace at `netns` (`None`: the caller's own).
/// Sockets it opens stay in that namespace wherever they are used later.
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
pub(crate) fn inside<T: Send, E: From<io::Error> + Send>(
    netns: BorrowedFd,
    f: impl FnOnce() -> Result<T, E> + Send,
) -> Result<T, E> {
    throw_away(|| {
        enter(netns)?;
        f()
    })
}

/// Moves the calling thread, which must be a throw-away one.
pub(crate) fn enter(netns: BorrowedFd) -> io::Result<()> {
    setns(netns, CloneFlags::CLONE_NEWNET).map_err(|errno| match errno {
        Errno::EINVAL => io::Error::other("is not a network namespace; give a path such as /run/netns/NAME or /proc/PID/ns/net"),
        errno => errno.into(),
    })
}

pub(crate) fn throw_away<T: Send, E: From<io::Error> + Send>(f: impl FnOnce() -> Result<T, E> + Send) -> Result<T, E> {
    thread::scope(|scope| {
        let thread = thread::Builder::new().name("netns".to_owned()).spawn_scoped(scope, f)?;
        thread.join().unwrap_or_else(|_| Err(io::Error::other("the thread in the network namespace panicked").into()))
    })
}

/// The caller's own namespace.
pub(crate) fn own() -> io::Result<File> {
    File::open("/proc/thread-self/ns/net")
}

/// The file of a named namespace.
pub fn path(name: &Name) -> PathBuf {
    Path::new(DIRECTORY).join(name.as_str())
}

/// Which namespace a file is: device and inode of nsfs.
pub(crate) fn identity(netns: &File) -> io::Result<(u64, u64)> {
    let meta = netns.metadata()?;
    Ok((meta.dev(), meta.ino()))
}

/// Every name in [`DIRECTORY`] that can be opened and could have come from a configuration.
pub(crate) fn list() -> io::Result<Vec<(Name, File)>> {
    let entries = match fs::read_dir(DIRECTORY) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut names = Vec::new();
    for entry in entries {
        let name = entry?.file_name();
        let Some(name) = name.to_str().and_then(|name| name.parse::<Name>().ok()) else { continue };
        // A name can go between the listing and the opening.
        let Ok(file) = File::open(path(&name)) else { continue };
        names.push((name, file));
    }
    Ok(names)
}

/// Makes a namespace, lets `prepare` work inside, and only then gives it its name: nobody sees it half made.
pub(crate) fn create<E: From<io::Error> + Send>(name: &Name, prepare: impl FnOnce() -> Result<(), E> + Send) -> Result<(), E> {
    throw_away(|| {
        let mount_point = path(name);
        share_directory()?;
        fs::OpenOptions::new().write(true).create_new(true).mode(0o444).open(&mount_point)?;
        let made = unshare(CloneFlags::CLONE_NEWNET).map_err(|errno| E::from(errno.into())).and_then(|()| {
            prepare()?;
            bind(Path::new("/proc/thread-self/ns/net"), &mount_point, MsFlags::MS_BIND).map_err(E::from)
        });
        if made.is_err() {
            let _ = fs::remove_file(&mount_point);
        }
        made
    })
}

/// Takes the name away; the namespace ends with its last user.
pub(crate) fn delete(name: &Name) -> io::Result<()> {
    let mount_point = path(name);
    match umount2(&mount_point, MntFlags::MNT_DETACH) {
        // Not mounted or not there: only the file, if any, is left to remove.
        Ok(()) | Err(Errno::EINVAL | Errno::ENOENT) => {}
        Err(errno) => return Err(errno.into()),
    }
    match fs::remove_file(&mount_point) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Makes the directory a shared mount, as iproute2's `netns_add` does: so that a name unmounted here is gone in every
/// mount namespace and its network namespace can end.
fn share_directory() -> io::Result<()> {
    let directory = Path::new(DIRECTORY);
    fs::DirBuilder::new().recursive(true).mode(0o755).create(directory)?;
    let share = || mount(None::<&str>, directory, None::<&str>, MsFlags::MS_SHARED | MsFlags::MS_REC, None::<&str>);
    match share() {
        Err(Errno::EINVAL) => {
            bind(directory, directory, MsFlags::MS_BIND | MsFlags::MS_REC)?;
            share().map_err(io::Error::from)
        }
        done => done.map_err(io::Error::from),
    }
}

fn bind(source: &Path, target: &Path, flags: MsFlags) -> io::Result<()> {
    mount(Some(source), target, None::<&str>, flags, None::<&str>).map_err(io::Error::from)
}
