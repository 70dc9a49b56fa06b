//! A table of it is a file below here, or beside it where another screen has it too, and an entry in [`status`].

mod network;
mod uplink;

use super::{
    WIDTH, node,
    text::{Style, clean, cut, wrap},
    time::{clock, span},
    unnamed::unnamed,
    warning::warnings,
};
use edge_api::Status;

/// One screen; `now`: unix seconds.
pub fn status(status: &Status, now: u64, color: bool) -> String {
    let mut parts = vec![headline(status, now, color)];
    let urgent: String = confirm_wanted(status, now, color)
        .into_iter()
        .chain(problems(status, color))
        .chain([warnings(&status.warnings, color)])
        .collect();
    parts.extend((!urgent.is_empty()).then_some(urgent));
    let tables = [uplink::table(&status.uplinks), network::table(&status.networks), node::table(&status.nodes, now)];
    parts.extend(tables.iter().filter(|table| !table.is_empty()).map(|table| table.render(color)));
    if status.uplinks.is_empty() && status.networks.is_empty() {
        parts.push("no uplink and no network yet: describe them in /etc/edge-router.toml, then routerctl apply\n".to_owned());
    }
    parts.extend(status.unnamed.as_ref().map(unnamed));
    parts.join("\n")
}

fn headline(status: &Status, now: u64, color: bool) -> String {
    let config = match &status.applied {
        Some(applied) if applied.confirmed => format!("config applied {}, confirmed", clock(applied.at, now)),
        Some(applied) => format!("config applied {}, not confirmed", clock(applied.at, now)),
        None => "no config applied".to_owned(),
    };
    let place = status.namespace.as_ref().map(|name| format!("data plane in namespace \"{}\"", clean(name)));
    let hostname = clean(&status.hostname);
    let mut text = Style::Bold.paint(&hostname, color);
    let mut column = hostname.len();
    let flows = status.flows.as_ref().map(|flows| format!("{} of {} flows", flows.in_use, flows.max));
    for part in [format!("up {}", span(status.uptime)), config].into_iter().chain(place).chain(flows) {
        let gap = if column + 3 + part.len() > WIDTH { "\n   " } else { "   " };
        column = if gap == "   " { column } else { 0 } + 3 + part.len();
        text += gap;
        text += &cut(&part, WIDTH - 3);
    }
    text + "\n"
}

/// Before everything that is wrong: this is over soon.
fn confirm_wanted(status: &Status, now: u64, color: bool) -> Option<String> {
    let applied = status.applied.as_ref()?;
    let within = span(applied.confirm_within?.into());
    let back = applied.back_to.map_or("the one before".to_owned(), |at| format!("{}'s configuration", clock(at, now)));
    let number = applied.before.as_ref().and_then(|before| before.number);
    let number = number.map(|number| format!(", number {number}")).unwrap_or_default();
    let text = format!("confirm within {within}, or {back} comes back{number}: routerctl confirm");
    Some(Style::Warn.paint(wrap("! ", &text).trim_end(), color) + "\n")
}

fn problems(status: &Status, color: bool) -> Option<String> {
    let lines = status.problems.iter().map(|problem| {
        let why = problem.why.as_ref().map(|why| wrap("  ", why)).unwrap_or_default();
        Style::Bad.paint(wrap("! ", &problem.what).trim_end(), color) + "\n" + &why
    });
    (!status.problems.is_empty()).then(|| lines.collect())
}

fn worst_first<T>(rows: &[T], is_good: impl Fn(&T) -> bool) -> Vec<&T> {
    let mut rows: Vec<_> = rows.iter().collect();
    rows.sort_by_key(|row| is_good(row));
    rows
}
