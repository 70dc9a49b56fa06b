//! From a text to a configuration in force, and what follows it.

use super::{Daemon, bring::Done, decision::Outcome, journal::Text, services, transaction::Wish};
use edge_api::{Failure, FailureKind};
use edge_config::Config;
use std::sync::atomic::Ordering;
use tokio::sync::MutexGuard;

impl Daemon {
    /// One at a time changes the kernel; who comes while the daemon is stopping changes nothing any more.
    pub(super) async fn take_turn(&self) -> Result<MutexGuard<'_, ()>, Failure> {
        let turn = self.turn.lock().await;
        if self.stopping.load(Ordering::Relaxed) {
            return Err(Failure::new(FailureKind::Busy, "the daemon is stopping: nothing was changed"));
        }
        Ok(turn)
    }

    /// What was given, or the configuration file, whatever was decided about it before. `confirm`: seconds in which it must be
    /// confirmed.
    pub(super) async fn apply(&self, given: Option<Text>, confirm: Option<u32>) -> Result<Done, Failure> {
        let _turn = self.take_turn().await?;
        let file = self.files.read_config();
        let text = match (given, file.text) {
            (Some(given), _) => given,
            (None, Ok(text)) => Text { name: self.config_name(), text },
            (None, Err(why)) => {
                let failure = unreadable(&self.config_name(), &why);
                self.decide(Outcome::Refused, &self.config_name(), Some(failure.in_full()), file.fingerprint).await;
                return Err(failure);
            }
        };
        match parse(&text) {
            Ok(config) => self.transact(Wish { text, config, file: file.fingerprint, confirm }).await,
            Err(failure) => {
                if super::generations::fingerprint(&text.text) == file.fingerprint {
                    self.decide(Outcome::Refused, &text.name, Some(failure.in_full()), file.fingerprint).await;
                }
                Err(failure)
            }
        }
    }

    /// The configuration file, for who only wants to look at it.
    pub(super) fn config_text(&self) -> Result<Text, Failure> {
        let name = self.config_name();
        let text = self.files.read_config().text.map_err(|why| unreadable(&name, &why))?;
        Ok(Text { name, text })
    }

    pub(super) fn config_name(&self) -> String {
        self.files.config().display().to_string()
    }

    pub(super) async fn adopt(&self, config: Config) {
        self.current.write().await.config = config.clone();
        self.after(&config).await;
    }

    /// What follows the kernel: who is served addresses, the containers' ports, and flows that lost their permission.
    pub(super) async fn after(&self, config: &Config) {
        let facts = self.current.read().await.facts.clone();
        self.uplinks.configure(config, facts.machine);
        for error in self.dhcp.configure(services::of(config, &facts)).await {
            log::warn!("{error}");
        }
        self.tend_containers(config).await;
        self.cut_flows(config).await;
        if let Err(error) = self.files.offer_ssh_keys(&config.system.ssh_keys) {
            log::warn!("the ssh keys of [system] are not in force: {error}");
        }
        if let Some(hostname) = &config.system.hostname
            && let Err(errno) = nix::unistd::sethostname(hostname)
        {
            log::warn!("cannot set the host name to {hostname}: {errno}");
        }
    }

    pub(super) async fn tend_containers(&self, config: &Config) {
        if let Err(error) = self.attach.reconcile(config).await {
            log::warn!("containers: {error}");
        }
    }
}

pub fn unreadable(name: &str, why: &str) -> Failure {
    Failure::new(FailureKind::BadConfig, format!("cannot read {name}: {why}"))
}

pub fn parse(text: &Text) -> Result<Config, Failure> {
    edge_config::parse(&text.name, &text.text).map_err(|diagnostics| {
        let (name, count) = (&text.name, diagnostics.len());
        let what = format!("{name} has {count} error{}", if count == 1 { "" } else { "s" });
        Failure::new(FailureKind::BadConfig, what).diagnostics(diagnostics.render(false))
    })
}
