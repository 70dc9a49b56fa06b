//! What can be told from a file alone.

use super::{Output, Refusal, file, output::tell};
use edge_config::{Config, Diagnostic, Diagnostics};
use edge_plan::Facts;
use edge_report::render;
use serde::Serialize;
use std::path::Path;

/// `routerctl check --json`
#[derive(Serialize)]
struct CheckReport {
    file: String,
    valid: bool,
    /// Zero when it is not valid.
    networks: usize,
    uplinks: usize,
    hosts: usize,
    /// How many mistakes there are; the first of them are listed in `diagnostics`.
    errors: usize,
    diagnostics: Vec<Diagnostic>,
    /// What is valid, and hardly meant; the first of them.
    warnings: Vec<Diagnostic>,
}

/// `not_empty`: a file that comes from elsewhere, and may be damaged.
pub fn check(path: &Path, not_empty: bool, out: &Output) -> Result<(), Refusal> {
    let text = file::read(path)?;
    match edge_config::parse(&text.file_name, &text.text) {
        Ok(config) => {
            let warned = Diagnostics::of_warnings(&text.file_name, &text.text, &edge_plan::warnings(&config));
            let report = CheckReport::valid(text.file_name, &config, warned.as_ref());
            out.show(&report, |report, _| report.line(warned.as_ref()))?;
            if let Some(warned) = warned.filter(|_| !out.is_json()) {
                tell(|color| format!("\n{}", warned.render(color)));
            }
            if not_empty && config.is_empty() { Err(Refusal::no("there is neither network nor uplink in it")) } else { Ok(()) }
        }
        Err(diagnostics) => {
            let none = |_: &CheckReport, _| String::new();
            out.show(&CheckReport::invalid(&diagnostics), none)?;
            Err(diagnostics.into())
        }
    }
}

pub fn reachability(path: &Path, out: &Output) -> Result<(), Refusal> {
    let config = file::parse(&file::read(path)?)?;
    out.show(&edge_report::reachability(&config, &Facts::default()), render::reachability)
}

/// `routerctl draw --json`
#[derive(Serialize)]
struct Drawing {
    mermaid: String,
}

pub fn draw(path: &Path, out: &Output) -> Result<(), Refusal> {
    let config = file::parse(&file::read(path)?)?;
    out.show(&Drawing { mermaid: edge_plan::drawing(&config) }, |drawing, _| drawing.mermaid.clone())
}

impl CheckReport {
    fn valid(file: String, config: &Config, warned: Option<&Diagnostics>) -> Self {
        let (networks, uplinks, hosts) = (config.networks.len(), config.uplinks.len(), config.hosts.len());
        let warnings = warned.into_iter().flat_map(Diagnostics::iter).collect();
        Self { file, valid: true, networks, uplinks, hosts, errors: 0, diagnostics: Vec::new(), warnings }
    }

    fn invalid(found: &Diagnostics) -> Self {
        let (file, errors) = (found.file_name().to_owned(), found.len());
        let (networks, uplinks, hosts) = (0, 0, 0);
        Self { file, valid: false, networks, uplinks, hosts, errors, diagnostics: found.iter().collect(), warnings: Vec::new() }
    }

    fn line(&self, warned: Option<&Diagnostics>) -> String {
        let (networks, uplinks) = (count(self.networks, "network"), count(self.uplinks, "uplink"));
        let warnings = warned.map(|warned| format!(", with {}", count(warned.len(), "warning"))).unwrap_or_default();
        format!("{}: {networks}, {uplinks}, {}: valid{warnings}\n", self.file, count(self.hosts, "host"))
    }
}

fn count(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}
