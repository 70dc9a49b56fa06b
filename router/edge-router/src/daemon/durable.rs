//! Small files that outlive a power cut: written whole or not at all, read with a bound, and known when they are damaged.

use nix::fcntl::OFlag;
use serde::{Serialize, de::DeserializeOwned};
use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

/// Whole or not at all, also when the power goes. What was there stays when it fails, and nothing of the new one is left.
pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let fresh = path.with_extension("new");
    let replaced = write(&fresh, bytes).and_then(|()| fs::rename(&fresh, path));
    if replaced.is_err() {
        // The first error is the one to tell.
        let _ = fs::remove_file(&fresh);
    }
    replaced.and_then(|()| sync_directory(path))
}

/// Anew: a pipe in its place would be waited for without end.
fn write(fresh: &Path, bytes: &[u8]) -> io::Result<()> {
    remove(fresh)?;
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(fresh)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// What is gone already needs no removing.
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

/// As JSON for people to read, below a line with its checksum (CRC-32C).
pub fn seal(path: &Path, contents: &impl Serialize) -> io::Result<()> {
    let json = serde_json::to_string_pretty(contents)?;
    replace(path, format!("crc32c {:08x}\n{json}\n", crc32c::crc32c(json.as_bytes())).as_bytes())
}

/// `None`: there is no such file. An error of the kind `InvalidData` is damage.
pub fn unseal<T: DeserializeOwned>(path: &Path, most: usize) -> io::Result<Option<T>> {
    let bytes = match read(path, most) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        bytes => bytes?,
    };
    let damaged = |why: &str| io::Error::new(io::ErrorKind::InvalidData, why.to_owned());
    let text = String::from_utf8(bytes).map_err(|_| damaged("it is not text"))?;
    let (sum, json) = text.split_once('\n').ok_or_else(|| damaged("it is cut off"))?;
    let json = json.strip_suffix('\n').ok_or_else(|| damaged("it is cut off"))?;
    if sum != format!("crc32c {:08x}", crc32c::crc32c(json.as_bytes())) {
        return Err(damaged("its checksum does not fit"));
    }
    serde_json::from_str(json).map(Some).map_err(|error| damaged(&error.to_string()))
}

fn sync_directory(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), |parent| File::open(parent)?.sync_all())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test ends where it fails")]
    use super::*;

    #[test]
    fn every_cut_and_every_flipped_byte_is_seen() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("it.json");
        assert_eq!(unseal::<String>(&path, 100).unwrap(), None);
        seal(&path, &"ten networks").unwrap();
        assert_eq!(unseal::<String>(&path, 100).unwrap().as_deref(), Some("ten networks"));
        let whole = fs::read(&path).unwrap();
        for index in 0..whole.len() {
            fs::write(&path, &whole[..index]).unwrap();
            assert_eq!(unseal::<String>(&path, 100).unwrap_err().kind(), io::ErrorKind::InvalidData, "cut at {index}");
            let mut flipped = whole.clone();
            flipped[index] ^= 1;
            fs::write(&path, &flipped).unwrap();
            assert_eq!(unseal::<String>(&path, 100).unwrap_err().kind(), io::ErrorKind::InvalidData, "flipped at {index}");
        }
        fs::write(&path, &whole).unwrap();
        assert!(unseal::<String>(&path, 10).is_err(), "longer than its bound");
    }

    #[test]
    fn what_cannot_be_replaced_stays_and_nothing_is_left_of_the_attempt() {
        let directory = tempfile::tempdir().unwrap();
        let (path, fresh) = (directory.path().join("ssh-keys"), directory.path().join("ssh-keys.new"));
        nix::unistd::mkfifo(&fresh, nix::sys::stat::Mode::S_IRWXU).unwrap();
        replace(&path, b"old").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"old", "a pipe is in nobody's way");
        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
        assert!(replace(&path, b"new").is_err());
        assert!(path.is_dir() && !fresh.exists());
    }

    #[test]
    fn what_is_no_file_is_refused_at_once() {
        let directory = tempfile::tempdir().unwrap();
        let pipe = directory.path().join("pipe");
        nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).unwrap();
        assert!(read(&pipe, 10).unwrap_err().to_string().contains("not a regular file"));
        assert!(read(directory.path(), 10).unwrap_err().to_string().contains("directory"));
        assert_eq!(read(&directory.path().join("none"), 10).unwrap_err().kind(), io::ErrorKind::NotFound);
    }
}
