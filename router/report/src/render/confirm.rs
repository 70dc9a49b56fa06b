use super::{
    change,
    text::{clean, wrap},
};
use edge_api::{ApplyReport, Confirmed};

pub fn confirmed(confirmed: &Confirmed) -> String {
    format!("confirmed: {} stays in force\n", clean(&confirmed.name))
}

pub fn reverted(report: &ApplyReport, color: bool) -> String {
    change::apply(report, color) + &wrap("", &format!("in force: {}", report.in_force))
}
