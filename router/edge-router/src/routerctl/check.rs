//! What can be told from a file alone.

use super::{Output, Refusal, file};
use edge_config::{Config, Diagnostic};
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
    /// What is no mistake, and hardly what was meant.
    warnings: Vec<String>,
}

pub fn check(path: &Path, out: &Output) -> Result<(), Refusal> {
    let text = file::read(path)?;
    match edge_config::parse(&text.file_name, &text.text) {
        Ok(config) => out.show(&CheckReport::valid(text.file_name, &config), |report, _| report.line()),
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
    fn valid(file: String, config: &Config) -> Self {
        let (networks, uplinks, hosts) = (config.networks.len(), config.uplinks.len(), config.hosts.len());
        let warnings = config.is_empty().then(|| "it has nothing in it: no network, no uplink".to_owned());
        let warnings = warnings.into_iter().collect();
        Self { file, valid: true, networks, uplinks, hosts, errors: 0, diagnostics: Vec::new(), warnings }
    }

    fn invalid(found: &edge_config::Diagnostics) -> Self {
        let (file, errors) = (found.file_name().to_owned(), found.len());
        let (networks, uplinks, hosts) = (0, 0, 0);
        Self { file, valid: false, networks, uplinks, hosts, errors, diagnostics: found.iter().collect(), warnings: Vec::new() }
    }

    fn line(&self) -> String {
        let (networks, uplinks) = (count(self.networks, "network"), count(self.uplinks, "uplink"));
        let line = format!("{}: {networks}, {uplinks}, {}: valid", self.file, count(self.hosts, "host"));
        let warnings: String = self.warnings.iter().map(|warning| format!(", but {warning}")).collect();
        line + &warnings + "\n"
    }
}

fn count(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}
