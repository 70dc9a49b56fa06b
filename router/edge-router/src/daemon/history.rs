//! The history as the API tells it.

use super::router::Machine;
use edge_api::{Failure, FailureKind, History, HistoryDiff};
use edge_engine::Text;
use std::time::{Duration, Instant};

/// For the shortest way between two texts.
const SEARCH_WITHIN: Duration = Duration::from_millis(200);

pub fn listed(engine: &Machine) -> History {
    let entries = engine.history().into_iter().map(|entry| (entry.about, entry.text.text)).collect();
    let (now, before) = (engine.now(), engine.before());
    let mut entries = edge_report::history(entries, now.as_ref(), before.as_ref(), deadline());
    // The same text may have come from another file since.
    for known in [&now, &before].into_iter().flatten() {
        for entry in entries.iter_mut().filter(|entry| Some(entry.number) == known.number) {
            (entry.name, entry.at) = (known.name.clone(), known.at);
        }
    }
    History { entries }
}

pub fn difference(engine: &Machine, from: u64, to: Option<u64>) -> Result<HistoryDiff, Failure> {
    let from = (called(from), engine.of_history(from)?.text.text);
    let to = match to {
        Some(to) => (called(to), engine.of_history(to)?.text.text),
        None => {
            let Text { name, text } = engine.ledger().text().cloned().ok_or_else(nothing)?;
            (format!("in force: {name}"), text)
        }
    };
    let diff = edge_report::unified((&from.0, &from.1), (&to.0, &to.1), deadline());
    Ok(HistoryDiff { diff })
}

pub fn only_beside_a_number() -> Failure {
    Failure::new(FailureKind::Invalid, "a revert waits for a confirmation only when it says to which configuration")
        .detail("routerctl history lists those there are")
}

fn called(number: u64) -> String {
    format!("configuration {number}")
}

fn nothing() -> Failure {
    Failure::new(FailureKind::Conflict, "nothing is in force yet, or it is on its way back").detail("routerctl status tells")
}

fn deadline() -> Instant {
    Instant::now() + SEARCH_WITHIN
}
