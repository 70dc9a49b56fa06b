//! The history as text.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking, in its helper functions too")]

mod common;

use edge_api::*;
use edge_report::render;

const NOON: u64 = 1_795_219_200 + 12 * 3600;
const DAY: u64 = 24 * 3600;

fn entry(number: u64, at: u64, how: How) -> HistoryEntry {
    HistoryEntry {
        number,
        at: Some(at),
        name: "/etc/edge-router.toml".into(),
        how,
        revert_to: None,
        by: By { uid: Some(0), user: Some("root".into()), ..By::default() },
        fingerprint: String::new(),
        standing: None,
        added: Some(20),
        removed: Some(3),
    }
}

fn history() -> History {
    let anna = |entry: HistoryEntry| HistoryEntry { by: entry.by.says(Some("anna@laptop"), Some("10.0.1.20")), ..entry };
    let card = HistoryEntry { by: By::default(), added: None, removed: None, ..entry(6, NOON - 9 * DAY, How::Card) };
    History {
        entries: vec![
            HistoryEntry { revert_to: Some(7), standing: Some(Standing::InForce), ..anna(entry(9, NOON + 180, How::Revert)) },
            HistoryEntry { standing: Some(Standing::Before), ..anna(entry(8, NOON, How::Confirm)) },
            entry(7, NOON - DAY, How::Apply),
            card,
        ],
    }
}

#[test]
fn the_history_is_a_line_for_each() {
    common::golden("history/one-file", &render::history(&history(), NOON + 3600, false));
    let mut two = history();
    two.entries[2].name = "/root/a-long-name-of-a-file-somewhere.toml\x1b[2J".into();
    common::golden("history/two-files", &render::history(&two, NOON + 3600, false));
    assert_eq!(render::history(&History::default(), NOON, false), "nothing was in force yet\n");
}

#[test]
fn a_configuration_is_named_by_its_number_its_file_and_its_time() {
    let which = Which { number: Some(6), name: "/etc/edge-router.toml".into(), at: Some(NOON + 180) };
    assert_eq!(render::which(&which, NOON), "configuration 6 (/etc/edge-router.toml, applied 12:03 UTC)");
    let report = ApplyReport { now: Some(which.clone()), in_force: which.name.clone(), took_ms: 3, ..ApplyReport::default() };
    let told = "nothing to change (3 ms)\nin force: configuration 6 (/etc/edge-router.toml, applied 12:03 UTC)\n";
    assert_eq!(render::reverted(&report, NOON, false), told);
    let waits = ApplyReport { confirm_within: Some(60), before: Some(which.clone()), ..ApplyReport::default() };
    assert!(render::apply(&waits, false).ends_with("! type routerctl confirm within 1 min, or configuration 6 comes back\n"));
    let applied = Applied {
        at: NOON + 600,
        confirmed: false,
        name: "other.toml".into(),
        confirm_within: Some(42),
        back_to: which.at,
        number: None,
        before: Some(which.clone()),
    };
    let screen = render::status(&Status { applied: Some(applied), ..Status::default() }, NOON + 620, false);
    assert!(
        screen.contains("! confirm within 42 s, or 12:03 UTC's configuration comes back, number 6: routerctl confirm\n"),
        "{screen}"
    );
    assert_eq!(render::which(&Which { number: None, at: None, ..which }, NOON), "/etc/edge-router.toml");
}

#[test]
fn a_diff_is_coloured_and_cannot_paint() {
    let diff = HistoryDiff { diff: "--- 1\n+++ 2\n@@ -1,1 +1,1 @@\n-a\n+b # ä\x1b[2J\n".into() };
    assert_eq!(render::history_diff(&diff, false), "--- 1\n+++ 2\n@@ -1,1 +1,1 @@\n-a\n+b # ä?[2J\n");
    assert!(render::history_diff(&diff, true).contains("\x1b[31m-a\x1b[0m\n\x1b[32m+b"));
    assert_eq!(render::history_diff(&HistoryDiff::default(), true), "nothing differs\n");
}
