//! The files the daemon reads and keeps.

use anyhow::Context;
use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

/// As the parser has it: more is no configuration.
const LARGEST: u64 = 1 << 20;

pub struct Files {
    config: PathBuf,
    state_dir: PathBuf,
    run_dir: PathBuf,
}

impl Files {
    pub fn open(config: &Path, state_dir: &Path, run_dir: &Path) -> anyhow::Result<Self> {
        fs::create_dir_all(state_dir).with_context(|| format!("cannot make the state directory {}", state_dir.display()))?;
        Ok(Self { config: config.to_owned(), state_dir: state_dir.to_owned(), run_dir: run_dir.to_owned() })
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
    File::open(path)?.take(LARGEST + 1).read_to_string(&mut text)?;
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
