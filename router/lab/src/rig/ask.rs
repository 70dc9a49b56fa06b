//! Who asks the daemon: `routerctl`, as its user would, and the control client where the answer's type is wanted.

use super::Rig;
use crate::wait::wait_until;
use anyhow::{Context, Result};
use edge_api::{ApplyReport, ApplyRequest, ConfigRequest, PlanReport, Status};
use edge_control::{Client, ClientError};
use serde_json::Value;
use std::{ffi::OsStr, fs, future::Future, time::Duration};

impl Rig {
    /// `routerctl ARGUMENTS` on the box.
    pub fn ctl(&self, arguments: &[&str]) -> Result<String> {
        let (program, run_dir) = (self.program.display().to_string(), self.run_dir());
        let words = [OsStr::new("ctl"), OsStr::new("--run-dir"), run_dir.as_os_str()];
        self.edge.run(&program, words.into_iter().chain(arguments.iter().map(OsStr::new)))
    }

    pub fn ctl_json(&self, arguments: &[&str]) -> Result<Value> {
        let text = self.ctl(&[arguments, &["--json"]].concat())?;
        serde_json::from_str(&text).with_context(|| format!("routerctl {arguments:?} --json printed: {text}"))
    }

    /// Changes the file and applies it; returns the report.
    pub fn apply(&self, config: &str) -> Result<Value> {
        fs::write(self.config(), config)?;
        self.ctl_json(&["apply"])
    }

    /// The same of a file that takes everything away, which is not done unasked.
    pub fn apply_forced(&self, config: &str) -> Result<Value> {
        fs::write(self.config(), config)?;
        self.ctl_json(&["apply", "--force"])
    }

    pub fn attach(&self, name: &str, network: &str) -> Result<Value> {
        let netns = format!("/run/netns/{name}");
        self.ctl_json(&["attach", "--netns", &netns, "--name", name, "--network", network])
    }

    /// Until `status` says that exactly these devices, in order, are waited for.
    pub fn waits_for(&self, devices: &[&str]) -> Result<()> {
        wait_until("status to tell what is waited for", Duration::from_secs(60), || {
            let status = self.ctl_json(&["status"])?;
            let waiting = status["waiting"].as_array().cloned().unwrap_or_default();
            let mut waiting: Vec<_> = waiting.iter().filter_map(|one| one["device"].as_str()).collect();
            waiting.sort();
            Ok(waiting == devices)
        })
    }

    pub fn client(&self) -> Client {
        Client::new(&self.run_dir())
    }

    /// For an answer to the client.
    pub fn wait<T>(&self, answer: impl Future<Output = T>) -> T {
        self.runtime.block_on(answer)
    }

    pub fn status(&self) -> Result<Status, ClientError> {
        self.wait(self.client().status())
    }

    /// What an apply of the file would do.
    pub fn plan(&self) -> Result<PlanReport> {
        Ok(self.wait(self.client().plan(&ConfigRequest { config: None }))?)
    }

    /// Changes the file and applies it, where a refusal is an answer too.
    pub fn try_apply(&self, config: &str) -> Result<Result<ApplyReport, ClientError>> {
        fs::write(self.config(), config)?;
        Ok(self.wait(self.client().apply(&ApplyRequest::default())))
    }

    /// Applies it where nothing is to fail, however long something else on the machine holds the kernel's lock.
    pub fn apply_until_taken(&self, config: &str) -> Result<()> {
        let mut answer = self.try_apply(config)?;
        while is_late(&answer) {
            answer = self.try_apply(config)?;
        }
        answer?;
        Ok(())
    }
}

/// The answer came without an outcome; the daemon goes on with it.
pub fn is_late(answer: &Result<ApplyReport, ClientError>) -> bool {
    answer.as_ref().is_err_and(|error| error.to_string().contains("the work goes on"))
}
