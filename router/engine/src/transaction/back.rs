//! The way back: the old configuration it is, from wherever the kernel is.

use super::{Change, Effect, Origin, Phase, Transaction, apply::no_way_back};
use crate::{
    Back, Fingerprint, Mode, Now, Outcome, Write,
    journal::{Journal, Stage, Text},
    parse::parse,
};
use edge_api::{Failure, FailureKind};
use log::Level;

pub(super) const BY_HAND: &str = "somebody said routerctl revert";

impl Transaction {
    /// Within a window to what was confirmed last; else to the configuration before, so that a second one returns.
    pub(super) fn revert(&mut self, before: Option<Text>, file: Fingerprint, now: &Now) -> Vec<Effect> {
        if let Some(open) = self.ledger.open.clone() {
            return self.go_back(open, Outcome::Reverted, BY_HAND.to_owned(), Origin::Asked, None);
        }
        let nothing = || Failure::new(FailureKind::Conflict, "there is no configuration before this one to go back to");
        let parsed = before.ok_or_else(nothing).and_then(|text| Ok((parse(&text)?, text)));
        let (config, text) = match parsed {
            Ok(parsed) => parsed,
            Err(failure) => return vec![Effect::Answer(Err(failure))],
        };
        let journal = Journal::new(None, text, Vec::new(), file);
        let origin = self.away_from_kept(&journal.new);
        self.begin(journal, config, None, origin, now)
    }

    /// One of the history, on the way of any other.
    pub(super) fn revert_to(&mut self, back: &Back, text: Text, file: Fingerprint, now: &Now) -> Vec<Effect> {
        let config = match parse(&text) {
            Ok(config) => config,
            Err(failure) => return vec![Effect::Answer(Err(failure))],
        };
        let journal = Journal { revert_to: Some(back.to), ..Journal::new(None, text, Vec::new(), file) };
        let origin = self.away_from_kept(&journal.new);
        self.begin(journal, config, back.confirm, origin, now)
    }

    /// What is kept is decided against, unless it is the same.
    fn away_from_kept(&self, new: &Text) -> Origin {
        match &self.ledger.kept {
            Some(kept) if kept.text.text == new.text => Origin::Asked,
            kept => Origin::Reverted { about: kept.as_ref().map(|kept| kept.text.name.clone()).unwrap_or_default() },
        }
    }

    /// A window that is over ends in the old configuration, and a way back that did not end goes on.
    pub(super) fn time(&mut self, now: &Now) -> Vec<Effect> {
        let Some(open) = self.ledger.open.clone() else { return vec![Effect::Answer(Ok(()))] };
        match open.phase.clone() {
            Stage::Confirming { .. } if open.left(&now.moment).is_some_and(|left| left > 0) => vec![Effect::Answer(Ok(()))],
            Stage::Confirming { .. } => {
                let line = format!("{} was not confirmed in time: the configuration before it comes back", open.new.name);
                let because = "nobody said routerctl confirm in time".to_owned();
                let mut effects = vec![Effect::Log(Level::Warn, line)];
                effects.extend(self.go_back(open, Outcome::Unconfirmed, because, Origin::Asked, None));
                effects
            }
            Stage::Reverting { outcome, because } => self.go_back(open, outcome, because, Origin::Asked, None),
            Stage::Applying => vec![Effect::Answer(Ok(()))],
        }
    }

    /// What could not be made is unmade; the failure says how that went too.
    pub(super) fn undo(&mut self, change: Change, failure: Failure) -> Vec<Effect> {
        let Change { journal, origin, .. } = change;
        let because = failure.in_full();
        if journal.old.is_some() {
            return self.go_back(journal, Outcome::Refused, because, origin, Some(failure));
        }
        let decide = self.decide(Outcome::Refused, &journal.new.name, Some(because), journal.file);
        let failure = failure.detail("nothing was in force before: what the kernel took of it stays, behind a closed policy");
        vec![decide, Effect::Note(vec![Write::NoJournal]), Effect::Answer(Err(failure))]
    }

    /// By the same comparison with the kernel as any other way. Where the kernel is not wholly there in the end, the journal stays, and
    /// it is tried again in time. `why`: what the answer is, other than how the way back went.
    pub(super) fn go_back(
        &mut self,
        mut journal: Journal,
        outcome: Outcome,
        because: String,
        origin: Origin,
        why: Option<Failure>,
    ) -> Vec<Effect> {
        let Some(old) = journal.old.clone() else { return vec![Effect::Answer(Err(no_way_back()))] };
        let mut effects = Vec::new();
        let stage = Stage::Reverting { outcome, because };
        if journal.phase != stage {
            journal.phase = stage;
            effects.push(Effect::Note(vec![Write::Journal(journal.clone())]));
        }
        (self.ledger.open, self.ledger.applied_at) = (Some(journal.clone()), old.at);
        match parse(&old.text) {
            Ok(config) => {
                effects.push(Effect::Converge(config.clone(), Mode::Most));
                self.phase = Phase::Reverting(Change { journal, config, origin }, why);
            }
            Err(second) => effects.extend(self.answer_back(journal, origin, why, Err(second))),
        }
        effects
    }

    pub(super) fn went_back(&mut self, change: Change, why: Option<Failure>) -> Vec<Effect> {
        let Change { journal, config, origin } = change;
        let mut effects = vec![Effect::Adopt(config)];
        effects.extend(self.end_in_old(&journal));
        effects.extend(self.answer_back(journal, origin, why, Ok(())));
        effects
    }

    /// What is in force is the old one all the same.
    pub(super) fn not_back(&mut self, change: Change, why: Option<Failure>, second: Failure) -> Vec<Effect> {
        let Change { journal, config, origin } = change;
        let mut effects = vec![Effect::Adopt(config)];
        effects.extend(self.answer_back(journal, origin, why, Err(second)));
        effects
    }

    /// The old configuration is the one in force, by what `journal` says. Without all of it on disk the journal stays: it leads the next
    /// start back here too, where a file that nobody confirmed would be tried.
    pub(super) fn end_in_old(&mut self, journal: &Journal) -> Option<Effect> {
        let (Stage::Reverting { outcome, because }, Some(old)) = (&journal.phase, &journal.old) else { return None };
        (self.ledger.kept, self.ledger.open, self.ledger.applied_at) = (Some(old.clone()), None, old.at);
        let decision = self.decided(*outcome, &journal.new.name, Some(because.clone()), journal.file.clone());
        Some(Effect::Note(vec![Write::LastGood(old.text.text.clone()), Write::Decision(decision), Write::NoJournal]))
    }

    fn answer_back(&mut self, journal: Journal, origin: Origin, why: Option<Failure>, back: Result<(), Failure>) -> Vec<Effect> {
        let answer = match (why, back) {
            (None, back) => back,
            (Some(why), Ok(())) => Err(why.detail("undone: what was in force before is in force again")),
            (Some(why), Err(second)) => Err(why
                .detail(format!("and what was in force before is not wholly back: {}", second.in_full()))
                .detail("that is tried again until it is; routerctl status tells")),
        };
        self.answer(journal, origin, answer)
    }
}
