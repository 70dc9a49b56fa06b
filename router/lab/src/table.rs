//! A table of who must reach whom, checked at once.

use crate::{
    host::Host,
    probe::{Outcome, Probe, probe_all},
};
use anyhow::{Context, Result, bail};
use std::{collections::BTreeMap, fmt, net::Ipv4Addr, time::Duration};

/// How long a row that must be reachable may take: the first packet may have to wait for a kernel module on a slow machine.
const PATIENCE: Duration = Duration::from_secs(6);
const HEADER: &str = "source,target,reachable,why";

/// The rows of a CSV file with the columns source, target, reachable (yes or no) and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    rows: Vec<Expected>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Expected {
    source: String,
    target: String,
    reachable: bool,
    why: String,
}

/// What a name in the table stands for: a machine, and the address of it that is meant.
pub type Place = (Host, Ipv4Addr);

/// A row and what came of it.
#[derive(Debug, Clone)]
pub struct Row {
    pub source: String,
    pub target: String,
    pub reachable: bool,
    pub why: String,
    pub outcome: Outcome,
}

impl Row {
    pub fn is_right(&self) -> bool {
        self.outcome == if self.reachable { Outcome::Reached } else { Outcome::Isolated }
    }
}

/// All rows with their outcomes; printed, a table.
#[derive(Debug, Clone)]
pub struct TableReport {
    pub rows: Vec<Row>,
}

impl Table {
    pub fn parse(csv: &str) -> Result<Self> {
        let mut lines = csv.lines();
        let header = lines.next().unwrap_or_default();
        if header != HEADER {
            bail!("a reachability table begins with the line {HEADER}, found {header}");
        }
        let rows = lines.zip(2..).map(|(line, number)| Expected::parse(line).with_context(|| format!("line {number}: {line}")));
        Ok(Self { rows: rows.collect::<Result<_>>()? })
    }

    /// Probes all rows at once. A name that `places` does not know is an error.
    pub fn run(&self, places: &BTreeMap<&str, Place>) -> Result<TableReport> {
        let place =
            |name: &str| places.get(name).with_context(|| format!("the table names {name}, which stands for nothing here"));
        let mut probes = Vec::new();
        for row in &self.rows {
            let (from, _) = place(&row.source)?;
            let (target, address) = place(&row.target)?;
            let patience = if row.reachable { PATIENCE } else { Duration::ZERO };
            probes.push(Probe { from: from.clone(), target: target.clone(), address: *address, patience });
        }
        let outcomes = probe_all(&probes)?.into_iter().map(|seen| seen.outcome());
        let mut rows: Vec<Row> = self.rows.iter().zip(outcomes).map(|(row, outcome)| row.with(outcome)).collect();
        distrust_the_dead(&mut rows);
        Ok(TableReport { rows })
    }
}

/// A target that answered nobody may be dead, and then its silence says nothing of isolation.
fn distrust_the_dead(rows: &mut [Row]) {
    let alive: Vec<String> = rows.iter().filter(|row| row.outcome == Outcome::Reached).map(|row| row.target.clone()).collect();
    for row in rows.iter_mut().filter(|row| row.outcome == Outcome::Isolated && !alive.contains(&row.target)) {
        row.outcome = Outcome::Unknown(format!("{} answered nobody in this table: it may be dead", row.target));
    }
}

impl Expected {
    fn parse(line: &str) -> Result<Self> {
        let mut fields = line.splitn(4, ',').map(str::to_owned);
        let mut field = |what: &str| fields.next().with_context(|| format!("the column {what} is missing"));
        let (source, target) = (field("source")?, field("target")?);
        let reachable = match field("reachable")?.as_str() {
            "yes" => true,
            "no" => false,
            other => bail!("the column reachable must be yes or no, found {other}"),
        };
        Ok(Self { source, target, reachable, why: field("why")? })
    }

    fn with(&self, outcome: Outcome) -> Row {
        let Self { source, target, reachable, why } = self.clone();
        Row { source, target, reachable, why, outcome }
    }
}

impl TableReport {
    pub fn wrong(&self) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(|row| !row.is_right())
    }

    /// An error that lists every wrong row.
    pub fn check(&self) -> Result<()> {
        let wrong: Vec<String> = self.wrong().map(Row::to_string).collect();
        if !wrong.is_empty() {
            bail!("{} of {} rows are wrong:\n{}", wrong.len(), self.rows.len(), wrong.join("\n"));
        }
        Ok(())
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = if self.is_right() { "ok   " } else { "WRONG" };
        let wanted = if self.reachable { "yes" } else { "no" };
        write!(f, "{verdict} {:<12} {:<12} {wanted:<4} {:<30} {}", self.source, self.target, self.why, self.outcome)
    }
}

impl fmt::Display for TableReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.rows.iter().try_for_each(|row| writeln!(f, "{row}"))?;
        let right = self.rows.len() - self.wrong().count();
        writeln!(f, "{right} of {} rows right", self.rows.len())
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Reached => f.write_str("reached"),
            Self::Isolated => f.write_str("isolated"),
            Self::OneWay => f.write_str("requests arrive, replies do not"),
            Self::Unknown(why) => write!(f, "unknown: {why}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fire_truck_has_28_rows() {
        let table = Table::parse(include_str!("../scenarios/fire-truck/expect.csv")).unwrap();
        assert_eq!(table.rows.len(), 28);
        assert_eq!(table.rows.iter().filter(|row| row.reachable).count(), 16);
    }

    #[test]
    fn a_bad_row_is_named() {
        let error = Table::parse("source,target,reachable,why\na,b,perhaps,x").unwrap_err();
        assert_eq!(format!("{error:#}"), "line 2: a,b,perhaps,x: the column reachable must be yes or no, found perhaps");
    }
}
