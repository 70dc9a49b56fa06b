//! What to do at a start, by what the last run left behind. Pure.

use crate::{Decision, Journal, Moment, Outcome, journal::Stage};

/// What an unfinished transaction asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recovery {
    /// There is none.
    Clean,
    /// The new configuration stays, its window goes on.
    GoOn,
    /// The old configuration it is.
    GoBack(Outcome),
    /// There is no old one, and the file is as it was: the new one is tried again.
    TryAgain,
}

/// `file`: what the configuration file is now.
pub fn recover(journal: Option<&Journal>, now: &Moment, file: &str) -> Recovery {
    let Some(journal) = journal else { return Recovery::Clean };
    let outcome = match &journal.phase {
        Stage::Confirming { .. } if journal.left(now).is_some_and(|left| left > 0) => return Recovery::GoOn,
        Stage::Confirming { .. } => Outcome::Unconfirmed,
        Stage::Applying => Outcome::Interrupted,
        Stage::Reverting { outcome, .. } => *outcome,
    };
    match journal.old {
        Some(_) => Recovery::GoBack(outcome),
        None if journal.file == file => Recovery::TryAgain,
        None => Recovery::Clean,
    }
}

/// Which configuration is the one to bring about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// The configuration file, as an apply: it was not decided upon yet.
    File,
    /// What was decided stays.
    Kept,
}

/// `has_kept`: a configuration that can be read was in force when the decision was made.
pub fn choose(decision: Option<&Decision>, file: &str, has_kept: bool) -> Choice {
    match decision {
        Some(decision) if has_kept && decision.file == file => Choice::Kept,
        _ => Choice::File,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::{Kept, Text};
    use Choice::{File, Kept as Stay};
    use Recovery::{Clean, GoBack, GoOn, TryAgain};

    fn text(name: &str) -> Text {
        Text { name: name.into(), text: String::new() }
    }

    fn journal(phase: Stage, old: bool) -> Journal {
        let old = old.then(|| Kept { text: text("old"), at: None });
        Journal { phase, ..Journal::new(old, text("new"), Vec::new(), "A".into()) }
    }

    fn confirming(boot: &str, deadline_ms: u64) -> Stage {
        Stage::Confirming { boot: boot.into(), deadline_ms, applied_at: 0 }
    }

    #[test]
    fn what_a_start_finds_and_does() {
        let reverting = |outcome| Stage::Reverting { outcome, because: "the kernel refused it".into() };
        let now = Moment { boot: "this".into(), ms: 10_000 };
        #[rustfmt::skip]
        let cases = [
            // the journal's phase          an old one?  the file   what is done
            (Stage::Applying,               true,        "A",       GoBack(Outcome::Interrupted)),
            (Stage::Applying,               true,        "B",       GoBack(Outcome::Interrupted)),
            (Stage::Applying,               false,       "A",       TryAgain),
            (Stage::Applying,               false,       "B",       Clean),
            (confirming("this", 10_001),    true,        "A",       GoOn),
            (confirming("this", 10_001),    true,        "B",       GoOn),
            (confirming("this", 10_000),    true,        "A",       GoBack(Outcome::Unconfirmed)),
            (confirming("this", 0),         true,        "A",       GoBack(Outcome::Unconfirmed)),
            (confirming("other", 10_001),   true,        "A",       GoBack(Outcome::Unconfirmed)),
            (confirming("other", u64::MAX), true,        "B",       GoBack(Outcome::Unconfirmed)),
            (reverting(Outcome::Refused),    true,        "A",       GoBack(Outcome::Refused)),
            (reverting(Outcome::Reverted),   true,        "B",       GoBack(Outcome::Reverted)),
            (reverting(Outcome::Refused),    false,       "B",       Clean),
        ];
        for (phase, old, file, wanted) in cases {
            let journal = journal(phase, old);
            assert_eq!(recover(Some(&journal), &now, file), wanted, "{journal:?}, file {file}");
        }
        assert_eq!(recover(None, &now, "A"), Clean);
    }

    #[test]
    fn what_was_decided_stays_until_the_file_is_another() {
        let outcomes = [Outcome::Applied, Outcome::Refused, Outcome::Reverted, Outcome::Unconfirmed, Outcome::Interrupted];
        for outcome in outcomes {
            let (about, file) = ("edge-router.toml".to_owned(), "A".to_owned());
            let decision = Decision { outcome, about, reason: None, file, in_force: None, applied_at: None, before: None };
            for (file, has_kept, wanted) in [("A", true, Stay), ("B", true, File), ("A", false, File), ("B", false, File)] {
                assert_eq!(choose(Some(&decision), file, has_kept), wanted, "{outcome:?}, {file}, {has_kept}");
            }
        }
        assert_eq!(choose(None, "A", true), File, "the state directory of a release before there were decisions");
        assert_eq!(choose(None, "A", false), File);
    }
}
