use edge_config::Config;
use edge_plan::{Facts, Space, State, desired, router_space};
use std::sync::Arc;

/// What is in force, or is about to be. Published as one value, so that who reads it sees one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InForce {
    /// The file, as it was parsed.
    pub config: Arc<Config>,
    /// What was found out besides.
    pub facts: Facts,
    /// Where the router's addresses live.
    pub space: Space,
    /// Unix seconds; `None`: nothing was ever applied.
    pub applied_at: Option<u64>,
}

impl InForce {
    /// Nothing yet, on a box of which this is known.
    pub fn nothing(facts: Facts) -> Self {
        Self { config: Arc::default(), facts, space: Space::Host, applied_at: None }
    }

    /// The same facts under another configuration.
    #[must_use]
    pub fn with_config(&self, config: Arc<Config>) -> Self {
        Self { space: router_space(&config), config, facts: self.facts.clone(), applied_at: self.applied_at }
    }

    /// Whether anything was ever applied.
    pub fn is_applied(&self) -> bool {
        self.applied_at.is_some()
    }

    /// What it wants of the kernel.
    pub fn wanted(&self) -> State {
        desired(&self.config, &self.facts)
    }
}
