//! From one configuration to another, wholly or not at all: journal, execute, observe again, commit; or back.

use super::{
    Daemon, apply,
    boot::{Moment, boot_ms},
    bring::{Done, Manner},
    current::unix_seconds,
    decision::{Decision, Fingerprint, Outcome},
    journal::{Journal, Kept, Phase, Text},
};
use edge_api::{Failure, FailureKind};
use edge_config::Config;
use std::io;

/// What is to be in force.
pub struct Wish {
    pub text: Text,
    pub config: Config,
    /// The configuration file at the time of the wish.
    pub file: Fingerprint,
    /// Seconds in which it must be confirmed.
    pub confirm: Option<u32>,
}

impl Daemon {
    /// Whoever calls has the turn.
    pub(super) async fn transact(&self, wish: Wish) -> Result<Done, Failure> {
        let Wish { text, config, file, confirm } = wish;
        let (old, open) = {
            let current = self.current.read().await;
            (current.kept.clone(), current.open.clone())
        };
        let is_old = old.as_ref().is_some_and(|old| old.text.text == text.text);
        let deadline_ms = match (confirm, open.as_ref().map(|open| &open.phase)) {
            _ if is_old => None,
            (Some(_), _) if old.is_none() => return Err(no_way_back()),
            (Some(seconds), _) => Some(boot_ms() + u64::from(seconds) * 1000),
            // Only `routerctl confirm` confirms; the way back stays what was confirmed last.
            (None, Some(Phase::Confirming { deadline_ms, .. })) => Some(*deadline_ms),
            (None, _) => None,
        };
        let planned = self.plan_for(&config, Manner::Whole).await?;
        let mut journal = Journal::new(old, text, &planned.diff.ops, file);
        if !(is_old && open.is_none() && planned.diff.ops.is_empty()) {
            self.files.write_journal(&journal).map_err(|error| not_begun(&error))?;
        }
        let done = match self.carry_through(&config, planned, Manner::Whole).await {
            Ok(done) => done,
            Err(failure) => return Err(self.undo(journal, failure).await),
        };
        let concluded = match deadline_ms {
            Some(deadline_ms) => self.open_window(&mut journal, deadline_ms).await,
            None => self.commit(&journal).await,
        };
        if let Err(error) = concluded {
            let failure = Failure::from_error(FailureKind::Internal, &error);
            return Err(self.undo(journal, failure.detail("it would not outlive a restart")).await);
        }
        self.adopt(config).await;
        Ok(done)
    }

    /// The new configuration is the one to come back to from now on.
    pub(super) async fn commit(&self, journal: &Journal) -> io::Result<()> {
        let known = self.current.read().await.decision.as_ref().and_then(|decision| decision.before.clone());
        let old = journal.old.as_ref().filter(|old| old.text.text != journal.new.text);
        let at = match (&journal.phase, &journal.old) {
            (Phase::Confirming { applied_at, .. }, _) => Some(*applied_at),
            (_, Some(same)) if old.is_none() => same.at,
            _ => Some(unix_seconds()),
        };
        if let Some(old) = old {
            self.files.keep_previous(&old.text.text)?;
        }
        self.files.keep(&journal.new.text)?;
        let decision = Decision {
            outcome: Outcome::Applied,
            about: journal.new.name.clone(),
            reason: None,
            file: journal.file.clone(),
            in_force: Some(journal.new.name.clone()),
            applied_at: at,
            before: old.map_or(known, |old| Some(old.text.name.clone())),
        };
        self.files.decide(&decision)?;
        self.files.remove_journal()?;
        let mut current = self.current.write().await;
        current.kept = Some(Kept { text: journal.new.clone(), at });
        (current.decision, current.open, current.applied_at) = (Some(decision), None, at);
        Ok(())
    }

    async fn open_window(&self, journal: &mut Journal, deadline_ms: u64) -> io::Result<()> {
        let applied_at = unix_seconds();
        journal.phase = Phase::Confirming { boot: Moment::now().boot, deadline_ms, applied_at };
        self.files.write_journal(journal)?;
        let mut current = self.current.write().await;
        (current.open, current.applied_at) = (Some(journal.clone()), Some(applied_at));
        self.keeper.notify_one();
        Ok(())
    }

