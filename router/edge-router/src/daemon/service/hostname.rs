use crate::daemon::lent::{HOSTNAME, Lent};
use edge_api::Problem;
use edge_engine::{InForce, Service, Task};
use std::sync::Arc;

/// The name that the box goes by, where `[system]` gives one.
pub struct Hostname(Arc<Lent>);

impl Hostname {
    pub fn new(lent: Arc<Lent>) -> Self {
        Self(lent)
    }

    fn set(&self, hostname: &str) -> Option<Problem> {
        if let Err(error) = self.0.remember(&[HOSTNAME.to_owned()]) {
            log::warn!("the host name before {hostname} is not known later: {error}");
        }
        let error = nix::unistd::sethostname(hostname).err()?;
        Some(Problem { what: format!("cannot set the host name to {hostname}"), why: Some(error.to_string()) })
    }
}

impl Service for Hostname {
    fn name(&self) -> &'static str {
        "the host name"
    }

    fn configure<'a>(&'a self, in_force: &'a InForce) -> Task<'a, Vec<Problem>> {
        Box::pin(async { in_force.config.system.hostname.as_deref().and_then(|name| self.set(name)).into_iter().collect() })
    }
}
