//! The way there.

use super::{Change, Effect, Origin, Phase, Request, Transaction};
use crate::{
    Mode, Now, Outcome, Write,
    journal::{Journal, Stage, Text},
    parse::parse,
    store::fingerprint,
};
use edge_api::{Failure, FailureKind};
use edge_config::Config;
use std::sync::Arc;

impl Transaction {
    /// What cannot be parsed is refused; where it is the configuration file, that is decided about it.
    pub(super) fn apply(&mut self, request: Request, origin: Origin, now: &Now) -> Vec<Effect> {
        let Request { text, file, confirm } = request;
        let text = match text {
            Ok(text) => text,
            Err(failure) => return self.refuse_file(&file.name, failure, file.fingerprint),
        };
        match parse(&text) {
            Ok(config) => self.begin(Journal::new(None, text, Vec::new(), file.fingerprint), config, confirm, origin, now),
            Err(failure) if fingerprint(&text.text) == file.fingerprint => {
                self.refuse_file(&text.name, failure, file.fingerprint)
            }
            Err(failure) => vec![Effect::Answer(Err(failure))],
        }
    }

    fn refuse_file(&mut self, name: &str, failure: Failure, file: String) -> Vec<Effect> {
        vec![self.decide(Outcome::Refused, name, Some(failure.in_full()), file), Effect::Answer(Err(failure))]
    }

    pub(super) fn begin(
        &mut self,
        journal: Journal,
        config: Arc<Config>,
        confirm: Option<u32>,
        origin: Origin,
        now: &Now,
    ) -> Vec<Effect> {
        let deadline = match self.deadline(&journal.new, confirm, now) {
            Ok(deadline) => deadline,
            Err(failure) => return self.answer(journal, origin, Err(failure)),
        };
        let effects = vec![Effect::Plan(config.clone())];
        let journal = Journal { old: self.ledger.kept.clone(), ..journal };
        self.phase = Phase::Planning(Change { journal, config, origin }, deadline);
        effects
    }

    /// Milliseconds since the boot, until when it must be confirmed.
    fn deadline(&self, new: &Text, confirm: Option<u32>, now: &Now) -> Result<Option<u64>, Failure> {
        let old = self.ledger.kept.as_ref();
        match (confirm, self.ledger.open.as_ref().map(|open| &open.phase)) {
            _ if old.is_some_and(|old| old.text.text == new.text) => Ok(None),
            (Some(_), _) if old.is_none() => Err(no_way_back()),
            (Some(seconds), _) => Ok(Some(now.moment.ms + u64::from(seconds) * 1000)),
            // Only `routerctl confirm` confirms; the way back stays what was confirmed last.
            (None, Some(Stage::Confirming { deadline_ms, .. })) => Ok(Some(*deadline_ms)),
            (None, _) => Ok(None),
        }
    }

    /// The way back is on disk before the first operation. Where nothing is to be done it is not needed, and nothing is written.
    pub(super) fn planned(&mut self, mut change: Change, deadline: Option<u64>, changes: Vec<String>) -> Vec<Effect> {
        let journal = &mut change.journal;
        let is_old = journal.old.as_ref().is_some_and(|old| old.text.text == journal.new.text);
        let is_nothing = is_old && self.ledger.open.is_none() && changes.is_empty();
        journal.changes = changes;
        let mut effects = Vec::new();
        if !is_nothing {
            effects.push(Effect::Write(Write::Journal(journal.clone())));
        }
        effects.push(Effect::Converge(change.config.clone(), Mode::Whole));
        self.phase = Phase::Applying(change, deadline);
        effects
    }
}

pub(super) fn not_begun(error: &Failure) -> Failure {
    Failure::new(FailureKind::Internal, format!("nothing was changed: the way back cannot be written down: {error}"))
        .detail("is the disk full, or worn? restart the daemon to go on with a copy of its state in memory")
}

pub(super) fn no_way_back() -> Failure {
    Failure::new(FailureKind::Conflict, "there is no earlier configuration that could come back")
        .detail("apply without --confirm")
}
