//! A test machine.

use crate::{daemon::Daemon, leftovers, space::Space};
use anyhow::{Context, Result, bail};
use std::{
    ffi::OsStr,
    fmt,
    os::unix::process::CommandExt,
    path::PathBuf,
    process::{Command, Stdio},
    sync::Arc,
};

/// A machine, or the view from a network namespace inside one. Clones are the same machine.
#[derive(Clone)]
pub struct Host {
    name: Arc<str>,
    space: Arc<Space>,
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Host({})", self.name)
    }
}

impl Host {
    pub(crate) fn create(name: &str) -> Result<Self> {
        let space = Space::create(name).with_context(|| format!("cannot make the test machine {name}"))?;
        let host = Self { name: name.into(), space: Arc::new(space) };
        host.ip("link set lo up")?;
        Ok(host)
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// The network namespace, for as long as this value lives: for `ip link … netns PATH`, or a socket opened inside.
    pub fn netns(&self) -> PathBuf {
        self.space.net_path().into()
    }

    /// Whether both are the same machine, seen from the same namespace.
    pub(crate) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.space, &other.space)
    }

    pub(crate) fn space(&self) -> &Space {
        &self.space
    }

    /// A command that will run on this machine, in the caller's working directory unless told otherwise.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command.env(leftovers::MARK, std::process::id().to_string());
        let space = Arc::clone(&self.space);
        // SAFETY: between fork and exec the closure makes system calls only; its one allocation, the path of the working directory,
        // is safe because glibc makes its allocator usable in the child.
        unsafe { command.pre_exec(move || space.adopt_child()) };
        command
    }

    /// Runs a program to its end and returns what it wrote to stdout; a failure carries both streams.
    pub fn run<S: AsRef<OsStr>>(&self, program: &str, arguments: impl IntoIterator<Item = S>) -> Result<String> {
        let mut command = self.command(program);
        command.args(arguments).stdin(Stdio::null());
        let output = command.output().with_context(|| format!("{}: cannot run {program}; is it installed?", self.name))?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        if !output.status.success() {
            bail!("{}: {command:?} failed, {}\n{}{}", self.name, output.status, text(&output.stdout), text(&output.stderr));
        }
        Ok(text(&output.stdout))
    }

    /// `ip` with the arguments of one line, as they would be typed.
    pub fn ip(&self, line: &str) -> Result<String> {
        self.run("ip", line.split_whitespace())
    }

    /// A shell script; it stops at the first command that fails.
    pub fn sh(&self, script: &str) -> Result<String> {
        self.run("sh", ["-euc", script])
    }

    /// Starts a program of this machine that lives until the returned value is dropped; its output goes to a log that a failing test
    /// shows. Give it a command made by [`Host::command`].
    pub fn daemon(&self, command: &mut Command) -> Result<Daemon> {
        Daemon::start(&self.name, command)
    }

    /// The view from `/run/netns/NETNS` of this machine: a source and target for probes.
    pub fn inside(&self, netns: &str) -> Result<Self> {
        let space = self.space.named(netns).with_context(|| self.name.to_string())?;
        Ok(Self { name: format!("{}/{netns}", self.name).into(), space: Arc::new(space) })
    }

    /// Pulls a network card out of this machine and puts it into another, where it is down and in no bridge.
    pub fn move_device(&self, device: &str, to: &Host) -> Result<()> {
        self.ip(&format!("link set {device} netns {}", to.space.net_path())).map(drop)
    }

    /// Makes `/run/netns/NAME` on this machine, with nothing but `lo` inside: a container that waits to be plugged in.
    pub fn container(&self, name: &str) -> Result<Self> {
        self.ip(&format!("netns add {name}"))?;
        self.ip(&format!("-n {name} link set lo up"))?;
        self.inside(name)
    }

    /// Whether this machine passes packets on (`net.ipv4.ip_forward`).
    pub(crate) fn forwards(&self) -> Result<bool> {
        self.space.inside(|| Ok(std::fs::read_to_string("/proc/sys/net/ipv4/ip_forward")?.trim() == "1"))
    }
}
