//! What configurations differ in, line by line.

use edge_api::{HistoryEntry, Standing, Which};
use similar::{Algorithm, DiffOp, capture_diff_slices_deadline, group_diff_ops};
use std::time::Instant;

/// Lines around each change.
const CONTEXT: usize = 3;

/// Each entry beside its text, the oldest first; those that are in force and before. Gives what the API tells, the newest first.
/// `deadline`: see [`unified`].
pub fn history(
    entries: Vec<(HistoryEntry, String)>,
    now: Option<&Which>,
    before: Option<&Which>,
    deadline: Instant,
) -> Vec<HistoryEntry> {
    let mut told: Vec<HistoryEntry> = Vec::new();
    let mut older: Option<String> = None;
    for (entry, text) in entries {
        let lines = older.as_deref().map(|older| changed(older, &text, deadline));
        let (added, removed) = lines.unzip();
        let standing = standing(entry.number, now, before);
        told.push(HistoryEntry { added, removed, standing, ..entry });
        older = Some(text);
    }
    told.reverse();
    told
}

fn standing(number: u64, now: Option<&Which>, before: Option<&Which>) -> Option<Standing> {
    let is = |which: Option<&Which>| which.is_some_and(|which| which.number == Some(number));
    match now {
        _ if is(now) => Some(Standing::InForce),
        // What is in force has no number before it is confirmed.
        Some(Which { number: None, .. }) if is(before) => Some(Standing::ComesBack),
        _ if is(before) => Some(Standing::Before),
        _ => None,
    }
}

/// How many lines came, and how many went.
fn changed(old: &str, new: &str, deadline: Instant) -> (u64, u64) {
    let (old, new): (Vec<_>, Vec<_>) = (old.lines().collect(), new.lines().collect());
    let ops = operations(&old, &new, deadline);
    let changes = ops.iter().filter(|op| !matches!(op, DiffOp::Equal { .. }));
    changes.fold((0, 0), |(added, removed), op| (added + op.new_range().len() as u64, removed + op.old_range().len() as u64))
}

/// As of `diff -u`; empty where nothing differs. `from` and `to`: what the two are called, and what they say. `deadline`: of two texts
/// that have little in common no shorter way is sought then; what is found is right, only longer.
pub fn unified(from: (&str, &str), to: (&str, &str), deadline: Instant) -> String {
    let (old, new): (Vec<_>, Vec<_>) = (from.1.lines().collect(), to.1.lines().collect());
    let hunks: String =
        group_diff_ops(operations(&old, &new, deadline), CONTEXT).iter().map(|group| hunk(group, &old, &new)).collect();
    if hunks.is_empty() { hunks } else { format!("--- {}\n+++ {}\n{hunks}", from.0, to.0) }
}

fn operations(old: &[&str], new: &[&str], deadline: Instant) -> Vec<DiffOp> {
    capture_diff_slices_deadline(Algorithm::Myers, old, new, Some(deadline))
}

fn hunk(ops: &[DiffOp], old: &[&str], new: &[&str]) -> String {
    let (Some(first), Some(last)) = (ops.first(), ops.last()) else { return String::new() };
    let (left, right) = (first.old_range().start..last.old_range().end, first.new_range().start..last.new_range().end);
    let mut text = format!("@@ -{} +{} @@\n", span(&left), span(&right));
    for op in ops {
        let lines = |sign: char, lines: &[&str]| lines.iter().map(|line| format!("{sign}{line}\n")).collect::<String>();
        match op {
            DiffOp::Equal { .. } => text += &lines(' ', &old[op.old_range()]),
            _ => text += &(lines('-', &old[op.old_range()]) + &lines('+', &new[op.new_range()])),
        }
    }
    text
}

/// Counted from 1; of no lines, the one before.
fn span(range: &std::ops::Range<usize>) -> String {
    let first = if range.is_empty() { range.start } else { range.start + 1 };
    format!("{first},{}", range.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn soon() -> Instant {
        Instant::now() + Duration::from_millis(200)
    }

    #[test]
    fn a_diff_reads_as_that_of_diff_u() {
        let old: String = (1..=20).map(|n| format!("line {n}\n")).collect();
        let new = old.replace("line 3\n", "line three\n").replace("line 18\n", "") + "line 21\n";
        let wanted = "--- 6\n+++ 7\n@@ -1,6 +1,6 @@\n line 1\n line 2\n-line 3\n+line three\n line 4\n line 5\n line 6\n\
                      @@ -15,6 +15,6 @@\n line 15\n line 16\n line 17\n-line 18\n line 19\n line 20\n+line 21\n";
        assert_eq!(unified(("6", &old), ("7", &new), soon()), wanted);
        assert_eq!(unified(("6", ""), ("7", "one\n"), soon()), "--- 6\n+++ 7\n@@ -0,0 +1,1 @@\n+one\n");
        assert_eq!(unified(("6", &old), ("7", &old), soon()), "");
        assert_eq!(changed(&old, &new, soon()), (2, 2));
    }

    #[test]
    fn two_files_of_the_greatest_size_with_nothing_in_common_are_compared_in_time() {
        let lines = |word: &str| (0..150_000).map(|n| format!("{word}{n}\n")).collect::<String>();
        let begun = Instant::now();
        assert_eq!(changed(&lines("a"), &lines("b"), soon()), (150_000, 150_000));
        assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
    }
}
