//! From a text to the kernel, and back to what was when that fails.

use super::{Daemon, services, sweep};
use edge_config::Config;
use edge_control::{Failure, FailureKind};
use edge_plan::{Diff, Facts, Op, desired, diff};
use std::fmt::Write;

/// How often an apply looks again after it wrote: devices come and go while it works.
const ROUNDS: usize = 4;

/// What an apply did.
pub struct Done {
    pub ops: Vec<Op>,
    pub writes: u64,
}

impl Daemon {
    /// The text to be applied: what was given, or the configuration file.
    pub(super) fn text(&self, given: Option<(String, String)>) -> Result<(String, String), Failure> {
        let Some(given) = given else {
            let path = self.files.config();
            let text = self
                .files
                .read_config()
                .map_err(|error| Failure::new(FailureKind::BadConfig, format!("cannot read {}: {error}", path.display())))?;
            return Ok((path.display().to_string(), text));
        };
        Ok(given)
    }

    pub(super) async fn apply_text(&self, given: Option<(String, String)>) -> Result<Done, Failure> {
        let (name, text) = self.text(given)?;
        let config = parse(&name, &text)?;
        let _turn = self.turn.lock().await;
        let facts = self.current.read().await.facts.clone();
        let done = match self.bring(&config, &facts).await {
            Ok(done) => done,
            Err(failure) => {
                self.go_back().await;
                return Err(failure);
            }
        };
        self.files.keep_last_good(&text).map_err(|error| {
            Failure::new(FailureKind::Internal, format!("applied, but not kept as the last good configuration: {error}"))
        })?;
        {
            let mut current = self.current.write().await;
            current.config = config.clone();
            current.refused = None;
            current.stamp();
        }
        self.after(&config, &facts, &done).await;
        Ok(done)
    }

    /// Makes the kernel what `current` says; writes nothing when it is.
    pub(super) async fn reconcile(&self) -> Result<Done, Failure> {
        let _turn = self.turn.lock().await;
        let (config, facts) = {
            let current = self.current.read().await;
            if !current.is_applied() {
                return Ok(Done { ops: Vec::new(), writes: 0 });
            }
            (current.config.clone(), current.facts.clone())
        };
        let done = self.bring(&config, &facts).await?;
        if done.ops.is_empty() {
            // A container that ended took its port along, which leaves the plan nothing to do but frees the record.
            self.tend_containers(&config).await;
        } else {
            self.after(&config, &facts, &done).await;
        }
        Ok(done)
    }

    /// Until nothing is left to be done.
    async fn bring(&self, config: &Config, facts: &Facts) -> Result<Done, Failure> {
        let wanted = desired(config, facts);
        let before = self.kernel.writes();
        let mut ops = Vec::new();
        let mut outcome = Ok(());
        for _ in 0..ROUNDS {
            let Diff { ops: now, waiting, conflicts } = match self.kernel.observe().await {
                Ok(observed) => diff(&wanted, &observed),
                Err(error) => {
                    outcome = Err(Failure::from_error(FailureKind::Internal, &error));
                    break;
                }
            };
            {
                let mut current = self.current.write().await;
                (current.waiting, current.conflicts) = (waiting, conflicts);
            }
            if now.is_empty() {
                outcome = Ok(());
                break;
            }
            outcome = self.kernel.execute(&now).await.map_err(|error| Failure::from_error(FailureKind::Internal, &error));
            ops.extend(now);
        }
        self.current.write().await.failed = outcome.as_ref().err().map(in_full);
        outcome.map(|()| Done { ops, writes: self.kernel.writes() - before })
    }

    /// The new configuration could not be made: the old one it is.
    async fn go_back(&self) {
        let (config, facts) = {
            let current = self.current.read().await;
            (current.config.clone(), current.facts.clone())
        };
        if let Err(error) = self.bring(&config, &facts).await {
            log::error!("cannot go back to the configuration before: {}", in_full(&error));
        }
    }

    /// What follows the kernel: who is served addresses, the containers' ports, and flows that lost their permission.
    async fn after(&self, config: &Config, facts: &Facts, done: &Done) {
        for error in self.dhcp.configure(services::of(config, facts)).await {
            log::warn!("{error}");
        }
        self.tend_containers(config).await;
        if done.ops.iter().any(|op| matches!(op, Op::SetTable { .. })) {
            sweep::sweep(config).await;
        }
        if let Err(error) = self.files.offer_ssh_keys(&config.system.ssh_keys) {
            log::warn!("the ssh keys of [system] are not in force: {error}");
        }
        if let Some(hostname) = &config.system.hostname
            && let Err(errno) = nix::unistd::sethostname(hostname)
        {
            log::warn!("cannot set the host name to {hostname}: {errno}");
        }
    }

    async fn tend_containers(&self, config: &Config) {
        if let Err(error) = self.attach.reconcile(config).await {
            log::warn!("containers: {error}");
        }
    }
}

pub fn parse(name: &str, text: &str) -> Result<Config, Failure> {
    edge_config::parse(name, text).map_err(|diagnostics| {
        let what = format!("{name} has {} error{}", diagnostics.len(), if diagnostics.len() == 1 { "" } else { "s" });
        Failure::new(FailureKind::BadConfig, what).diagnostics(diagnostics.render(false))
    })
}

/// The failure in one text, for the log.
pub fn in_full(failure: &Failure) -> String {
    let mut text = failure.body.error.clone();
    for line in &failure.body.detail {
        let _ = write!(text, ": {line}");
    }
    if let Some(diagnostics) = &failure.body.diagnostics {
        let _ = write!(text, "\n{diagnostics}");
    }
    text
}
