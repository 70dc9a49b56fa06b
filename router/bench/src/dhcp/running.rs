//! A server at work: each with the same bridge, subnet and pool, in a namespace of its own and with its state on the disk.

use crate::{
    command::{self, SUBNET},
    peers::Peers,
    server::Server,
};
use anyhow::{Context, Result, bail};
use edge_lab::{Daemon, Host, Lab};
use nix::{
    sched::{CpuSet, sched_setaffinity},
    unistd::Pid,
};
use std::{
    fs,
    os::unix::{fs::MetadataExt, process::CommandExt},
    path::{Path, PathBuf},
    thread::sleep,
    time::Duration,
};

/// A server at work, with a cable for clients.
pub struct Running {
    pub clients: Host,
    pub daemon: Daemon,
    directory: PathBuf,
    // Last, as its end stops what still runs on its hosts.
    _lab: Lab,
}

impl Running {
    /// `work`: a directory on a disk.
    pub fn start(server: Server, peers: &Peers, work: &Path) -> Result<Self> {
        let lab = Lab::new()?;
        let (edge, clients) = (lab.host("edge")?, lab.host("clients")?);
        lab.wire(&edge, "srv0", &clients, "cli0")?;
        let directory = work.join(format!("{server:?}").replace(|c: char| !c.is_alphanumeric(), "-"));
        let _ = fs::remove_dir_all(&directory);
        fs::create_dir_all(&directory)?;
        if !matches!(server, Server::Ours { .. }) {
            edge.ip("link add br-lan type bridge")?;
            edge.ip("link set srv0 master br-lan")?;
            edge.ip("link set br-lan up")?;
            edge.ip(&format!("address add {SUBNET} dev br-lan"))?;
        }
        let mut command = command::serve(server, &edge, peers, &directory)?;
        // The generator has the other one to itself.
        // SAFETY: one system call between fork and exec.
        unsafe { command.pre_exec(|| pin(1).map_err(Into::into)) };
        let daemon = edge.daemon(&mut command)?;
        // The bridge's port learns nothing for as long as it has no carrier; a server reads its state.
        sleep(Duration::from_millis(700));
        let mut running = Self { clients, daemon, directory, _lab: lab };
        if let Some(status) = running.daemon.ended()? {
            bail!("ended, {status}:\n{}", running.daemon.log()?);
        }
        Ok(running)
    }

    /// CPU time used so far, all threads, user and system.
    pub fn cpu(&self) -> Result<Duration> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.daemon.pid()))?;
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
        let ticks: u64 = [11, 12].iter().filter_map(|at| fields.get(*at)?.parse::<u64>().ok()).sum();
        Ok(Duration::from_millis(ticks * 10))
    }

    /// Bytes the disk with the state was given so far, by everybody on this machine: what the kernel counts for one process
    /// (write_bytes, proc_pid_io(5)) is whole folios, up to 2 MiB for a block of 4 KiB.
    pub fn written(&self) -> Result<u64> {
        let device = fs::metadata(&self.directory)?.dev();
        let (major, minor) = (nix::sys::stat::major(device), nix::sys::stat::minor(device));
        // Documentation/block/stat.rst: the seventh is sectors of 512 bytes written.
        let stat = fs::read_to_string(format!("/sys/dev/block/{major}:{minor}/stat")).context("the state is on no disk")?;
        let sectors: u64 = stat.split_whitespace().nth(6).context("no such field")?.parse()?;
        Ok(sectors * 512)
    }

    /// Resident memory in kB.
    pub fn memory(&self) -> Result<u64> {
        self.number("status", "VmRSS:")
    }

    fn number(&self, file: &str, key: &str) -> Result<u64> {
        let text = fs::read_to_string(format!("/proc/{}/{file}", self.daemon.pid()))?;
        let line = text.lines().find_map(|line| line.strip_prefix(key)).context("no such line")?;
        Ok(line.split_whitespace().next().unwrap_or_default().parse()?)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.directory);
    }
}

/// Binds the calling thread to one CPU, where there are two.
pub fn pin(cpu: usize) -> nix::Result<()> {
    let mut set = CpuSet::new();
    set.set(cpu)?;
    sched_setaffinity(Pid::from_raw(0), &set)
}
