use edge_api::Problem;
use edge_engine::{InForce, Service, Task};

/// The name that the box goes by, where `[system]` gives one.
pub struct Hostname;

impl Service for Hostname {
    fn name(&self) -> &'static str {
        "the host name"
    }

    fn configure<'a>(&'a self, in_force: &'a InForce) -> Task<'a, Vec<Problem>> {
        Box::pin(async { in_force.config.system.hostname.as_deref().and_then(set).into_iter().collect() })
    }
}

fn set(hostname: &str) -> Option<Problem> {
    let errno = nix::unistd::sethostname(hostname).err()?;
    Some(Problem { what: format!("cannot set the host name to {hostname}"), why: Some(errno.to_string()) })
}