    /// What could not be made is unmade; the failure says how that went too.
    async fn undo(&self, journal: Journal, failure: Failure) -> Failure {
        if journal.old.is_none() {
            let (about, file) = (journal.new.name.clone(), journal.file.clone());
            self.decide(Outcome::Refused, &about, Some(failure.in_full()), file).await;
            self.told(self.files.remove_journal()).await;
            return failure.detail("nothing was in force before: what the kernel took of it stays, behind a closed policy");
        }
        match self.go_back(journal, Outcome::Refused, failure.in_full()).await {
            Ok(_) => failure.detail("undone: what was in force before is in force again"),
            Err(second) => failure
                .detail(format!("and what was in force before is not wholly back: {}", second.in_full()))
                .detail("that is tried again until it is; routerctl status tells"),
        }
    }

    /// The old configuration it is, from wherever the kernel is, and the kernel is looked at again to see that it is so. Where it is not,
    /// the journal stays, and the keeper tries again.
    pub(super) async fn go_back(&self, mut journal: Journal, outcome: Outcome, because: String) -> Result<Done, Failure> {
        let Some(old) = journal.old.clone() else { return Err(no_way_back()) };
        let phase = Phase::Reverting { outcome, because };
        if journal.phase != phase {
            journal.phase = phase;
            self.told(self.files.write_journal(&journal)).await;
        }
        {
            let mut current = self.current.write().await;
            (current.open, current.applied_at) = (Some(journal.clone()), old.at);
        }
        let config = apply::parse(&old.text)?;
        let back = self.bring(&config, Manner::Most).await;
        self.adopt(config).await;
        match &back {
            Ok(_) => self.end_in_old(&journal).await,
            Err(_) => self.keeper.notify_one(),
        }
        back
    }

    /// The old configuration is the one in force, by what `journal` says.
    pub(super) async fn end_in_old(&self, journal: &Journal) {
        let (Phase::Reverting { outcome, because }, Some(old)) = (&journal.phase, &journal.old) else { return };
        let kept = self.files.keep(&old.text.text);
        {
            let mut current = self.current.write().await;
            (current.kept, current.open, current.applied_at) = (Some(old.clone()), None, old.at);
        }
        let decided = self.conclude(*outcome, &journal.new.name, Some(because.clone()), journal.file.clone()).await;
        // Without both the journal stays: it leads the next start back here too, where a file that nobody confirmed would be tried.
        self.told(kept.and(decided).and_then(|()| self.files.remove_journal())).await;
    }

    /// Writes down why `about` is not in force, and that what is kept is.
    pub(super) async fn decide(&self, outcome: Outcome, about: &str, reason: Option<String>, file: Fingerprint) {
        let written = self.conclude(outcome, about, reason, file).await;
        self.told(written).await;
    }

    async fn conclude(&self, outcome: Outcome, about: &str, reason: Option<String>, file: Fingerprint) -> io::Result<()> {
        let mut current = self.current.write().await;
        let (in_force, applied_at) = current.kept.as_ref().map_or((None, None), |kept| (Some(kept.text.name.clone()), kept.at));
        let before = current.decision.as_ref().and_then(|decision| decision.before.clone());
        let decision = Decision { outcome, about: about.to_owned(), reason, file, in_force, applied_at, before };
        let written = self.files.decide(&decision);
        current.decision = Some(decision);
        written
    }

    /// What is in force may not be what the next start finds: that is told, and costs nothing now.
    pub(super) async fn told(&self, written: io::Result<()>) {
        if let Err(error) = &written {
            log::error!("not kept for the next start: {error}");
            self.current.write().await.not_kept = Some(error.to_string());
        } else {
            self.current.write().await.not_kept = None;
        }
    }
}

fn not_begun(error: &io::Error) -> Failure {
    Failure::new(FailureKind::Internal, format!("nothing was changed: the way back cannot be written down: {error}"))
        .detail("is the disk full, or worn? restart the daemon to go on with a copy of its state in memory")
}

fn no_way_back() -> Failure {
    Failure::new(FailureKind::Conflict, "there is no earlier configuration that could come back")
        .detail("apply without --confirm")
}
