use super::salvage::{Salvaged, salvage};
use edge_host::own_directory::{self, Expected};
use nix::fcntl::{Flock, FlockArg};
use std::{
    fs, io,
    os::unix::fs::{FileExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

/// The little of a file system that durability needs, so that tests can lose and tear what was not synced.
pub trait Fs: Send + 'static {
    type File: LogFile;

    fn names(&self) -> io::Result<Vec<String>>;
    fn read(&self, name: &str) -> io::Result<Salvaged>;
    /// Bytes.
    fn size(&self, name: &str) -> io::Result<u64>;
    /// Opens for writing; the file is there afterwards, empty if it was not.
    fn open(&self, name: &str) -> io::Result<Self::File>;
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;
    fn remove(&self, name: &str) -> io::Result<()>;
    /// Makes renames and removals durable.
    fn sync_names(&self) -> io::Result<()>;
}

pub trait LogFile: Send + 'static {
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()>;
    fn truncate(&self) -> io::Result<()>;
    fn sync(&self) -> io::Result<()>;
}

/// A directory, locked against a second daemon for as long as this lives.
pub struct Directory {
    path: PathBuf,
    _lock: Flock<fs::File>,
}

impl Directory {
    /// None where another process has it.
    pub fn lock(path: &Path) -> io::Result<Option<Self>> {
        own_directory::settle(path, |_| Expected::File)?;
        // The directory's own entry must outlive a power cut too.
        if let Some(parent) = path.parent() {
            fs::File::open(parent)?.sync_all()?;
        }
        let file = open(&path.join("lock"))?;
        match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
            Ok(lock) => Ok(Some(Self { path: path.to_owned(), _lock: lock })),
            Err((_, nix::errno::Errno::EWOULDBLOCK)) => Ok(None),
            Err((_, error)) => Err(error.into()),
        }
    }
}

impl Fs for Directory {
    type File = fs::File;

    fn names(&self) -> io::Result<Vec<String>> {
        fs::read_dir(&self.path)?.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect()
    }

    fn read(&self, name: &str) -> io::Result<Salvaged> {
        salvage(&self.path.join(name))
    }

    fn size(&self, name: &str) -> io::Result<u64> {
        Ok(fs::metadata(self.path.join(name))?.len())
    }

    fn open(&self, name: &str) -> io::Result<fs::File> {
        open(&self.path.join(name))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        fs::rename(self.path.join(from), self.path.join(to))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        fs::remove_file(self.path.join(name))
    }

    fn sync_names(&self) -> io::Result<()> {
        fs::File::open(&self.path)?.sync_all()
    }
}

fn open(path: &Path) -> io::Result<fs::File> {
    fs::OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(path)
}

impl LogFile for fs::File {
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.write_all_at(bytes, offset)
    }

    fn truncate(&self) -> io::Result<()> {
        self.set_len(0)
    }

    fn sync(&self) -> io::Result<()> {
        self.sync_data()
    }
}
