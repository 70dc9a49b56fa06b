use crate::daemon::files::Files;
use edge_api::Problem;
use edge_engine::{InForce, Service, Task};
use std::sync::Arc;

/// Who may log in: offered to the ssh server, which asks at each login.
pub struct SshKeys {
    files: Arc<Files>,
}

impl SshKeys {
    pub fn new(files: Arc<Files>) -> Self {
        Self { files }
    }
}

impl Service for SshKeys {
    fn name(&self) -> &'static str {
        "the ssh keys"
    }

    fn configure<'a>(&'a self, in_force: &'a InForce) -> Task<'a, Vec<Problem>> {
        Box::pin(async {
            let error = self.files.offer_ssh_keys(&in_force.config.system.ssh_keys).err();
            let problem = |error: std::io::Error| Problem {
                what: "the ssh keys of [system] are not in force".to_owned(),
                why: Some(error.to_string()),
            };
            error.map(problem).into_iter().collect()
        })
    }
}
