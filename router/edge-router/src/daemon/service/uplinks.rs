use super::{miswired::miswired, resolvers::resolvers, uplink_rows::rows};
use crate::daemon::files::Files;
use edge_api::{Failure, Problem, Status};
use edge_config::{Config, Uplink};
use edge_engine::{EngineHandle, InForce, Service, StatusContext, Stop, Task};
use edge_plan::Facts;
use std::{future::ready, sync::Arc, time::Duration};
use tokio::{sync::watch, time::timeout};

/// How soon to try again what the kernel did not take.
const RETRY: Duration = Duration::from_secs(5);
/// How long a status waits for the first answer of an uplink: a gateway is one hop away.
const PATIENCE: Duration = Duration::from_millis(500);

/// The ways out: their addresses by DHCP, whether they carry anything, and the name servers that they bring.
pub struct Uplinks {
    uplinks: edge_uplink::Uplinks,
    files: Arc<Files>,
}

impl Uplinks {
    pub fn open(files: Arc<Files>) -> Self {
        Self { uplinks: edge_uplink::Uplinks::open(files.state_dir()), files }
    }

    /// For a resolver on the box.
    fn offer_resolvers(&self, in_force: &InForce) -> Option<Problem> {
        let text = resolvers(&in_force.config, &in_force.facts, &self.uplinks.reports());
        let error = self.files.offer_resolvers(&text).err()?;
        Some(Problem { what: "the name servers of the uplinks are not told".to_owned(), why: Some(error.to_string()) })
    }

    async fn follow(&self, engine: &dyn EngineHandle, in_force: &watch::Receiver<Arc<InForce>>) -> Result<(), Failure> {
        if in_force.borrow().is_applied() {
            engine.facts_changed().await?;
            // Domains alone change no plan, and nothing is configured anew for them.
            if let Some(Problem { what, why }) = self.offer_resolvers(&in_force.borrow()) {
                log::warn!("{what}: {}", why.unwrap_or_default());
            }
        }
        Ok(())
    }
}

impl Service for Uplinks {
    fn name(&self) -> &'static str {
        "the uplinks"
    }

    fn facts(&self, config: &Config, facts: &mut Facts) {
        self.uplinks.complete_facts(config, facts);
    }

    fn facts_gathered(&self, before: &InForce, config: &Config, facts: &Facts) {
        self.uplinks.aim(config, facts);
        tell(config, &before.facts, facts);
    }

    fn configure<'a>(&'a self, in_force: &'a InForce) -> Task<'a, Vec<Problem>> {
        self.uplinks.configure(&in_force.config, in_force.facts.machine);
        Box::pin(ready(self.offer_resolvers(in_force).into_iter().collect()))
    }

    fn settle(&self) -> Task<'_> {
        Box::pin(self.uplinks.settle(PATIENCE))
    }

    fn status(&self, context: &StatusContext, status: &mut Status) {
        let InForce { config, facts, space, .. } = context.in_force;
        let link = |uplink: &Uplink| context.observed.spaces.get(space)?.links.get(&uplink.ifname());
        let reports = self.uplinks.reports();
        status.uplinks = rows(config, facts, &reports, link, Duration::from_millis(context.now.ms));
        for (row, uplink) in status.uplinks.iter_mut().zip(&config.uplinks) {
            let hears_us = reports.get(&uplink.name).and_then(|report| miswired(uplink, report, link(uplink), &status.nodes));
            row.why = hears_us.or(row.why.take());
        }
    }

    /// Acts on every lease and every verdict as soon as it is there. The first time too: some of it came while the daemon started.
    fn run(self: Arc<Self>, engine: Arc<dyn EngineHandle>, mut stop: Stop) -> Task<'static> {
        Box::pin(async move {
            let (mut changes, in_force) = (self.uplinks.changes(), engine.in_force());
            loop {
                let followed = self.follow(&*engine, &in_force).await;
                // What was begun is never left half-way.
                tokio::select! {
                    () = stop.wait() => return,
                    changed = next(&mut changes, followed) => if changed.is_err() { return },
                }
            }
        })
    }
}

/// Something is found out, or it is time to try again.
async fn next(changes: &mut watch::Receiver<()>, followed: Result<(), Failure>) -> Result<(), watch::error::RecvError> {
    let Err(error) = followed else { return changes.changed().await };
    log::warn!("what was found out about the uplinks is not in force yet: {}", error.in_full());
    timeout(RETRY, changes.changed()).await.unwrap_or(Ok(()))
}

/// What is worth a line in the log.
fn tell(config: &Config, before: &Facts, now: &Facts) {
    for uplink in &config.uplinks {
        let name = &uplink.name;
        match (before.unhealthy.contains(name), now.unhealthy.contains(name)) {
            (false, true) => log::warn!("uplink {name} carries nothing: traffic goes by another"),
            (true, false) => log::info!("uplink {name} is well again"),
            _ => {}
        }
    }
}
