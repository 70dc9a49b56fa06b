//! The files the daemon reads and keeps.

use anyhow::Context;
use edge_config::{MAX_SIZE, Name};
use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::OpenOptionsExt,
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
    /// A state directory that cannot be written, on a worn card or a full one, must not cost the box its networks: a copy in the run
    /// directory takes its place until the next start, and the status says so.
    pub fn open(config: &Path, state_dir: &Path, run_dir: &Path) -> anyhow::Result<Self> {
        let files = |state_dir: &Path, problem| Self {
            config: config.to_owned(),
            state_dir: state_dir.to_owned(),
            run_dir: run_dir.to_owned(),
            problem,
        };
        let Err(error) = try_write(state_dir) else { return Ok(files(state_dir, None)) };
        let problem = format!("{} cannot be written: {error}", state_dir.display());
        log::error!("{problem}; going on with a copy in memory");
        let copy = run_dir.join("state");
        copy_files(state_dir, &copy).with_context(|| format!("{problem}, and no copy can be made in {}", copy.display()))?;
        Ok(files(&copy, Some(problem)))
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
        let text = read_bounded(&self.state_dir.join(NAMESPACES)).unwrap_or_default();
        text.lines().filter_map(|line| line.parse().ok()).collect()
    }

    pub fn remember_namespace(&self, name: &Name) -> io::Result<()> {
        let mut names = self.namespaces();
        if names.contains(name) {
            return Ok(());
        }
        names.push(name.clone());
        let lines: String = names.iter().map(|name| format!("{name}\n")).collect();
        replace(&self.state_dir.join(NAMESPACES), lines.as_bytes())
    }

    pub fn config(&self) -> &Path {
        &self.config
    }

    pub fn read_config(&self) -> io::Result<String> {
        read_bounded(&self.config)
    }

    pub fn last_good_name(&self) -> String {
        self.last_good_path().display().to_string()
    }

    pub fn last_good(&self) -> Option<String> {
        read_bounded(&self.last_good_path()).ok()
    }

    pub fn keep_last_good(&self, text: &str) -> io::Result<()> {
        if self.last_good().as_deref() == Some(text) {
            return Ok(());
        }
        replace(&self.last_good_path(), text.as_bytes())
    }

    fn last_good_path(&self) -> PathBuf {
        self.state_dir.join("last-good.toml")
    }

    /// For the ssh server of the image, which asks at each login: `[system] ssh-keys`, a line each, as in `authorized_keys`.
    pub fn offer_ssh_keys(&self, keys: &[String]) -> io::Result<()> {
        let lines: String = keys.iter().map(|key| format!("{key}\n")).collect();
        replace(&self.run_dir.join("ssh-keys"), lines.as_bytes())
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
        replace(&path, &id).with_context(|| format!("cannot write {}", path.display()))?;
        Ok(id)
    }
}

fn read_bounded(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    // One byte more than is allowed, so that the parser sees and says that it is too long.
    File::open(path)?.take(MAX_SIZE as u64 + 1).read_to_string(&mut text)?;
    Ok(text)
}

/// Whole or not at all, also when the power goes.
fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let fresh = path.with_extension("new");
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&fresh)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&fresh, path)?;
    path.parent().map_or(Ok(()), |parent| File::open(parent)?.sync_all())
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

/// Files, and directories one level down, as the state directory has them.
fn copy_files(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    let Ok(entries) = from.read_dir() else { return Ok(()) };
    for entry in entries.flatten() {
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_files(&entry.path(), &target)?;
        } else if entry.file_type()?.is_file() {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
