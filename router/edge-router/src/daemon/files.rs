//! The files the daemon reads and keeps.

use super::durable;
use anyhow::Context;
use edge_config::{MAX_SIZE, Name};
use std::{
    fmt::Display,
    fs::{self, File},
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

/// Below the state directory; `ssh-gate` reads it too.
pub const NAMESPACES: &str = "namespaces";

pub struct Files {
    config: PathBuf,
    state_dir: PathBuf,
    run_dir: PathBuf,
    /// Why `state_dir` is not the one asked for.
    problem: Option<String>,
}

impl Files {
    pub fn open(config: &Path, state_dir: &Path, run_dir: &Path) -> anyhow::Result<Self> {
        let files =
            Self { config: config.to_owned(), state_dir: state_dir.to_owned(), run_dir: run_dir.to_owned(), problem: None };
        match try_write(state_dir).and_then(|()| put_back(&files.copy(), state_dir)) {
            Ok(()) => Ok(files),
            Err(error) => files.in_memory(&error),
        }
    }

    /// A state directory that cannot be written, on a worn card or a full one, must not cost the box its networks: a copy in the run
    /// directory takes its place, and the status says so. The copy lives until the box boots, or until the directory can be written
    /// at a start: then it goes back there, with what was decided in the meantime.
    pub fn in_memory(self, why: &dyn Display) -> anyhow::Result<Self> {
        let (state_dir, copy) = (self.state_dir.display(), self.copy());
        let problem = format!("{state_dir} cannot be written: {why}");
        log::error!("{problem}; going on with a copy in memory");
        take_out(&self.state_dir, &copy).with_context(|| format!("{problem}, and no copy can be made in {}", copy.display()))?;
        Ok(Self { state_dir: copy, problem: Some(problem), ..self })
    }

    fn copy(&self) -> PathBuf {
        self.run_dir.join("state")
    }

    pub fn state_dir(&self) -> &Path {
        &self.state_dir
    }

    pub fn problem(&self) -> Option<&str> {
        self.problem.as_deref()
    }

    /// Out of the way, but not lost.
    pub fn set_aside(&self, name: &str) -> io::Result<()> {
        fs::rename(self.state_dir.join(name), self.state_dir.join(format!("{name}.damaged")))
    }

    /// Names of the namespaces that were ever ours, one a line.
    pub fn namespaces(&self) -> Vec<Name> {
        let text = durable::read(&self.state_dir.join(NAMESPACES), MAX_SIZE).unwrap_or_default();
        String::from_utf8_lossy(&text).lines().filter_map(|line| line.parse().ok()).collect()
    }

    pub fn remember_namespace(&self, name: &Name) -> io::Result<()> {
        let mut names = self.namespaces();
        if names.contains(name) {
            return Ok(());
        }
        names.push(name.clone());
        let lines: String = names.iter().map(|name| format!("{name}\n")).collect();
        durable::replace(&self.state_dir.join(NAMESPACES), lines.as_bytes())
    }

    pub fn config(&self) -> &Path {
        &self.config
    }

    /// For the ssh server of the image, which asks at each login: `[system] ssh-keys`, a line each, as in `authorized_keys`.
    pub fn offer_ssh_keys(&self, keys: &[String]) -> io::Result<()> {
        let lines: String = keys.iter().map(|key| format!("{key}\n")).collect();
        offer(&self.run_dir.join("ssh-keys"), &lines)
    }

    /// Name servers and domains that the uplinks brought.
    pub fn offer_resolvers(&self, text: &str) -> io::Result<()> {
        offer(&self.run_dir.join("resolv.conf"), text)
    }

    /// Why the image's boot step did not take over the file on the card's boot partition, in full.
    pub fn not_imported(&self) -> Option<String> {
        let text = durable::read(&self.run_dir.join("not-imported.txt"), MAX_SIZE).ok()?;
        Some(String::from_utf8_lossy(&text).into_owned())
    }

    /// What tells this box from every other of the same image: drawn once and kept.
    pub fn machine_id(&self) -> anyhow::Result<[u8; 16]> {
        let path = self.state_dir.join("machine-id");
        if let Ok(bytes) = fs::read(&path)
            && let Ok(id) = bytes.try_into()
        {
            return Ok(id);
        }
        let mut id = [0; 16];
        File::open("/dev/urandom").and_then(|mut random| random.read_exact(&mut id)).context("cannot draw a machine id")?;
        durable::replace(&path, &id).with_context(|| format!("cannot write {}", path.display()))?;
        Ok(id)
    }
}

/// Written only where it is another text: the disk may be slow, and whoever waits for the uplinks must not wait for it.
fn offer(path: &Path, text: &str) -> io::Result<()> {
    match durable::read(path, text.len()) {
        Ok(before) if before == text.as_bytes() => Ok(()),
        _ => durable::replace(path, text.as_bytes()),
    }
}

/// As much as a lease log needs at least: a full disk lets a small file pass.
fn try_write(directory: &Path) -> io::Result<()> {
    fs::create_dir_all(directory)?;
    let probe = directory.join("probe");
    let mut file = File::create(&probe)?;
    let written = file.write_all(&[0; 64 * 1024]).and_then(|()| file.sync_all());
    fs::remove_file(&probe)?;
    written
}

/// Unless an earlier start did: what that copy holds is newer. Half a copy never bears its name.
fn take_out(state_dir: &Path, copy: &Path) -> io::Result<()> {
    if copy.exists() {
        return Ok(());
    }
    let fresh = copy.with_extension("new");
    copy_files(state_dir, &fresh, &|from, to| fs::copy(from, to).map(drop))?;
    fs::rename(fresh, copy)
}

/// Each file whole, or as it was, and none more: a journal that ended must not come back. The copy goes when all are there.
fn put_back(copy: &Path, state_dir: &Path) -> io::Result<()> {
    if !copy.exists() {
        return Ok(());
    }
    remove_others(copy, state_dir)?;
    copy_files(copy, state_dir, &|from, to| durable::replace(to, &fs::read(from)?))?;
    fs::remove_dir_all(copy)
}

/// Those that `model` does not have.
fn remove_others(model: &Path, directory: &Path) -> io::Result<()> {
    for entry in directory.read_dir()?.flatten() {
        let like = model.join(entry.file_name());
        if like.is_dir() {
            remove_others(&like, &entry.path())?;
        } else if entry.file_type()?.is_file() && !like.exists() {
            durable::remove(&entry.path())?;
        }
    }
    Ok(())
}

/// Files, and those of directories below.
fn copy_files(from: &Path, to: &Path, copy: &dyn Fn(&Path, &Path) -> io::Result<()>) -> io::Result<()> {
    fs::create_dir_all(to)?;
    let Ok(entries) = from.read_dir() else { return Ok(()) };
    for entry in entries.flatten() {
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_files(&entry.path(), &target, copy)?;
        } else if entry.file_type()?.is_file() {
            copy(&entry.path(), &target)?;
        }
    }
    Ok(())
}
