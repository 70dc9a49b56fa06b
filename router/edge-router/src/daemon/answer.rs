//! The API's calls.

use super::{Daemon, apply, current::Current, nodes, services, status};
use edge_control::{
    Api, ApplyReport, AttachRequest, Attached, Change, ConfigRequest, DetachRequest, Detached, Failure, FailureKind, Leases,
    PlanReport, Reachability, Status, Waiting,
};
use edge_plan::{desired, diff, grouped, verdicts};
use std::time::Instant;

impl Api for Daemon {
    async fn status(&self) -> Result<Status, Failure> {
        let observed = self.kernel.observe().await.map_err(|error| Failure::from_error(FailureKind::Internal, &error))?;
        let nodes = self.nodes().await;
        let round_trips = self.round_trips().await;
        let current = self.current.read().await;
        Ok(status::status(&current, self.files.problem(), &observed, nodes, &self.dhcp.counters(), &round_trips))
    }

    async fn leases(&self) -> Result<Leases, Failure> {
        Ok(Leases { leases: self.nodes().await })
    }

    async fn plan(&self, request: ConfigRequest) -> Result<PlanReport, Failure> {
        let (name, text) = self.text(given(request))?;
        let config = apply::parse(&name, &text)?;
        let observed = self.kernel.observe().await.map_err(|error| Failure::from_error(FailureKind::Internal, &error))?;
        let current = self.current.read().await;
        let wanted = desired(&config, &current.facts);
        let plan = diff(&wanted, &observed);
        let groups = grouped(verdicts(&wanted, &observed, &plan), &config, &current.config);
        Ok(PlanReport::new(&plan.ops, &groups, status::waiting(&config, &plan.waiting, &plan.conflicts)))
    }

    async fn apply(&self, request: ConfigRequest) -> Result<ApplyReport, Failure> {
        let started = Instant::now();
        let done = self.apply_text(given(request)).await?;
        let took_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        let current = self.current.read().await;
        Ok(ApplyReport {
            writes: u32::try_from(done.writes).unwrap_or(u32::MAX),
            changes: done.ops.iter().map(Change::from).collect(),
            waiting: waiting(&current),
            took_ms,
        })
    }

    async fn attach(&self, request: AttachRequest) -> Result<Attached, Failure> {
        let _turn = self.turn.lock().await;
        let config = self.current.read().await.config.clone();
        self.attach.attach(&config, request).await
    }

    async fn detach(&self, request: DetachRequest) -> Result<Detached, Failure> {
        let _turn = self.turn.lock().await;
        self.attach.detach(request).await
    }

    async fn reachability(&self) -> Result<Reachability, Failure> {
        Ok(Reachability::of(&self.current.read().await.config))
    }
}

impl Daemon {
    async fn nodes(&self) -> Vec<edge_control::Node> {
        let attached = self.attach.list().await;
        let current = self.current.read().await;
        nodes::nodes(&current.config, &self.dhcp.leases(), &attached)
    }

    /// Milliseconds to each uplink's gateway and back, in the order of the file; `None`: no answer.
    async fn round_trips(&self) -> Vec<Option<u32>> {
        let (gateways, netns) = {
            let current = self.current.read().await;
            let gateway = |uplink| edge_plan::addressing(uplink, &current.facts).and_then(|(_, gateway)| gateway);
            (current.config.uplinks.iter().map(gateway).collect::<Vec<_>>(), services::netns(&current.config))
        };
        super::gateway::ping_all(gateways, netns).await
    }
}

pub fn waiting(current: &Current) -> Vec<Waiting> {
    status::waiting(&current.config, &current.waiting, &current.conflicts)
}

fn given(request: ConfigRequest) -> Option<(String, String)> {
    request.config.map(|config| (config.file_name, config.text))
}
