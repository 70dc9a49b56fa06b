use super::{
    table::{Cell, Table},
    text::{Style, wrap},
    time::span,
    unnamed::unnamed,
    verdict,
    warning::warnings,
};
use crate::effect::line;
use edge_api::{Action, ApplyReport, Change, FileEffect, Guarded, PlanReport, Waiting};

/// What there is to say where nothing comes of it.
const ONLY_SPELLING: &str = ": only comments, order or spelling differ";

/// `all`: objects that stay as they are too.
pub fn plan(report: &PlanReport, all: bool, color: bool) -> String {
    let parts = verdict::parts(&report.parts, all, color);
    let stay = match report.unchanged {
        _ if report.nothing_to_change => format!("nothing to change{}\n", spelling(report.only_spelling)),
        _ if report.changes.is_empty() => "nothing to change in the kernel\n".to_owned(),
        _ if all => String::new(),
        0 => String::new(),
        1 => "1 object stays as it is (routerctl plan --all names it)\n".to_owned(),
        count => format!("{count} objects stay as they are (routerctl plan --all names them)\n"),
    };
    let unnamed = report.unnamed.as_ref().map(unnamed).unwrap_or_default();
    let guarded = guarded(report.guarded.as_ref(), color);
    let ahead = waiting(&report.waiting, color) + &warnings(&report.warnings, color);
    let sections = [guarded, ahead, effects(&report.effects, color), parts, stay, unnamed];
    sections.into_iter().filter(|section| !section.is_empty()).collect::<Vec<_>>().join("\n")
}

pub fn apply(report: &ApplyReport, color: bool) -> String {
    let end = match report.writes {
        0 if report.effects.is_empty() => {
            format!("nothing to change{} ({} ms)\n", spelling(report.only_spelling), report.took_ms)
        }
        0 => format!("applied: nothing to change in the kernel ({} ms)\n", report.took_ms),
        1 => format!("applied: 1 change in {} ms\n", report.took_ms),
        writes => format!("applied: {writes} changes in {} ms\n", report.took_ms),
    };
    let sections = [effects(&report.effects, color), changes(&report.changes, color)];
    let sections = sections.into_iter().filter(|section| !section.is_empty()).collect::<Vec<_>>().join("\n");
    waiting(&report.waiting, color) + &warnings(&report.warnings, color) + &sections + &end + &confirm_wanted(report, color)
}

fn spelling(only: bool) -> &'static str {
    if only { ONLY_SPELLING } else { "" }
}

/// What the file brings, in its words.
pub(super) fn effects(effects: &[FileEffect], color: bool) -> String {
    let lines = effects.iter().map(|effect| {
        let (sign, style) = sign(effect.action);
        wrap(&format!("{sign} "), &line(effect)).replacen(sign, &style.paint(sign, color), 1)
    });
    lines.collect()
}

fn sign(action: Action) -> (&'static str, Style) {
    match action {
        Action::Add => ("+", Style::Good),
        Action::Change => ("~", Style::Warn),
        Action::Remove => ("-", Style::Bad),
    }
}

fn changes(changes: &[Change], color: bool) -> String {
    let mut table = Table::headless();
    for change in changes {
        let (sign, style) = sign(change.action);
        table.row([
            Cell::styled(sign, style),
            change.space.as_str().into(),
            change.object.as_str().into(),
            change.detail.as_deref().unwrap_or("").into(),
        ]);
    }
    table.render(color)
}

fn waiting(waiting: &[Waiting], color: bool) -> String {
    let lines = waiting.iter().map(|wait| {
        let why = wait.why.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
        let text = format!("waiting for {}, needed by {}{why}", wait.device, wait.needed_by.join(", "));
        Style::Warn.paint(wrap("! ", &text).trim_end(), color) + "\n"
    });
    lines.collect()
}

/// What an apply of it would ask for.
fn guarded(guarded: Option<&Guarded>, color: bool) -> String {
    let sentences = guarded.into_iter().flat_map(Guarded::sentences);
    let lines = sentences.map(|sentence| {
        let text = wrap("! ", &format!("apply will ask for --confirm or --force: {sentence}"));
        Style::Warn.paint(text.trim_end(), color) + "\n"
    });
    lines.collect()
}

/// What an apply still asks of whoever made it.
fn confirm_wanted(report: &ApplyReport, color: bool) -> String {
    let Some(left) = report.confirm_within else { return String::new() };
    let number = report.before.as_ref().and_then(|before| before.number);
    let before = number.map_or_else(|| "the configuration before".to_owned(), |number| format!("configuration {number}"));
    let text = format!("type routerctl confirm within {}, or {before} comes back", span(left.into()));
    Style::Warn.paint(wrap("! ", &text).trim_end(), color) + "\n"
}
