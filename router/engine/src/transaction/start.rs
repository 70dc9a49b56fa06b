//! The start: what the last run left is brought to an end, then the configuration file or what was decided is in force. Nothing is ever
//! undone here that worked before the daemon was started, and it never ends with nothing because of a bad file.

use super::{Change, Effect, Origin, Phase, Request, Transaction};
use crate::{
    ConfigFile, Left, Mode, Now, Outcome, Write,
    journal::{Journal, Kept, Stage, Text},
    parse::parse,
    recovery::{Choice, Recovery, choose, recover},
};
use edge_api::Failure;
use edge_config::Config;
use log::Level;
use std::sync::Arc;

impl Transaction {
    pub(super) fn start(&mut self, left: Left, file: ConfigFile, now: &Now) -> Vec<Effect> {
        let Left { decision, kept, journal } = left;
        self.ledger.kept = kept.filter(|kept| parse(&kept.text).is_ok());
        self.ledger.decision = decision;
        match (recover(journal.as_ref(), &now.moment, &file.fingerprint), journal) {
            (Recovery::GoOn, Some(journal)) => self.resume(journal),
            (Recovery::TryAgain, Some(Journal { new, file, .. })) => {
                let line =
                    format!("{} was interrupted while it was being applied, and there is none before: once more", new.name);
                with(Effect::Log(Level::Warn, line), self.first(&new.name.clone(), Ok(new), file))
            }
            (Recovery::GoBack(outcome), Some(journal)) => {
                let mut effects = self.recall_old(journal, outcome);
                effects.extend(self.choose(file, now));
                effects
            }
            _ => self.choose(file, now),
        }
    }

    fn choose(&mut self, file: ConfigFile, now: &Now) -> Vec<Effect> {
        let kept = self.ledger.kept.clone();
        match (choose(self.ledger.decision.as_ref(), &file.fingerprint, kept.is_some()), kept) {
            (Choice::Kept, Some(kept)) => self.stay(kept),
            (Choice::File, Some(kept)) => self.try_file(file, kept, now),
            (_, None) => self.first(&file.name, file.read(), file.fingerprint),
        }
    }

    /// On disk only: what the kernel is brought to is the same as at any start then.
    fn recall_old(&mut self, mut journal: Journal, outcome: Outcome) -> Vec<Effect> {
        let because = format!("{} {}", journal.new.name, outcome.in_words());
        let mut effects = vec![Effect::Log(Level::Error, format!("{because}: the configuration before it comes back"))];
        if !matches!(journal.phase, Stage::Reverting { .. }) {
            journal.phase = Stage::Reverting { outcome, because };
        }
        effects.extend(self.end_in_old(&journal));
        effects
    }

    /// What was decided stays. What the kernel refuses of it is told, and tried again whenever something changes there.
    fn stay(&mut self, kept: Kept) -> Vec<Effect> {
        match parse(&kept.text) {
            Ok(config) => {
                self.phase = Phase::Staying(kept, config.clone());
                vec![Effect::Converge(config, Mode::Most)]
            }
            Err(failure) => vec![Effect::Answer(Err(failure))],
        }
    }

    pub(super) fn stayed(&mut self, kept: Kept, config: Arc<Config>, now: &Now) -> Vec<Effect> {
        // A state directory of a release that did not write the time down.
        self.ledger.applied_at = kept.at.or(Some(now.unix));
        let decision = self.ledger.decision.as_ref().filter(|decision| decision.outcome != Outcome::Applied);
        let told = decision.map(|decision| {
            let line = format!("going on with the last good configuration: {} {}", decision.about, decision.outcome.in_words());
            Effect::Log(Level::Warn, line)
        });
        told.into_iter().chain([Effect::Adopt(config), Effect::Answer(Ok(()))]).collect()
    }

    pub(super) fn stayed_partly(&mut self, kept: Kept, config: Arc<Config>, refused: &Failure, now: &Now) -> Vec<Effect> {
        with(not_wholly(&kept.text, refused), self.stayed(kept, config, now))
    }

    /// The file is another than the one decided upon: it is applied, or `kept` stays.
    fn try_file(&mut self, file: ConfigFile, kept: Kept, now: &Now) -> Vec<Effect> {
        match file.read().and_then(|text| Ok((parse(&text)?, text))) {
            // The same text as before: nothing to come back to would be gained by refusing it.
            Ok((_, text)) if text.text == kept.text.text => {
                let kept = Kept { text, ..kept };
                self.ledger.kept = Some(kept.clone());
                with(self.decide(Outcome::Applied, &file.name, None, file.fingerprint), self.stay(kept))
            }
            Ok(_) => self.apply(Request { text: file.read(), file, confirm: None }, Origin::Started, now),
            Err(refused) => {
                let decide = self.decide(Outcome::Refused, &file.name, Some(refused.in_full()), file.fingerprint);
                with(decide, with(not_in_force(&file.name, &refused), self.stay(kept)))
            }
        }
    }

