//! The start: what the last run left is brought to an end, then the configuration file or what was decided is in force.

use super::{
    Daemon, apply,
    boot::Moment,
    bring::Manner,
    decision::Outcome,
    journal::{Journal, Kept, Phase, Text},
    recovery::{Choice, Recovery, choose, recover},
    transaction::Wish,
};
use edge_api::Failure;
use edge_config::Config;

impl Daemon {
    /// Nothing is ever undone here that worked before the daemon was started, and it never ends with nothing because of a bad file.
    pub(super) async fn start(&self) {
        let _turn = self.turn.lock().await;
        self.adopt_older_marks().await;
        let decision = self.files.decision();
        {
            let mut current = self.current.write().await;
            current.kept = self.files.kept(decision.as_ref()).filter(|kept| apply::parse(&kept.text).is_ok());
            current.decision = decision;
        }
        let file = self.files.read_config();
        let journal = self.files.journal();
        match (recover(journal.as_ref(), &Moment::now(), &file.fingerprint), journal) {
            (Recovery::GoOn, Some(journal)) => return self.resume(journal).await,
            (Recovery::GoBack(outcome), Some(journal)) => self.recall_old(journal, outcome).await,
            (Recovery::TryAgain, Some(journal)) => {
                let Journal { new, file, .. } = journal;
                log::warn!("{} was interrupted while it was being applied, and there is none before: once more", new.name);
                return self.first(Ok(new), file).await;
            }
            _ => {}
        }
        let text = file.text.map(|text| Text { name: self.config_name(), text });
        let text = text.map_err(|why| apply::unreadable(&self.config_name(), &why));
        let (choice, kept) = {
            let current = self.current.read().await;
            (choose(current.decision.as_ref(), &file.fingerprint, current.kept.is_some()), current.kept.clone())
        };
        match (choice, kept) {
            (Choice::Kept, Some(kept)) => self.stay(kept).await,
            (Choice::File, Some(kept)) => self.try_file(text, file.fingerprint, kept).await,
            (_, None) => self.first(text, file.fingerprint).await,
        }
    }

    /// An upgrade may mark what it makes otherwise than the release before; what that made is taken over first.
    async fn adopt_older_marks(&self) {
        self.kernel.trust(self.files.namespaces()).await;
        match self.kernel.adopt().await {
            Ok(0) => {}
            Ok(count) => log::info!("took over {count} objects that an older release made"),
            Err(error) => log::error!("what an older release made may be in the way: {error}"),
        }
    }

    /// What was decided stays. What the kernel refuses of it is told, and tried again whenever something changes there.
    async fn stay(&self, kept: Kept) {
        let Ok(config) = apply::parse(&kept.text) else { return };
        if let Err(error) = self.bring(&config, Manner::Most).await {
            log::error!("{} is not wholly in force: {}", kept.text.name, error.in_full());
        }
        {
            let mut current = self.current.write().await;
            // A state directory of a release that did not write the time down.
            current.applied_at = kept.at.or_else(|| Some(super::current::unix_seconds()));
            if let Some(decision) = current.decision.as_ref().filter(|decision| decision.outcome != Outcome::Applied) {
                log::warn!("going on with the last good configuration: {} {}", decision.about, decision.outcome.in_words());
            }
        }
        self.adopt(config).await;
    }

    /// The file is another than the one decided upon: it is applied, or `kept` stays.
    async fn try_file(&self, text: Result<Text, Failure>, file: String, kept: Kept) {
        let parsed = text.and_then(|text| Ok((apply::parse(&text)?, text)));
        let refused = match parsed {
            // The same text as before: nothing to come back to would be gained by refusing it.
            Ok((_, text)) if text.text == kept.text.text => {
                self.current.write().await.kept = Some(Kept { text: text.clone(), ..kept.clone() });
                self.decide(Outcome::Applied, &text.name, None, file).await;
                return self.stay(Kept { text, ..kept }).await;
            }
            Ok((config, text)) => match self.transact(Wish { text, config, file, confirm: None }).await {
                Ok(_) => return,
                Err(refused) => refused,
            },
            Err(refused) => {
                self.decide(Outcome::Refused, &self.config_name(), Some(refused.in_full()), file).await;
                self.stay(kept).await;
                refused
            }
        };
        log::error!("{} is not in force: {}", self.config_name(), refused.in_full());
        if !self.current.read().await.is_applied() {
            // Not even begun: the journal could not be written.
            let kept = self.current.read().await.kept.clone();
            if let Some(kept) = kept {
                self.stay(kept).await;
            }
        }
    }

    /// Nothing was ever in force: what of the text can be made is there, the rest is tried again whenever something changes.
    async fn first(&self, text: Result<Text, Failure>, file: String) {
        let (text, config) = match text.and_then(|text| Ok((apply::parse(&text)?, text))) {
            Ok((config, text)) => (text, config),
            Err(refused) => {
                log::error!("{} is not in force: {}", self.config_name(), refused.in_full());
                log::warn!("there is no configuration that was good before: nothing is changed");
                return self.decide(Outcome::Refused, &self.config_name(), Some(refused.in_full()), file).await;
            }
        };
        let journal = Journal::new(None, text.clone(), &[], file.clone());
        self.told(self.files.write_journal(&journal)).await;
        match self.bring(&config, Manner::Most).await {
            Ok(_) => {
                let committed = self.commit(&journal).await;
                self.told(committed).await;
            }
            Err(refused) => {
                log::error!("{} is not wholly in force: {}", text.name, refused.in_full());
                self.told(self.files.remove_journal()).await;
            }
        }
        self.in_force_at_least(text, config).await;
    }

    /// Also when it could not be kept, or the kernel refused a part: it is what the kernel is brought to from now on.
    async fn in_force_at_least(&self, text: Text, config: Config) {
        {
            let mut current = self.current.write().await;
            let now = Some(super::current::unix_seconds());
            current.applied_at = current.applied_at.or(now);
            current.kept = current.kept.take().or(Some(Kept { text, at: now }));
        }
        self.adopt(config).await;
    }

    /// The daemon was started again within the window: the new configuration stays, and what is left of the window goes on.
    async fn resume(&self, journal: Journal) {
        let config = match apply::parse(&journal.new) {
            Ok(config) => config,
            Err(refused) => {
                log::error!("what waits to be confirmed cannot be read any more: {}", refused.in_full());
                if let Err(error) = self.go_back(journal, Outcome::Refused, refused.in_full()).await {
                    log::error!("{}", error.in_full());
                }
                return;
            }
        };
        if let Err(error) = self.bring(&config, Manner::Most).await {
            log::error!("{} is not wholly in force: {}", journal.new.name, error.in_full());
        }
        log::warn!("{} still waits to be confirmed: routerctl confirm", journal.new.name);
        {
            let mut current = self.current.write().await;
            if let Phase::Confirming { applied_at, .. } = journal.phase {
                current.applied_at = Some(applied_at);
            }
            (current.kept, current.open) = (journal.old.clone(), Some(journal));
        }
        self.keeper.notify_one();
        self.adopt(config).await;
    }

    /// On disk only: what the kernel is brought to is the same as at any start then.
    async fn recall_old(&self, mut journal: Journal, outcome: Outcome) {
        log::error!("{} {}: the configuration before it comes back", journal.new.name, outcome.in_words());
        if !matches!(journal.phase, Phase::Reverting { .. }) {
            let because = format!("{} {}", journal.new.name, outcome.in_words());
            journal.phase = Phase::Reverting { outcome, because };
        }
        self.end_in_old(&journal).await;
    }
}
