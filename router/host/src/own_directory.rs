//! A directory of our own: nobody else's to read, and files where files belong.

use crate::aside::{is_aside, set_aside};
use std::{
    fs::{self, DirBuilder, Metadata, Permissions},
    io,
    os::unix::fs::{DirBuilderExt, PermissionsExt},
    path::Path,
};

/// All that others may do.
const OTHERS: u32 = 0o077;
/// A directory that everybody may write to belongs to everybody (`/tmp`).
const SHARED: u32 = 0o1000;

/// What a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// A file of ours.
    File,
    /// A directory of ours.
    Directory,
    /// Nothing of ours.
    Anything,
}

/// Makes it, or takes from others what they may do with it and its files. What is no file where one is expected, a directory, a pipe or
/// a device, which may never end or never begin, is set aside.
pub fn settle(directory: &Path, expected: impl Fn(&str) -> Expected) -> io::Result<()> {
    if let Some(parent) = directory.parent() {
        fs::create_dir_all(parent)?;
    }
    DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
    close(directory, &directory.metadata()?);
    for entry in directory.read_dir()? {
        let name = entry?.file_name();
        if let Some(name) = name.to_str().filter(|name| !is_aside(name)) {
            settle_entry(directory, name, expected(name))?;
        }
    }
    Ok(())
}

fn settle_entry(directory: &Path, name: &str, expected: Expected) -> io::Result<()> {
    let path = directory.join(name);
    // It may go meanwhile.
    let Ok(found) = path.symlink_metadata() else { return Ok(()) };
    // A link may lead to what is expected.
    let leads_to = path.metadata().ok();
    let is_right = match expected {
        Expected::File => leads_to.is_some_and(|found| found.is_file()),
        Expected::Directory => leads_to.is_some_and(|found| found.is_dir()),
        Expected::Anything => true,
    };
    if !is_right {
        return set_aside(directory, name, &format!("it is no {expected:?}").to_lowercase());
    }
    if found.is_file() || found.is_dir() && expected == Expected::Directory {
        close(&path, &found);
    }
    Ok(())
}

/// Where it cannot be done, as on a file system without modes, the directory is of use all the same.
fn close(path: &Path, found: &Metadata) {
    let mode = found.permissions().mode();
    if mode & OTHERS == 0 || mode & SHARED != 0 {
        return;
    }
    if let Err(error) = fs::set_permissions(path, Permissions::from_mode(mode & 0o7700)) {
        log::warn!("{} may be read by others: {error}", path.display());
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test ends where it fails")]
    use super::*;
    use crate::aside::damaged;
    use nix::sys::stat::Mode;
    use std::os::unix::fs::symlink;

    fn mode(path: &Path) -> u32 {
        path.metadata().unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn nobody_else_reads_it_whatever_it_was() {
        let parent = tempfile::tempdir().unwrap();
        let directory = parent.path().join("new/state");
        let expected = |name: &str| if name == "dhcp" { Expected::Directory } else { Expected::File };
        settle(&directory, expected).unwrap();
        assert_eq!(mode(&directory), 0o700);
        fs::create_dir(directory.join("dhcp")).unwrap();
        fs::write(directory.join("it"), "").unwrap();
        for (path, open) in [(&directory, 0o755), (&directory.join("dhcp"), 0o775), (&directory.join("it"), 0o644)] {
            fs::set_permissions(path, Permissions::from_mode(open)).unwrap();
        }
        settle(&directory, expected).unwrap();
        assert_eq!([&directory, &directory.join("dhcp"), &directory.join("it")].map(|path| mode(path)), [0o700, 0o700, 0o600]);
        fs::set_permissions(parent.path(), Permissions::from_mode(0o1777)).unwrap();
        settle(parent.path(), |_| Expected::Anything).unwrap();
        assert_eq!(mode(parent.path()), 0o777, "everybody's");
    }

    #[test]
    fn what_is_no_file_is_set_aside_and_what_is_not_ours_stays() {
        let parent = tempfile::tempdir().unwrap();
        let here = parent.path();
        fs::create_dir(here.join("a-directory")).unwrap();
        nix::unistd::mkfifo(&here.join("a-pipe"), Mode::S_IRWXU).unwrap();
        symlink("/dev/zero", here.join("endless")).unwrap();
        symlink("nowhere", here.join("nowhere")).unwrap();
        fs::write(here.join("good"), "kept").unwrap();
        symlink("good", here.join("a-link")).unwrap();
        fs::create_dir(here.join("not-ours")).unwrap();
        fs::write(here.join("dhcp"), "").unwrap();
        let expected = |name: &str| match name {
            "not-ours" => Expected::Anything,
            "dhcp" => Expected::Directory,
            _ => Expected::File,
        };
        settle(here, expected).unwrap();
        let wrong = ["a-directory.damaged", "a-pipe.damaged", "dhcp.damaged", "endless.damaged", "nowhere.damaged"];
        assert_eq!(damaged(here), wrong);
        assert!(here.join("a-link").is_file() && here.join("not-ours").is_dir());
        settle(here, expected).unwrap();
        assert_eq!(damaged(here), wrong, "once");
    }
}
