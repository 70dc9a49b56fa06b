//! From one configuration to another, wholly or not at all: journal, converge, commit; or back. A pure machine.
//!
//! An [`Event`] gives [`Effect`]s. Whoever drives it carries them out in order; the first that fails ends the batch and is the next event,
//! and a batch that was carried out is the event [`Event::Done`]. [`Effect::Answer`] is the last of all. A crash may come at any effect: the
//! next run begins with [`Event::Start`].

mod apply;
mod back;
mod commit;
mod start;

pub(crate) use commit::nothing_waits;

use crate::{
    Back, ConfigFile, Decision, Fingerprint, Left, Mode, Now, Outcome, Write,
    journal::{Journal, Kept, Text},
    ledger::Ledger,
};
use edge_api::{Failure, FailureKind};
use edge_config::Config;
use log::Level;
use std::{mem, sync::Arc};

/// What happens to a transaction.
#[derive(Clone, Debug)]
pub enum Event {
    /// The daemon starts, and finds this.
    Start(Box<(Left, ConfigFile)>),
    /// Somebody wants a configuration in force.
    Apply(Box<Request>),
    /// What waits to be confirmed is confirmed.
    Confirm,
    /// Somebody wants to go back. `before`: what was in force before what is kept. `file`: the configuration file.
    Revert {
        /// `None`: there is none, or it cannot be read.
        before: Option<Text>,
        /// What the configuration file is now.
        file: Fingerprint,
    },
    /// Somebody wants one of the history.
    RevertTo {
        /// Which.
        back: Back,
        /// What it says.
        text: Text,
        /// What the configuration file is now.
        file: Fingerprint,
    },
    /// Time has passed.
    Time,
    /// [`Effect::Plan`] found these changes to be made.
    Planned(Vec<String>),
    /// All effects of the last batch were carried out.
    Done,
    /// [`Effect::Plan`] or [`Effect::Converge`] did not succeed.
    Refused(Failure),
    /// [`Effect::Write`] did not succeed.
    Unwritten(Failure),
}

/// What is to be in force.
#[derive(Clone, Debug)]
pub struct Request {
    /// Or why it cannot be read.
    pub text: Result<Text, Failure>,
    /// The configuration file at the time of the request.
    pub file: ConfigFile,
    /// Seconds in which it must be confirmed.
    pub confirm: Option<u32>,
}

/// What is to be done about it.
#[derive(Clone, Debug)]
pub enum Effect {
    /// Find out what there is to do in the kernel. The answer is [`Event::Planned`].
    Plan(Arc<Config>),
    /// Bring the kernel there, by the plan where one was just made.
    Converge(Arc<Config>, Mode),
    /// This is in force from now on: publish it, and have the services follow.
    Adopt(Arc<Config>),
    /// Without it nothing goes on.
    Write(Write),
    /// One after the other, up to the first that fails. That costs nothing now, and is told to [`Transaction::noted`].
    Note(Vec<Write>),
    /// A line for the log.
    Log(Level, String),
    /// The end.
    Answer(Result<(), Failure>),
}

/// Where it is between two events.
#[derive(Debug, Default)]
enum Phase {
    #[default]
    Idle,
    /// What there is to do is being found out.
    Planning(Change, Option<u64>),
    /// The journal is being written, then the kernel is brought to the new one.
    Applying(Change, Option<u64>),
    /// The kernel is as the new one wants it; that is being written down, and what is known then.
    Concluding(Change, Box<Ledger>),
    /// That it is confirmed is being written down.
    Confirming(Box<Ledger>),
    /// On the way back, because of that.
    Reverting(Change, Option<Failure>),
    /// At a start: what was decided is brought about once more.
    Staying(Kept, Arc<Config>),
    /// At a start: there was nothing before.
    First(Change),
    /// At a start: what waits to be confirmed is brought about once more.
    Resuming(Change),
}

/// One configuration, on its way.
#[derive(Debug)]
struct Change {
    journal: Journal,
    config: Arc<Config>,
    origin: Origin,
}

/// Who began it.
#[derive(Debug)]
enum Origin {
    /// Who waits for the answer.
    Asked,
    /// `routerctl revert`, away from what is called so.
    Reverted { about: String },
    /// A start, for the configuration file is another one.
    Started,
}

/// The one transaction there can be at a time.
#[derive(Debug, Default)]
pub struct Transaction {
    ledger: Ledger,
    phase: Phase,
}

