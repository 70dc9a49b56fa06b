//! A box under test: a machine with network cards, a disk and containers, the daemon on it, and whoever asks the daemon.

mod ask;
mod daemon;
mod faults;
mod machine;
mod notices;
pub mod snapshot;
mod uplinks;

pub use ask::is_late;
pub use machine::Disk;

use crate::{daemon::Daemon, host::Host, lab::Lab};
use anyhow::Result;
use std::{
    path::{Path, PathBuf},
    sync::Mutex,
};
use tokio::runtime::{Builder, Runtime};

/// Switched on; the daemon does not run until it is started. Its end kills the daemon and all that runs on the bench.
pub struct Rig {
    /// For the machines around it.
    pub lab: Lab,
    pub edge: Host,
    program: PathBuf,
    cards: Vec<String>,
    /// Names of those that were made here.
    containers: Mutex<Vec<String>>,
    directory: tempfile::TempDir,
    daemon: Option<Daemon>,
    disk: Disk,
    boots: u32,
    orders: u32,
    runtime: Runtime,
}

impl Rig {
    /// A box without a card, its state in a directory that the test can read too. `program` is the router's.
    pub fn new(program: impl AsRef<Path>) -> Result<Self> {
        Self::with(program, &[], Disk::Directory)
    }

    /// With these network cards, each cabled to a machine of its own ([`Rig::beyond`]).
    pub fn with(program: impl AsRef<Path>, cards: &[&str], disk: Disk) -> Result<Self> {
        let lab = Lab::new()?;
        let mut rig = Self {
            edge: lab.host("edge")?,
            lab,
            program: program.as_ref().to_owned(),
            cards: cards.iter().copied().map(str::to_owned).collect(),
            containers: Mutex::default(),
            directory: tempfile::tempdir()?,
            daemon: None,
            disk,
            boots: 0,
            orders: 0,
            runtime: Builder::new_current_thread().enable_all().build()?,
        };
        rig.format_disk()?;
        rig.switch_on()?;
        Ok(rig)
    }

    /// A file of this test's own, beside the configuration; `run` and, unless the disk is another, `state` are the daemon's directories.
    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub fn config(&self) -> PathBuf {
        self.path("edge-router.toml")
    }

    pub fn run_dir(&self) -> PathBuf {
        self.path("run")
    }

    /// Where the router's addresses are: its namespace, if it has one.
    pub fn router(&self) -> Result<Host> {
        if self.edge.ip("netns list")?.lines().any(|line| line.split(' ').next() == Some("router")) {
            return self.edge.inside("router");
        }
        Ok(self.edge.clone())
    }

    /// Everything that is told from outside: every link, address, route and rule of the box, and the containers' addresses.
    pub fn snapshot(&self) -> Result<snapshot::Snapshot> {
        let mut places = vec![("host".to_owned(), self.edge.clone())];
        let router = self.router()?;
        if router.name() != self.edge.name() {
            places.push(("router".to_owned(), router));
        }
        for name in self.containers().iter() {
            places.push((name.clone(), self.edge.inside(name)?));
        }
        snapshot::take(&places)
    }
}
