use super::{
    change,
    text::{Style, clean, wrap},
    time::span,
};
use edge_api::{ApplyReport, Confirmed};

pub fn confirmed(confirmed: &Confirmed) -> String {
    format!("confirmed: {} stays in force\n", clean(&confirmed.name))
}

pub fn reverted(report: &ApplyReport, color: bool) -> String {
    change::apply(report, color) + &wrap("", &format!("in force: {}", report.in_force))
}

/// What an apply still asks of whoever made it.
pub(super) fn wanted(report: &ApplyReport, color: bool) -> String {
    let Some(left) = report.confirm_within else { return String::new() };
    let text = format!("type routerctl confirm within {}, or the configuration before comes back", span(left.into()));
    Style::Warn.paint(wrap("! ", &text).trim_end(), color) + "\n"
}
