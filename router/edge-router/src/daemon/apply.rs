//! From a text to the kernel, and back to what was when that fails.

use super::{Daemon, bring::Done, services};
use edge_config::Config;
use edge_control::{Failure, FailureKind};

/// A configuration file: what it is called, and what it says.
pub type Text = (String, String);

impl Daemon {
    /// The text to be applied: what was given, or the configuration file.
    pub(super) fn text(&self, given: Option<Text>) -> Result<Text, Failure> {
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

    pub(super) async fn apply_text(&self, given: Option<Text>) -> Result<Done, Failure> {
        let (name, text) = self.text(given)?;
        let config = parse(&name, &text)?;
        let _turn = self.turn.lock().await;
        match self.bring(&config).await {
            Ok(done) => {
                self.adopt(config, None).await;
                self.keep(&text).await;
                Ok(done)
            }
            Err(failure) => {
                self.go_back().await;
                Err(failure)
            }
        }
    }

    /// At the start: the file; where it is not valid or the kernel refuses it, what was good last. Nothing is ever undone here that
    /// worked before the daemon was started, and what the kernel refuses is tried again.
    pub(super) async fn start(&self) {
        let _turn = self.turn.lock().await;
        let file = self.text(None).and_then(|(name, text)| Ok((parse(&name, &text)?, text)));
        let last_good = self.files.last_good();
        let refused = match &file {
            Ok((config, text)) => match self.bring(config).await {
                Ok(_) => {
                    self.adopt(config.clone(), None).await;
                    return self.keep(text).await;
                }
                Err(refused) => refused,
            },
            Err(refused) => refused.clone(),
        };
        log::error!("{} is not in force: {}", self.files.config().display(), refused.in_full());
        let differs = |text: &String| !matches!(&file, Ok((_, text_of_file)) if text_of_file == text);
        let good = last_good.filter(differs).and_then(|text| parse(&self.files.last_good_name(), &text).ok());
        match (good, file) {
            (Some(good), _) => {
                if let Err(error) = self.bring(&good).await {
                    log::error!("the last good configuration is not wholly in force: {}", error.in_full());
                }
                log::warn!("going on with the last good configuration");
                self.adopt(good, Some(refused)).await;
            }
            // What of it could be made is there; the rest is tried again whenever something changes.
            (None, Ok((config, _))) => self.adopt(config, None).await,
            (None, Err(_)) => {
                log::warn!("there is no configuration that was good before: nothing is changed");
                self.current.write().await.refused = Some(refused.body);
            }
        }
    }

    /// Makes the kernel what `current` says; writes nothing when it is.
    pub(super) async fn reconcile(&self) -> Result<Done, Failure> {
        let _turn = self.turn.lock().await;
        let config = {
            let current = self.current.read().await;
            if !current.is_applied() {
                return Ok(Done { ops: Vec::new(), writes: 0 });
            }
            current.config.clone()
        };
        let done = self.bring(&config).await?;
        if done.ops.is_empty() {
            // A container that ended took its port along, which leaves the plan nothing to do but frees the record.
            self.tend_containers(&config).await;
            self.cut_flows(&config).await;
        } else {
            self.after(&config).await;
        }
        Ok(done)
    }

    /// The new configuration could not be made: the old one it is. Before there is one, what is there stays.
    async fn go_back(&self) {
        let config = {
            let current = self.current.read().await;
            if !current.is_applied() {
                return;
            }
            current.config.clone()
        };
        if let Err(error) = self.bring(&config).await {
            log::error!("cannot go back to the configuration before: {}", error.in_full());
        }
        self.cut_flows(&config).await;
    }

    async fn adopt(&self, config: Config, refused: Option<Failure>) {
        {
            let mut current = self.current.write().await;
            current.config = config.clone();
            current.refused = refused.map(|refused| refused.body);
            current.stamp();
        }
        self.after(&config).await;
    }

    async fn keep(&self, text: &str) {
        let kept = self.files.keep_last_good(text).map_err(|error| error.to_string());
        if let Err(error) = &kept {
            log::error!("in force, but not kept for the next start: {error}");
        }
        self.current.write().await.not_kept = kept.err();
    }

    /// What follows the kernel: who is served addresses, the containers' ports, and flows that lost their permission.
    async fn after(&self, config: &Config) {
        let facts = self.current.read().await.facts.clone();
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
