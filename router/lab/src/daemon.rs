//! A long-running program of a test machine.

use crate::wait::wait_until;
use anyhow::{Context, Result};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use std::{
    os::unix::{fs::FileExt, process::ExitStatusExt},
    process::{Child, Command, ExitStatus, Stdio},
    thread,
    time::Duration,
};

/// Killed when dropped. What it wrote is shown when the test is failing.
#[derive(Debug)]
pub struct Daemon {
    what: String,
    child: Child,
    log: std::fs::File,
}

impl Daemon {
    pub(crate) fn start(host: &str, command: &mut Command) -> Result<Self> {
        let what = format!("{host}: {}", command.get_program().display());
        let log = tempfile::tempfile()?;
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log.try_clone()?);
        let child = command.spawn().with_context(|| format!("cannot start {what}; is it installed?"))?;
        Ok(Self { what, child, log })
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Everything written so far, stdout and stderr.
    pub fn log(&self) -> Result<String> {
        // Read by position: the daemon goes on writing at the offset that both share.
        let mut bytes = vec![0; usize::try_from(self.log.metadata()?.len())?];
        self.log.read_exact_at(&mut bytes, 0)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// The exit status once it has ended.
    pub fn ended(&mut self) -> Result<Option<ExitStatus>> {
        Ok(self.child.try_wait()?)
    }

    /// Asks it to end (SIGTERM) and waits up to a minute for it.
    pub fn stop(mut self) -> Result<ExitStatus> {
        self.signal(Signal::SIGTERM)?;
        let mut status = ExitStatus::from_raw(0);
        wait_until(&format!("the end of {}", self.what), Duration::from_secs(60), || {
            let ended = self.child.try_wait()?;
            status = ended.unwrap_or(status);
            Ok(ended.is_some())
        })?;
        Ok(status)
    }

    /// Ends it as a power cut would (SIGKILL).
    pub fn kill(mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    pub fn signal(&self, signal: Signal) -> Result<()> {
        let pid = Pid::from_raw(i32::try_from(self.child.id())?);
        kill(pid, signal).with_context(|| format!("cannot send {signal} to {}", self.what))
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if thread::panicking() {
            eprintln!("--- {} wrote:\n{}---", self.what, self.log().unwrap_or_default());
        }
    }
}