impl Transaction {
    /// What is known by now.
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// How a [`Effect::Note`] went: what is in force may not be what the next start finds.
    pub fn noted(&mut self, written: Result<(), String>) {
        self.ledger.not_kept = written.err();
    }

    /// What to do about an event.
    pub fn step(&mut self, event: Event, now: &Now) -> Vec<Effect> {
        match (mem::take(&mut self.phase), event) {
            (_, Event::Start(found)) => self.start(found.0, found.1, now),
            (_, Event::Apply(request)) => self.apply(*request, Origin::Asked, now),
            (_, Event::Confirm) => self.confirm(now),
            (_, Event::Revert { before, file }) => self.revert(before, file, now),
            (_, Event::RevertTo { back, text, file }) => self.revert_to(&back, text, file, now),
            (_, Event::Time) => self.time(now),
            (Phase::Planning(change, deadline), Event::Planned(changes)) => self.planned(change, deadline, changes),
            (Phase::Planning(change, _), Event::Refused(failure)) => self.answer(change.journal, change.origin, Err(failure)),
            (Phase::Applying(change, deadline), Event::Done) => self.conclude(change, deadline, now),
            (Phase::Applying(change, _), Event::Unwritten(error)) => {
                self.answer(change.journal, change.origin, Err(apply::not_begun(&error)))
            }
            (Phase::Applying(change, _), Event::Refused(failure)) => self.undo(change, failure),
            (Phase::Concluding(change, next), Event::Done) => self.concluded(change, *next),
            (Phase::Concluding(change, _), Event::Unwritten(error)) => {
                self.undo(change, error.detail("it would not outlive a restart"))
            }
            (Phase::Confirming(next), Event::Done) => self.confirmed(*next),
            (Phase::Confirming(_), Event::Unwritten(error)) => vec![Effect::Answer(Err(commit::not_confirmed(&error)))],
            (Phase::Reverting(change, why), Event::Done) => self.went_back(change, why),
            (Phase::Reverting(change, why), Event::Refused(second)) => self.not_back(change, why, second),
            (Phase::Staying(kept, config), Event::Done) => self.stayed(kept, config, now),
            (Phase::Staying(kept, config), Event::Refused(failure)) => self.stayed_partly(kept, config, &failure, now),
            (Phase::First(change), Event::Done) => self.was_first(change, now),
            (Phase::First(change), Event::Refused(failure)) => self.was_first_partly(change, &failure, now),
            (Phase::Resuming(change), Event::Done) => self.resumed(change),
            (Phase::Resuming(change), Event::Refused(failure)) => self.resumed_partly(change, &failure),
            (phase, event) => vec![Effect::Answer(Err(out_of_step(&phase, &event)))],
        }
    }

    /// The answer to whoever began it, and what follows from it.
    fn answer(&mut self, journal: Journal, origin: Origin, answer: Result<(), Failure>) -> Vec<Effect> {
        match (origin, answer) {
            // Within a window nothing is decided yet.
            (Origin::Reverted { about }, Ok(())) if self.ledger.open.is_none() => {
                let because = Some(back::BY_HAND.to_owned());
                vec![self.decide(Outcome::Reverted, &about, because, journal.file), Effect::Answer(Ok(()))]
            }
            (Origin::Started, Err(refused)) => self.not_started(&journal.new.name, &refused),
            (_, answer) => vec![Effect::Answer(answer)],
        }
    }

    /// Writes down why `about` is not in force, and that what is kept is.
    fn decide(&mut self, outcome: Outcome, about: &str, reason: Option<String>, file: Fingerprint) -> Effect {
        Effect::Note(vec![Write::Decision(self.decided(outcome, about, reason, file))])
    }

    fn decided(&mut self, outcome: Outcome, about: &str, reason: Option<String>, file: Fingerprint) -> Decision {
        let (in_force, applied_at) =
            self.ledger.kept.as_ref().map_or((None, None), |kept| (Some(kept.text.name.clone()), kept.at));
        let before = self.ledger.before();
        let decision = Decision { outcome, about: about.to_owned(), reason, file, in_force, applied_at, before };
        self.ledger.decision = Some(decision.clone());
        decision
    }
}

/// Only a driver with a fault gets there.
fn out_of_step(phase: &Phase, event: &Event) -> Failure {
    Failure::new(FailureKind::Internal, format!("a transaction is out of step: {event:?} while {phase:?}"))
}
