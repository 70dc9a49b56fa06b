//! The machine: its cards, its disk, its containers, and the power.

use super::Rig;
use crate::host::Host;
use anyhow::{Context, Result, ensure};
use std::{
    fmt::Write,
    fs,
    path::PathBuf,
    sync::{MutexGuard, PoisonError},
};

/// Where the daemon keeps its state when that is on the box's own disk.
const STATE: &str = "/var/lib/edge-router";

/// Where the box keeps its state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disk {
    /// In a directory of the test's; the power cannot be cut.
    Directory,
    /// A file system that forgets what was not synced when the power goes; needs loop devices and ext4.
    Real,
    /// Memory; the power cannot be cut.
    Memory,
}

impl Rig {
    pub fn state_dir(&self) -> PathBuf {
        match self.disk {
            Disk::Directory => self.path("state"),
            Disk::Real | Disk::Memory => STATE.into(),
        }
    }

    pub(super) fn format_disk(&self) -> Result<()> {
        if self.disk == Disk::Real {
            let file = self.path("disk").display().to_string();
            self.edge.sh(&format!("truncate -s 16M {file}; mkfs.ext4 -q {file}"))?;
        }
        Ok(())
    }

    /// Cards, disk and the id of this boot. The machine beyond a card is a name in `/run/netns` of the box, so that it goes with it.
    pub(super) fn switch_on(&mut self) -> Result<()> {
        self.boots += 1;
        let boot_id = self.path("this-boot");
        fs::write(&boot_id, format!("00000000-0000-4000-8000-{:012x}\n", self.boots))?;
        let mut script = format!("mount --bind {} /proc/sys/kernel/random/boot_id; mkdir -p {STATE}; ", boot_id.display());
        for card in &self.cards {
            write!(script, "ip netns add x{card}; ip link add {card} type veth peer name eth0 netns x{card}; ")?;
            write!(script, "ip link set {card} up; ip -n x{card} link set eth0 up; ")?;
        }
        if self.disk == Disk::Real {
            write!(script, "mount -o loop {} {STATE}", self.path("disk").display())?;
        }
        self.edge.sh(&script).map(drop).context("a box with a real disk needs loop devices and ext4")
    }

    /// The power goes: what was not synced, all processes and everything in the kernel are lost; and comes back.
    pub fn cut_power(&mut self) -> Result<()> {
        ensure!(self.disk == Disk::Real, "only a real disk outlives the power");
        let image = self.path("image");
        // The loop device hands on what the file system has synced; the rest is in memory only.
        self.edge.run("cp", ["--sparse=always".as_ref(), self.path("disk").as_os_str(), image.as_os_str()])?;
        if let Some(daemon) = self.daemon.take() {
            daemon.kill()?;
        }
        self.edge.sh(&format!("umount {STATE}"))?;
        fs::rename(&image, self.path("disk"))?;
        self.containers().clear();
        fs::remove_dir_all(self.run_dir())?;
        self.edge = self.lab.host("edge")?;
        self.switch_on()
    }

    /// The machine at the other end of a card's cable.
    pub fn beyond(&self, card: &str) -> Result<Host> {
        self.edge.inside(&format!("x{card}"))
    }

    /// A container of that name, plugged into `network`.
    pub fn attached(&self, name: &str, network: &str) -> Result<Host> {
        let container = self.edge.container(name)?;
        self.attach(name, network)?;
        self.containers().push(name.to_owned());
        Ok(container)
    }

    pub(super) fn containers(&self) -> MutexGuard<'_, Vec<String>> {
        self.containers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
