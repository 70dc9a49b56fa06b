//! Whether the configuration file is what is in force, and if not, why. Pure.

use crate::{Decision, Ledger, Outcome, journal::Stage, store::fingerprint};
use edge_api::{Problem, Which};
use edge_report::render;

/// What there is to tell it by.
pub struct Known<'a> {
    /// What was decided, and is open.
    pub ledger: &'a Ledger,
    /// What is in force.
    pub now: Option<Which>,
    /// Unix seconds.
    pub unix: u64,
}

/// `file`: what the configuration file, called `name`, is now.
pub fn problem(known: &Known, name: &str, file: &str) -> Option<Problem> {
    let ledger = known.ledger;
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
    let in_force = match &known.now {
        Some(now) => format!("in force is {}", render::which(now, known.unix)),
        None => "nothing is in force, and there was nothing before".to_owned(),
    };
    match &ledger.decision {
        Some(decision) if decision.file == file => Some(judged(decision, name, known, &in_force)),
        _ => Some(Problem {
            what: format!("{name} was changed and is not applied yet; {in_force}"),
            why: Some("routerctl plan tells what it would change, routerctl apply applies it; a restart tries it too".to_owned()),
        }),
    }
}

fn judged(decision: &Decision, name: &str, known: &Known, in_force: &str) -> Problem {
    let take = take_over(known.now.as_ref(), name);
    if decision.outcome == Outcome::Applied {
        let what = format!("{name} is not in force: {} was applied instead", decision.about);
        return Problem { what, why: Some(format!("{in_force}. routerctl apply applies {name}{take}")) };
    }
    let what = match &known.now {
        Some(_) if decision.outcome == Outcome::Reverted => "the configuration file is not in force: it was reverted".to_owned(),
        Some(_) => "the configuration file is not in force: the last good one is".to_owned(),
        None => "the configuration file is not in force, and there was none before".to_owned(),
    };
    let reason = decision.reason.as_deref().and_then(|reason| reason.lines().next()).unwrap_or_default();
    let why = match decision.outcome {
        Outcome::Refused => {
            format!("{} was refused: {reason}; {in_force}. Mend it (routerctl check), then routerctl apply", decision.about)
        }
        outcome => format!("{} {}; {in_force}. To try it again: routerctl apply{take}", decision.about, outcome.in_words()),
    };
    Problem { what, why: Some(why) }
}

/// How the file becomes what is in force.
fn take_over(now: Option<&Which>, name: &str) -> String {
    let number = now.and_then(|now| now.number);
    number.map_or_else(String::new, |number| format!("; to make the file what is in force: routerctl history {number} > {name}"))
}