    /// Not even begun, where the journal could not be written: then what is kept stays.
    pub(super) fn not_started(&mut self, name: &str, refused: &Failure) -> Vec<Effect> {
        let kept = self.ledger.kept.clone().filter(|_| self.ledger.applied_at.is_none());
        with(not_in_force(name, refused), kept.map_or_else(|| vec![Effect::Answer(Ok(()))], |kept| self.stay(kept)))
    }

    /// Nothing was ever in force: what of the text can be made is there, the rest is tried again whenever something changes.
    fn first(&mut self, name: &str, text: Result<Text, Failure>, file: String) -> Vec<Effect> {
        match text.and_then(|text| Ok((parse(&text)?, text))) {
            Ok((config, text)) => {
                let journal = Journal::new(None, text, Vec::new(), file);
                let write = Effect::Note(vec![Write::Journal(journal.clone())]);
                self.phase = Phase::First(Change { journal, config: config.clone(), origin: Origin::Asked });
                vec![write, Effect::Converge(config, Mode::Most)]
            }
            Err(refused) => {
                let line = "there is no configuration that was good before: nothing is changed".to_owned();
                let decide = self.decide(Outcome::Refused, name, Some(refused.in_full()), file);
                vec![not_in_force(name, &refused), Effect::Log(Level::Warn, line), decide, Effect::Answer(Ok(()))]
            }
        }
    }

    pub(super) fn was_first(&mut self, change: Change, now: &Now) -> Vec<Effect> {
        let (writes, next) = self.commit(&change.journal, now);
        self.ledger = next;
        vec![Effect::Note(writes), Effect::Adopt(change.config), Effect::Answer(Ok(()))]
    }

    /// It is what the kernel is brought to from now on all the same.
    pub(super) fn was_first_partly(&mut self, change: Change, refused: &Failure, now: &Now) -> Vec<Effect> {
        let Change { journal, config, .. } = change;
        let told = not_wholly(&journal.new, refused);
        self.ledger.applied_at = Some(now.unix);
        self.ledger.kept = self.ledger.kept.take().or(Some(Kept { text: journal.new, at: Some(now.unix) }));
        vec![told, Effect::Note(vec![Write::NoJournal]), Effect::Adopt(config), Effect::Answer(Ok(()))]
    }

    /// The daemon was started again within the window: the new configuration stays, and what is left of the window goes on.
    fn resume(&mut self, journal: Journal) -> Vec<Effect> {
        match parse(&journal.new) {
            Ok(config) => {
                let converge = Effect::Converge(config.clone(), Mode::Most);
                self.phase = Phase::Resuming(Change { journal, config, origin: Origin::Asked });
                vec![converge]
            }
            Err(refused) => {
                let because = refused.in_full();
                let told = Effect::Log(Level::Error, format!("what waits to be confirmed cannot be read any more: {because}"));
                with(told, self.go_back(journal, Outcome::Refused, because, Origin::Asked, None))
            }
        }
    }

    pub(super) fn resumed(&mut self, change: Change) -> Vec<Effect> {
        let Change { journal, config, .. } = change;
        let told = Effect::Log(Level::Warn, format!("{} still waits to be confirmed: routerctl confirm", journal.new.name));
        if let Stage::Confirming { applied_at, .. } = journal.phase {
            self.ledger.applied_at = Some(applied_at);
        }
        (self.ledger.kept, self.ledger.open) = (journal.old.clone(), Some(journal));
        vec![told, Effect::Adopt(config), Effect::Answer(Ok(()))]
    }

    pub(super) fn resumed_partly(&mut self, change: Change, refused: &Failure) -> Vec<Effect> {
        with(not_wholly(&change.journal.new, refused), self.resumed(change))
    }
}

fn with(first: Effect, mut rest: Vec<Effect>) -> Vec<Effect> {
    rest.insert(0, first);
    rest
}

fn not_wholly(text: &Text, refused: &Failure) -> Effect {
    Effect::Log(Level::Error, format!("{} is not wholly in force: {}", text.name, refused.in_full()))
}

fn not_in_force(name: &str, refused: &Failure) -> Effect {
    Effect::Log(Level::Error, format!("{name} is not in force: {}", refused.in_full()))
}
