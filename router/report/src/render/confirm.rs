use super::{
    change,
    history::which,
    text::{clean, wrap},
};
use edge_api::{ApplyReport, Confirmed};

pub fn confirmed(confirmed: &Confirmed) -> String {
    format!("confirmed: {} stays in force\n", clean(&confirmed.name))
}

/// `now`: unix seconds.
pub fn reverted(report: &ApplyReport, now: u64, color: bool) -> String {
    let in_force = report.now.as_ref().map_or_else(|| report.in_force.clone(), |is| which(is, now));
    change::apply(report, color) + &wrap("", &format!("in force: {in_force}"))
}
