use crate::daemon::lent::Lent;
use edge_api::Problem;
use edge_engine::{InForce, Service, Task};
use std::sync::Arc;

/// Settings of the host that the router no longer needs there, as when it moves into a namespace.
pub struct LentSettings(Arc<Lent>);

impl LentSettings {
    pub fn new(lent: Arc<Lent>) -> Self {
        Self(lent)
    }
}

impl Service for LentSettings {
    fn name(&self) -> &'static str {
        "the settings of the host"
    }

    fn configure<'a>(&'a self, in_force: &'a InForce) -> Task<'a, Vec<Problem>> {
        Box::pin(async {
            match self.0.give_back_unwanted(&in_force.config) {
                Ok(given) => {
                    given.iter().for_each(|setting| log::info!("{setting}: as it was before"));
                    Vec::new()
                }
                Err(error) => {
                    let what = "settings of the host cannot be given back".to_owned();
                    vec![Problem { what, why: Some(error.to_string()) }]
                }
            }
        })
    }
}
