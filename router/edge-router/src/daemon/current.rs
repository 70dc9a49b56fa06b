use super::{
    decision::{Decision, Outcome},
    journal::{Journal, Kept},
};
use edge_config::Config;
use edge_plan::{Conflict, Facts, Waiting};
use std::time::{SystemTime, UNIX_EPOCH};

/// What is in force, and what is wrong with it.
pub struct Current {
    pub config: Config,
    pub facts: Facts,
    /// Unix seconds; `None`: nothing was ever applied.
    pub applied_at: Option<u64>,
    pub waiting: Vec<Waiting>,
    pub conflicts: Vec<Conflict>,
    /// What was confirmed last, the way back of the next apply; `None`: there was nothing yet.
    pub kept: Option<Kept>,
    /// What came of the last configuration that was tried.
    pub decision: Option<Decision>,
    /// The transaction that waits to be confirmed, or whose way back is not at its end.
    pub open: Option<Journal>,
    /// Why the kernel is not what is in force, by the last attempt.
    pub failed: Option<String>,
    /// Why the next start may not find what is in force.
    pub not_kept: Option<String>,
    /// No flow is left that an older policy let in. Unknown at the start, therefore false.
    pub swept: bool,
}

impl Current {
    pub fn new(machine: [u8; 16]) -> Self {
        let facts = Facts { machine, ..Facts::default() };
        Self {
            config: Config::default(),
            facts,
            applied_at: None,
            waiting: Vec::new(),
            conflicts: Vec::new(),
            kept: None,
            decision: None,
            open: None,
            failed: None,
            not_kept: None,
            swept: false,
        }
    }

    pub fn is_applied(&self) -> bool {
        self.applied_at.is_some()
    }

    /// `2 networks, 1 uplink, waiting for enp2s0`
    pub fn summary(&self) -> String {
        let count = |number: usize, noun: &str| format!("{number} {noun}{}", if number == 1 { "" } else { "s" });
        let mut summary =
            format!("{}, {}", count(self.config.networks.len(), "network"), count(self.config.uplinks.len(), "uplink"));
        for waiting in &self.waiting {
            summary += &format!(", waiting for {}", waiting.device);
        }
        if self.open.is_some() {
            summary += ", NOT confirmed: see routerctl status";
        } else if self.decision.as_ref().is_some_and(|decision| decision.outcome != Outcome::Applied) {
            summary += ", NOT the configuration file: see routerctl status";
        }
        summary
    }
}

/// To be shown; a clock before 1970 is as good as one at 1970.
pub fn unix_seconds() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
