use crate::daemon::containers;
use edge_api::{Failure, Problem};
use edge_attach::Attach;
use edge_engine::{InForce, Service, Task};
use std::sync::Arc;

/// The containers that are plugged into the networks.
pub struct Attachments {
    attach: Arc<Attach>,
}

impl Attachments {
    pub fn new(attach: Arc<Attach>) -> Self {
        Self { attach }
    }
}

impl Service for Attachments {
    fn name(&self) -> &'static str {
        "the attachments"
    }

    /// Whoever is on a bridge that will be another network's is unplugged first.
    fn prepare<'a>(&'a self, target: &'a InForce) -> Task<'a, Result<(), Failure>> {
        Box::pin(async { self.attach.withdraw(&target.config).await.map_err(containers::failure) })
    }

    fn configure<'a>(&'a self, in_force: &'a InForce) -> Task<'a, Vec<Problem>> {
        Box::pin(async {
            let error = self.attach.reconcile(&in_force.config).await.err();
            error.map(|error| Problem { what: "containers".to_owned(), why: Some(error.to_string()) }).into_iter().collect()
        })
    }

    fn refresh<'a>(&'a self, in_force: &'a InForce) -> Task<'a, Vec<Problem>> {
        self.configure(in_force)
    }
}
