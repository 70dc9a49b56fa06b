//! Small files that outlive a power cut: replaced whole or not at all, and read with a bound.

use nix::fcntl::OFlag;
use std::{
    ffi::OsString,
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

/// Whole or not at all, also when the power goes: a new file beside it, flushed, takes its name (rename(2)), and then the directory is
/// flushed. Its owner alone can read it. Two at a time for one path are one too many.
///
/// What was there stays when it fails, and nothing of the new one is left; only where flushing the directory fails, which comes last,
/// may either be there after a power cut.
pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let fresh = fresh(path);
    let replaced = write(&fresh, bytes).and_then(|()| fs::rename(&fresh, path));
    if replaced.is_err() {
        // The first error is the one to tell.
        let _ = fs::remove_file(&fresh);
    }
    replaced.and_then(|()| sync_directory(path))
}

/// For good, also when the power goes. What is gone already needs no removing.
pub fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed.and_then(|()| sync_directory(path)),
    }
}

/// At most `most` bytes and one more, so that the caller sees when there are more. A pipe or a device, which may never end or never
/// begin, is refused.
pub fn read(path: &Path, most: usize) -> io::Result<Vec<u8>> {
    let file = OpenOptions::new().read(true).custom_flags(OFlag::O_NONBLOCK.bits()).open(path)?;
    let kind = file.metadata()?.file_type();
    if !kind.is_file() {
        return Err(io::Error::other(if kind.is_dir() { "it is a directory" } else { "it is not a regular file" }));
    }
    let mut bytes = Vec::new();
    file.take(most as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The same, and `None` where there is nothing. A link that leads nowhere is something.
pub fn read_if_there(path: &Path, most: usize) -> io::Result<Option<Vec<u8>>> {
    match read(path, most) {
        Err(error) if error.kind() == io::ErrorKind::NotFound && path.symlink_metadata().is_err() => Ok(None),
        read => read.map(Some),
    }
}

/// Where the new one waits for its name: `NAME.new`.
fn fresh(path: &Path) -> PathBuf {
    let mut fresh = OsString::from(path);
    fresh.push(".new");
    fresh.into()
}

/// Anew: a pipe in its place would be waited for without end.
fn write(fresh: &Path, bytes: &[u8]) -> io::Result<()> {
    remove(fresh)?;
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(fresh)?;
    file.write_all(bytes)?;
    file.sync_all()
}

fn sync_directory(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), |parent| File::open(parent)?.sync_all())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test ends where it fails")]
    use super::*;
    use nix::sys::stat::Mode;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_replaced_file_is_the_new_one_and_its_owners_alone() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("wan.json");
        // Left by a process that was killed, and readable to all.
        fs::write(directory.path().join("wan.json.new"), "half of something longer").unwrap();
        fs::set_permissions(directory.path().join("wan.json.new"), fs::Permissions::from_mode(0o644)).unwrap();
        for text in ["first", "2nd"] {
            replace(&path, text.as_bytes()).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
            assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
            assert_eq!(directory.path().read_dir().unwrap().count(), 1);
        }
        remove(&path).unwrap();
        remove(&path).unwrap();
        assert_eq!(directory.path().read_dir().unwrap().count(), 0);
    }

    #[test]
    fn what_cannot_be_replaced_stays_and_nothing_is_left_of_the_attempt() {
        let directory = tempfile::tempdir().unwrap();
        let (path, fresh) = (directory.path().join("ssh-keys"), directory.path().join("ssh-keys.new"));
        nix::unistd::mkfifo(&fresh, Mode::S_IRWXU).unwrap();
        replace(&path, b"old").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"old", "a pipe is in nobody's way");
        fs::create_dir(&fresh).unwrap();
        assert!(replace(&path, b"new").is_err());
        assert_eq!(fs::read(&path).unwrap(), b"old", "no new one can be made");
        fs::remove_dir(&fresh).unwrap();
        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
        assert!(replace(&path, b"new").is_err());
        assert!(path.is_dir() && !fresh.exists());
    }

    #[test]
    fn a_full_disk_leaves_the_old_one_and_no_room_taken() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("small");
        crate::netns::throw_away(|| -> io::Result<()> {
            use nix::{mount, sched};
            // Of this thread alone.
            sched::unshare(sched::CloneFlags::CLONE_FS | sched::CloneFlags::CLONE_NEWNS)?;
            let private = mount::MsFlags::MS_REC | mount::MsFlags::MS_PRIVATE;
            mount::mount(None::<&str>, "/", None::<&str>, private, None::<&str>)?;
            mount::mount(Some("tmpfs"), directory.path(), Some("tmpfs"), mount::MsFlags::empty(), Some("size=64k"))?;
            replace(&path, b"old")?;
            let error = replace(&path, &[0; 128 * 1024]).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::StorageFull);
            assert_eq!(fs::read(&path)?, b"old");
            replace(&path, &[1; 32 * 1024])
        })
        .unwrap();
    }

    #[test]
    fn it_reads_a_byte_beyond_its_bound_and_no_more() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("it");
        fs::write(&path, [7; 100]).unwrap();
        assert_eq!([99, 100, 101].map(|most| read(&path, most).unwrap().len()), [100, 100, 100]);
        assert_eq!(read(&path, 10).unwrap(), [7; 11]);
    }

    #[test]
    fn what_is_no_file_is_refused_at_once() {
        let directory = tempfile::tempdir().unwrap();
        let pipe = directory.path().join("pipe");
        nix::unistd::mkfifo(&pipe, Mode::S_IRWXU).unwrap();
        assert!(read(&pipe, 10).unwrap_err().to_string().contains("not a regular file"));
        assert!(read(directory.path(), 10).unwrap_err().to_string().contains("directory"));
        let none = directory.path().join("none");
        assert_eq!(read(&none, 10).unwrap_err().kind(), io::ErrorKind::NotFound);
        assert!(read_if_there(&none, 10).unwrap().is_none());
        std::os::unix::fs::symlink("nowhere", &none).unwrap();
        assert!(read_if_there(&none, 10).is_err(), "a link stands there");
    }
}
