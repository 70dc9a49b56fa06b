//! What an apply does to each object, by network and uplink.

use super::text::{Style, clean, wrap};
use edge_api::{Effect, Judgement, ObjectVerdict, Part, PartKind};

/// Columns an object may take before its reasons start.
const WIDEST: usize = 46;
/// Of reasons, or of anything else there may be thousands of.
const SHOWN: usize = 4;

/// `all`: those that stay as they are too.
pub(super) fn parts(parts: &[Part], all: bool, color: bool) -> String {
    let shown = |object: &&ObjectVerdict| all || object.verdict != Judgement::Unchanged;
    let texts = parts.iter().filter_map(|part| {
        let objects: Vec<_> = part.objects.iter().filter(shown).collect();
        (!objects.is_empty()).then(|| headline(part, color) + &lines(&objects, color))
    });
    texts.collect::<Vec<_>>().join("\n")
}

fn headline(part: &Part, color: bool) -> String {
    let title = title(&part.kind, part.name.as_deref());
    let effects: Vec<&str> = part.effects.iter().map(|effect| words(*effect)).collect();
    let first = if effects.is_empty() { title.clone() } else { format!("{title}: ") };
    let text = wrap(&first, &effects.join("; "));
    let style = if part.effects.iter().any(|effect| interrupts(*effect)) { Style::Bad } else { Style::Bold };
    text.replacen(&title, &style.paint(&title, color), 1)
}

pub(super) fn title(kind: &PartKind, name: Option<&str>) -> String {
    match kind {
        PartKind::Table(table) => clean(&format!("{table} {}", name.unwrap_or("?"))),
        PartKind::Policy => "policy".to_owned(),
        PartKind::Box => "the box".to_owned(),
    }
}

fn words(effect: Effect) -> &'static str {
    match effect {
        Effect::Gone => "it goes, with everything on it",
        Effect::ContainersLoseLink => "containers on it lose their link until it is there again",
        Effect::DevicesCutOff => "devices behind it are cut off until it is there again",
        Effect::GatewayLost => "nodes on it lose their gateway until it is there again or they learn the new one",
        Effect::FlowsBreak => "flows through it break off",
        Effect::DisallowedFlowsCut => "flows it no longer allows are cut, all others go on",
        Effect::New => "new, nothing is interrupted",
        Effect::FlowsGoOn => "flows through it go on",
    }
}

fn interrupts(effect: Effect) -> bool {
    !matches!(effect, Effect::New | Effect::FlowsGoOn | Effect::DisallowedFlowsCut)
}

fn lines(objects: &[&ObjectVerdict], color: bool) -> String {
    let name = |object: &ObjectVerdict| place(&object.object, &object.space);
    let width = objects.iter().map(|object| name(object).chars().count()).max().unwrap_or(0).min(WIDEST);
    let line = |object: &&ObjectVerdict| {
        let (sign, verdict, style) = judgement(object.verdict);
        let first = format!("  {sign} {verdict:<12}  {:<width$}  ", name(object));
        let text = wrap(&first, &bounded(&object.why));
        let marked = format!("{sign} {verdict}");
        text.replacen(&marked, &style.paint(&marked, color), 1).trim_end().to_owned() + "\n"
    };
    objects.iter().map(line).collect()
}

fn judgement(judgement: Judgement) -> (&'static str, &'static str, Style) {
    match judgement {
        Judgement::Unchanged => (" ", "unchanged", Style::Plain),
        Judgement::ChangedLive => ("~", "changed live", Style::Warn),
        Judgement::Recreated => ("!", "recreated", Style::Bad),
        Judgement::Created => ("+", "created", Style::Good),
        Judgement::Removed => ("-", "removed", Style::Bad),
        Judgement::Waiting => ("?", "waiting", Style::Warn),
        Judgement::InConflict => ("!", "in conflict", Style::Bad),
    }
}

/// The host is where everything is that says nothing else.
pub(super) fn place(object: &str, space: &str) -> String {
    if space == "host" { clean(object) } else { clean(&format!("{object} in {space}")) }
}

/// The first few, and how many more there are.
pub(super) fn bounded(reasons: &[String]) -> String {
    match reasons.len().saturating_sub(SHOWN) {
        0 => reasons.join("; "),
        more => format!("{}; and {more} more", reasons[..SHOWN].join("; ")),
    }
}
