//! The end of the way there: a window to confirm it in, or the new configuration to come back to.

use super::{Change, Effect, Phase, Transaction, back::BY_HAND};
use crate::{
    Decision, Ledger, Now, Outcome, Write,
    journal::{Journal, Kept, Stage},
};
use edge_api::{Failure, FailureKind};

impl Transaction {
    pub(super) fn conclude(&mut self, mut change: Change, deadline: Option<u64>, now: &Now) -> Vec<Effect> {
        let (writes, next) = match deadline {
            Some(deadline) => self.open_window(&mut change.journal, deadline, now),
            None => self.commit(&change.journal, now),
        };
        self.phase = Phase::Concluding(change, Box::new(next));
        writes.into_iter().map(Effect::Write).collect()
    }

    pub(super) fn concluded(&mut self, change: Change, next: Ledger) -> Vec<Effect> {
        self.ledger = next;
        let mut effects = vec![Effect::Adopt(change.config.clone())];
        effects.extend(self.answer(change.journal, change.origin, Ok(())));
        effects
    }

    fn open_window(&self, journal: &mut Journal, deadline_ms: u64, now: &Now) -> (Vec<Write>, Ledger) {
        let applied_at = now.unix;
        journal.phase = Stage::Confirming { boot: now.moment.boot.clone(), deadline_ms, applied_at };
        let next = Ledger { open: Some(journal.clone()), applied_at: Some(applied_at), ..self.ledger.clone() };
        (vec![Write::Journal(journal.clone())], next)
    }

    /// The new configuration is the one to come back to from now on.
    pub(super) fn commit(&self, journal: &Journal, now: &Now) -> (Vec<Write>, Ledger) {
        let old = journal.old.as_ref().filter(|old| old.text.text != journal.new.text);
        let at = match (&journal.phase, &journal.old) {
            (Stage::Confirming { applied_at, .. }, _) => Some(*applied_at),
            (_, Some(same)) if old.is_none() => same.at,
            _ => Some(now.unix),
        };
        // What was taken back in a window is decided against when it is confirmed.
        let (outcome, about, reason) = match (journal.revert_to, old) {
            (Some(_), Some(old)) => (Outcome::Reverted, &old.text.name, Some(BY_HAND.to_owned())),
            _ => (Outcome::Applied, &journal.new.name, None),
        };
        let decision = Decision {
            outcome,
            about: about.clone(),
            reason,
            file: journal.file.clone(),
            in_force: Some(journal.new.name.clone()),
            applied_at: at,
            before: old.map_or(self.ledger.before(), |old| Some(old.text.name.clone())),
        };
        let mut writes: Vec<Write> = old.map(|old| Write::Previous(old.text.text.clone())).into_iter().collect();
        writes.extend([Write::LastGood(journal.new.text.clone()), Write::Decision(decision.clone()), Write::NoJournal]);
        let kept = Some(Kept { text: journal.new.clone(), at });
        (writes, Ledger { kept, decision: Some(decision), open: None, applied_at: at, ..self.ledger.clone() })
    }

    pub(super) fn confirm(&mut self, now: &Now) -> Vec<Effect> {
        let Some((journal, _)) = self.ledger.window(&now.moment) else { return vec![Effect::Answer(Err(nothing_waits()))] };
        let (writes, next) = self.commit(journal, now);
        self.phase = Phase::Confirming(Box::new(next));
        writes.into_iter().map(Effect::Write).collect()
    }

    pub(super) fn confirmed(&mut self, next: Ledger) -> Vec<Effect> {
        self.ledger = next;
        vec![Effect::Answer(Ok(()))]
    }
}

/// Somebody says `routerctl confirm`.
pub(crate) fn nothing_waits() -> Failure {
    Failure::new(FailureKind::Conflict, "nothing waits to be confirmed")
        .detail("routerctl status tells what is in force, and why")
}

pub(super) fn not_confirmed(error: &Failure) -> Failure {
    Failure::new(FailureKind::Internal, format!("not confirmed: it cannot be written down: {error}"))
        .detail("the configuration before comes back at the end of the window")
}
