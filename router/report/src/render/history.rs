use super::{
    table::{Cell, Table},
    text::{Style, clean},
    time::clock,
};
use edge_api::{History, HistoryDiff, HistoryEntry, HistoryText, Standing, Which};

/// Columns of a file's name, so that who and when have room.
const LONGEST_NAME: usize = 16;
const HINT: &str = "routerctl history N shows one, history diff N what is in force otherwise, revert N goes back to it";

/// The newest first; `now`: unix seconds.
pub fn history(history: &History, now: u64, color: bool) -> String {
    let Some(newest) = history.entries.first() else { return "nothing was in force yet\n".to_owned() };
    // Most boxes have one file.
    let names_files = history.entries.iter().any(|entry| entry.name != newest.name);
    let titles = ["N", "APPLIED (UTC)", "HOW", "BY", "LINES", "", "FILE"];
    let mut table = Table::new(&titles[..titles.len() - usize::from(!names_files)]);
    for entry in &history.entries {
        table.row(row(entry, now).into_iter().chain(names_files.then(|| file_name(&entry.name).into())));
    }
    table.render(color) + "\n" + HINT + "\n"
}

fn row(entry: &HistoryEntry, now: u64) -> [Cell; 6] {
    let lines = entry.added.zip(entry.removed).map(|(added, removed)| format!("+{added} -{removed}")).unwrap_or_default();
    let standing = match entry.standing {
        Some(Standing::InForce) => Cell::styled("in force", Style::Good),
        Some(Standing::ComesBack) => Cell::styled("comes back", Style::Warn),
        Some(Standing::Before) => "before".into(),
        None => "".into(),
    };
    let applied = entry.at.map(|at| clock(at, now).trim_end_matches(" UTC").to_owned()).unwrap_or_default();
    [entry.number.to_string().into(), applied.into(), entry.came_by().into(), entry.by.to_string().into(), lines.into(), standing]
}

/// `edge-router.toml` of `/etc/edge-router.toml`
fn file_name(path: &str) -> String {
    path.rsplit('/').next().unwrap_or_default().chars().take(LONGEST_NAME).collect()
}

/// As it was applied, so that it can be kept in a file.
pub fn history_text(text: &HistoryText) -> String {
    text.text.clone()
}

/// Lines that came and went, in colour.
pub fn history_diff(diff: &HistoryDiff, color: bool) -> String {
    if diff.diff.is_empty() {
        return "nothing differs\n".to_owned();
    }
    diff.diff.lines().map(|line| style(line).paint(&printable(line), color) + "\n").collect()
}

fn style(line: &str) -> Style {
    match line.as_bytes().first() {
        Some(b'+') => Style::Good,
        Some(b'-') => Style::Bad,
        Some(b'@') => Style::Bold,
        _ => Style::Plain,
    }
}

/// A comment may be in any language, and must not paint the terminal.
fn printable(line: &str) -> String {
    line.chars().map(|c| if c.is_control() && c != '\t' { '?' } else { c }).collect()
}

/// `configuration 6 (/etc/edge-router.toml, applied 12:03 UTC)`
pub fn which(which: &Which, now: u64) -> String {
    let applied = which.at.map(|at| format!("applied {}", clock(at, now)));
    let name = clean(&which.name);
    match (which.number, applied) {
        (Some(number), Some(applied)) => format!("configuration {number} ({name}, {applied})"),
        (Some(number), None) => format!("configuration {number} ({name})"),
        (None, Some(applied)) => format!("{name} ({applied})"),
        (None, None) => name,
    }
}
