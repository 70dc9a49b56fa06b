//! Whether the configuration file is what is in force, and if not, why. Pure.

use crate::{Decision, Ledger, Outcome, journal::Stage, store::fingerprint};
use edge_api::Problem;

/// `file`: what the configuration file, called `name`, is now.
pub fn problem(ledger: &Ledger, name: &str, file: &str) -> Option<Problem> {
    let is_file = |text: &str| fingerprint(text) == file;
    match ledger.open.as_ref().map(|open| (&open.phase, open)) {
        Some((Stage::Reverting { because, .. }, open)) => {
            let what = format!("{} is not wholly undone yet; that is tried again every few seconds", open.new.name);
            return Some(Problem { what, why: Some(because.clone()) });
        }
        Some((_, open)) if is_file(&open.new.text) => return None,
        Some((_, open)) => {
            let what = format!("what waits to be confirmed is {}, not {name}", open.new.name);
            return Some(Problem { what, why: None });
        }
        None if ledger.kept.as_ref().is_some_and(|kept| is_file(&kept.text.text)) => return None,
        None => {}
    }
    let in_force = match &ledger.kept {
        Some(kept) => format!("in force is {}", kept.text.name),
        None => "nothing is in force, and there was nothing before".to_owned(),
    };
    match &ledger.decision {
        Some(decision) if decision.file == file => Some(judged(decision, name, ledger.kept.is_some(), &in_force)),
        _ => Some(Problem {
            what: format!("{name} was changed and is not applied yet; {in_force}"),
            why: Some("routerctl plan tells what it would change, routerctl apply applies it; a restart tries it too".to_owned()),
        }),
    }
}

fn judged(decision: &Decision, name: &str, has_kept: bool, in_force: &str) -> Problem {
    if decision.outcome == Outcome::Applied {
        let what = format!("{name} is not in force: {} was applied instead", decision.about);
        return Problem { what, why: Some(format!("routerctl apply applies {name}")) };
    }
    let what = match has_kept {
        true => "the configuration file is not in force: the last good one is".to_owned(),
        false => "the configuration file is not in force, and there was none before".to_owned(),
    };
    let reason = decision.reason.as_deref().and_then(|reason| reason.lines().next()).unwrap_or_default();
    let why = match decision.outcome {
        Outcome::Refused => {
            format!("{} was refused: {reason}; {in_force}. Mend it (routerctl check), then routerctl apply", decision.about)
        }
        outcome => format!("{} {}; {in_force}. To try it again: routerctl apply", decision.about, outcome.in_words()),
    };
    Problem { what, why: Some(why) }
}
