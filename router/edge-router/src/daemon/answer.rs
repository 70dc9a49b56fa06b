//! The API's calls.

use super::{
    Daemon, apply, boot::Moment, bring::Done, confirm::whole_seconds, current::Current, drift, journal::Text, nodes, status,
};
use edge_api::{
    Api, ApplyReport, ApplyRequest, AttachRequest, Attached, CONFIRM_WITHIN, ConfigRequest, ConfigText, Confirmed, DetachRequest,
    Detached, DriftReport, Failure, FailureKind, Imported, LeaseFile, Leases, PlanReport, Reachability, Status, Waiting,
};
use edge_plan::{desired, diff, grouped, strange_links, verdicts};
use std::time::{Duration, Instant};

/// How long a status waits for the first answer of an uplink: a gateway is one hop away.
const PATIENCE: Duration = Duration::from_millis(500);

impl Api for Daemon {
    async fn status(&self) -> Result<Status, Failure> {
        let observed = self.observe().await?;
        let nodes = self.nodes().await;
        self.uplinks.settle(PATIENCE).await;
        let uplinks = self.uplinks.reports();
        let current = self.current.read().await;
        let file = self.files.read_config();
        let boot = Moment::now();
        let around = status::Around {
            state_problem: self.files.problem(),
            not_imported: self.files.not_imported(),
            config_name: &self.config_name(),
            file: &file,
            now: &boot,
        };
        Ok(status::status(&current, &around, &observed, nodes, &self.dhcp.counters(), &uplinks))
    }

    async fn leases(&self) -> Result<Leases, Failure> {
        Ok(Leases { leases: self.nodes().await })
    }

    async fn export_leases(&self) -> Result<LeaseFile, Failure> {
        Ok(self.exported())
    }

    async fn import_leases(&self, file: LeaseFile) -> Result<Imported, Failure> {
        self.import(file).await
    }

    async fn plan(&self, request: ConfigRequest) -> Result<PlanReport, Failure> {
        let text = given(request.config).map_or_else(|| self.config_text(), Ok)?;
        let config = apply::parse(&text)?;
        let observed = self.observe().await?;
        let current = self.current.read().await;
        let wanted = desired(&config, &current.facts);
        let plan = diff(&wanted, &observed);
        let groups = grouped(verdicts(&wanted, &observed, &plan), &config, &current.config);
        Ok(edge_report::plan(&plan.ops, &groups, status::waiting(&config, &plan.waiting, &plan.conflicts)))
    }

    async fn diff(&self) -> Result<DriftReport, Failure> {
        let observed = self.observe().await?;
        let mut strangers = strange_links(&observed);
        let others = self.kernel.strangers().await;
        strangers.extend(others.map_err(|error| Failure::from_error(FailureKind::Internal, &error))?);
        let current = self.current.read().await;
        if !current.is_applied() {
            return Err(Failure::new(FailureKind::Conflict, "nothing is applied yet").detail("routerctl apply"));
        }
        Ok(drift::report(&current, &observed, &strangers))
    }

    async fn apply(&self, request: ApplyRequest) -> Result<ApplyReport, Failure> {
        if let Some(seconds) = request.confirm_within.filter(|seconds| !CONFIRM_WITHIN.contains(seconds)) {
            let (least, most) = (CONFIRM_WITHIN.start(), CONFIRM_WITHIN.end());
            let what = format!("a confirmation can be waited for from {least} to {most} seconds, not {seconds}");
            return Err(Failure::new(FailureKind::Invalid, what));
        }
        let started = Instant::now();
        let done = Daemon::apply(self, given(request.config), request.confirm_within).await?;
        Ok(self.report(done, started).await)
    }

    async fn confirm(&self) -> Result<Confirmed, Failure> {
        self.confirm_open().await
    }

    async fn revert(&self) -> Result<ApplyReport, Failure> {
        let started = Instant::now();
        let done = self.revert_by_hand().await?;
        Ok(self.report(done, started).await)
    }

    async fn attach(&self, request: AttachRequest) -> Result<Attached, Failure> {
        let _turn = self.take_turn().await?;
        let config = self.current.read().await.config.clone();
        self.attach.attach(&config, request).await
    }

    async fn detach(&self, request: DetachRequest) -> Result<Detached, Failure> {
        let _turn = self.take_turn().await?;
        self.attach.detach(request).await
    }

    async fn reachability(&self) -> Result<Reachability, Failure> {
        let current = self.current.read().await;
        Ok(edge_report::reachability(&current.config, &current.facts))
    }
}

impl Daemon {
    async fn report(&self, done: Done, started: Instant) -> ApplyReport {
        let took_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        let window = self.window().await;
        let current = self.current.read().await;
        let kept = current.kept.as_ref().map(|kept| kept.text.name.clone());
        ApplyReport {
            writes: u32::try_from(done.writes).unwrap_or(u32::MAX),
            changes: done.ops.iter().map(edge_report::change).collect(),
            waiting: waiting(&current),
            took_ms,
            in_force: window.as_ref().map(|(journal, _)| journal.new.name.clone()).or(kept).unwrap_or_default(),
            confirm_within: window.map(|(_, left)| whole_seconds(left)),
        }
    }

    async fn nodes(&self) -> Vec<edge_api::Node> {
        let attached = self.attach.list().await;
        let current = self.current.read().await;
        nodes::nodes(&current.config, &self.dhcp.leases(), self.dhcp.resting(), &attached)
    }
}

pub fn waiting(current: &Current) -> Vec<Waiting> {
    status::waiting(&current.config, &current.waiting, &current.conflicts)
}

fn given(config: Option<ConfigText>) -> Option<Text> {
    config.map(|config| Text { name: config.file_name, text: config.text })
}
