use super::{
    change,
    text::{Style, clean, wrap},
    verdict::{bounded, place, title},
};
use edge_api::{Deviation, Drift, DriftReport, DriftedObject, Waiting};

/// Columns an object may take before what is wrong with it starts.
const WIDEST: usize = 46;

pub fn diff(report: &DriftReport, color: bool) -> String {
    let mut parts = vec![headline(report.drifted, color)];
    if !report.pending.is_empty() {
        let head = "not in force yet, routerctl apply brings it:\n".to_owned();
        parts.push(head + &change::effects(&report.pending, color));
    }
    for part in &report.parts {
        let title = title(&part.kind, part.name.as_deref());
        parts.push(Style::Bold.paint(&title, color) + "\n" + &objects(&part.objects, color));
    }
    if !report.waiting.is_empty() {
        parts.push(waiting(&report.waiting));
    }
    if !report.foreign.is_empty() {
        let lines = report.foreign.iter().map(|one| {
            let what = format!("{} on {}", one.object, one.link);
            wrap("  ", &place(&what, &one.space))
        });
        parts.push("not ours, left alone\n".to_owned() + &lines.collect::<String>());
    }
    parts.join("\n")
}

fn headline(drifted: u32, color: bool) -> String {
    let text = match drifted {
        0 => return "no drift\n".to_owned(),
        1 => "1 object is not as it was applied; mend it: routerctl apply".to_owned(),
        count => format!("{count} objects are not as they were applied; mend them: routerctl apply"),
    };
    Style::Bad.paint(&text, color) + "\n"
}

fn objects(objects: &[DriftedObject], color: bool) -> String {
    let name = |object: &DriftedObject| place(&object.object, &object.space);
    let width = objects.iter().map(|object| name(object).chars().count()).max().unwrap_or(0).min(WIDEST);
    let line = |object: &DriftedObject| {
        let name = name(object);
        let text = wrap(&format!("  ! {name:<width$}  "), &what(object));
        text.replacen('!', &Style::Bad.paint("!", color), 1)
    };
    objects.iter().map(line).collect()
}

fn what(object: &DriftedObject) -> String {
    match (object.drift, &object.with) {
        (Drift::Missing, Some(link)) => format!("missing, as is {link}"),
        (Drift::Missing, None) => "missing".to_owned(),
        (Drift::Extra, _) => "has our mark, but nothing that was applied asks for it".to_owned(),
        (Drift::Taken, _) => "there is one that is not ours: remove or rename it, then apply".to_owned(),
        (Drift::Altered, _) => bounded(&object.deviations.iter().map(deviation).collect::<Vec<_>>()),
    }
}

fn deviation(Deviation { what, is, should_be }: &Deviation) -> String {
    let text = match (is.as_deref(), should_be.as_deref()) {
        (Some(is), Some(should_be)) => format!("{what} is {is}, should be {should_be}"),
        (None, Some("")) => format!("{what} is missing"),
        (None, Some(should_be)) => format!("{what} is missing, should be {should_be}"),
        (_, None) => format!("{what} is not ours, should not be there"),
    };
    text.trim_start().to_owned()
}

fn waiting(waiting: &[Waiting]) -> String {
    let line = |wait: &Waiting| wrap("  ", &format!("{}, needed by {}", clean(&wait.device), wait.needed_by.join(", ")));
    "waiting for devices, which is no drift\n".to_owned() + &waiting.iter().map(line).collect::<String>()
}
