//! Network namespaces as `ip netns` keeps them: bind mounts in [`DIRECTORY`].

use edge_host::netns::{DIRECTORY, path, throw_away};
use edge_net::Name;
use nix::{
    errno::Errno,
    mount::{MntFlags, MsFlags, mount, umount2},
    sched::{CloneFlags, unshare},
};
use std::{
    fs::{self, File},
    io,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::Path,
};

/// Every name in [`DIRECTORY`] that can be opened and could have come from a configuration.
pub fn list() -> io::Result<Vec<(Name, File)>> {
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
pub fn create<E: From<io::Error> + Send>(name: &Name, prepare: impl FnOnce() -> Result<(), E> + Send) -> Result<(), E> {
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
pub fn delete(name: &Name) -> io::Result<()> {
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
