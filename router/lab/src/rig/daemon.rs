//! The daemon: started, asked to end, killed.

use super::Rig;
use crate::{daemon::Daemon, wait::wait_until};
use anyhow::{Context, Result, ensure};
use nix::sys::signal::Signal;
use std::{fs, process::Command, time::Duration};

const ANSWERS_WITHIN: Duration = Duration::from_secs(120);

impl Rig {
    /// Starts the daemon with this configuration and waits until it answers.
    pub fn start(&mut self, config: &str) -> Result<()> {
        fs::write(self.config(), config)?;
        self.restart(&[])
    }

    /// Starts the daemon with the file as it is and these variables in its environment, and waits until it answers.
    pub fn restart(&mut self, variables: &[(&str, &str)]) -> Result<()> {
        self.restart_with(&[], variables)
    }

    pub fn restart_with(&mut self, arguments: &[&str], variables: &[(&str, &str)]) -> Result<()> {
        let mut command = self.daemon_command(arguments);
        self.daemon = Some(self.edge.daemon(command.envs(variables.iter().copied()))?);
        let answers = || {
            let daemon = self.daemon.as_mut().context("no daemon runs")?;
            ensure!(daemon.ended()?.is_none(), "the daemon ended by itself");
            Ok(self.status().is_ok())
        };
        wait_until("the daemon's answer", ANSWERS_WITHIN, answers).with_context(|| self.log())
    }

    fn daemon_command(&self, arguments: &[&str]) -> Command {
        let mut command = self.edge.command(&self.program);
        command.arg("daemon").args(arguments).arg("--config").arg(self.config());
        command.arg("--state-dir").arg(self.state_dir()).arg("--run-dir").arg(self.run_dir());
        command.env("RUST_LOG", "info,edge_kernel=debug").env("EDGE_FAULTS", self.faults());
        command
    }

    /// Asks it to end, and waits for it.
    pub fn stop(&mut self) -> Result<()> {
        let status = self.running()?.stop()?;
        ensure!(status.success(), "the daemon ended with {status}");
        Ok(())
    }

    /// As a power cut would.
    pub fn kill(&mut self) -> Result<()> {
        self.running()?.kill()
    }

    fn running(&mut self) -> Result<Daemon> {
        self.daemon.take().context("no daemon runs")
    }

    pub fn hangup(&self) -> Result<()> {
        self.daemon.as_ref().context("no daemon runs")?.signal(Signal::SIGHUP)
    }

    /// Whether it has ended by itself; then it can be started again.
    pub fn has_died(&mut self) -> Result<bool> {
        let died = self.daemon.as_mut().is_none_or(|daemon| daemon.ended().is_ok_and(|ended| ended.is_some()));
        if died {
            self.daemon = None;
        }
        Ok(died)
    }

    /// What it wrote so far.
    pub fn log(&self) -> String {
        self.daemon.as_ref().and_then(|daemon| daemon.log().ok()).unwrap_or_default()
    }

    /// 0 when it does not run.
    pub fn pid(&self) -> u32 {
        self.daemon.as_ref().map_or(0, Daemon::pid)
    }
}
