//! The API's calls.

use super::{
    boot, containers, drift, history, living::There, nodes, router::Router, seconds::whole_seconds, status, transfer,
    waiting::waiting,
};
use edge_api::{
    Api, ApplyReport, ApplyRequest, AttachRequest, Attached, By, CONFIRM_WITHIN, ConfigRequest, ConfigText, Confirmed,
    DetachRequest, Detached, DriftReport, Failure, FailureKind, FileEffect, History, HistoryDiff, HistoryText, Imported,
    LeaseFile, Leases, PlanReport, Problem, Reachability, RevertRequest, Status,
};
use edge_config::Config;
use edge_engine::{Back, Before, Done, Text, parse};
use edge_plan::{Space, State, Surroundings, diff, grouped, strange_links, verdicts};
use edge_report::warning;
use std::time::Instant;

impl Api for Router {
    async fn status(&self) -> Result<Status, Failure> {
        let observed = self.engine.observe().await?;
        let around = self.surroundings(&self.engine.in_force().space).await;
        let nodes = self.nodes().await;
        for service in self.engine.services().iter() {
            service.settle().await;
        }
        let looped = self.loops().await;
        let mut status = status::status(self, &observed, &around, nodes, &boot::now().moment);
        status.problems.splice(0..0, looped);
        Ok(status)
    }

    async fn leases(&self) -> Result<Leases, Failure> {
        Ok(Leases { leases: self.nodes().await })
    }

    async fn export_leases(&self) -> Result<LeaseFile, Failure> {
        Ok(transfer::exported(&self.parts.dhcp))
    }

    async fn import_leases(&self, file: LeaseFile) -> Result<Imported, Failure> {
        transfer::imported(&self.parts.dhcp, &self.engine.in_force().config, file).await
    }

    async fn plan(&self, request: ConfigRequest) -> Result<PlanReport, Failure> {
        let text = given(request.config).map_or_else(|| self.engine.file().read(), Ok)?;
        let config = parse(&text)?;
        let observed = self.engine.observe().await?;
        let guarded = self.engine.guarded(config.clone(), &text).await;
        let guarded = guarded.inspect_err(|failure| log::warn!("who is connected is not known: {}", failure.in_full()));
        let (in_force, target) = (self.engine.in_force(), self.engine.foresee(config));
        let (config, wanted) = (&target.config, target.wanted());
        let living = There::now(&self.parts).await.between(&in_force.config, config);
        let effects = edge_report::effects(&in_force.config, config, &living);
        let plan = diff(&wanted, &observed);
        let groups = grouped(verdicts(&wanted, &observed, &plan), config, &in_force.config);
        let report = edge_report::plan(effects, &plan.ops, &groups, waiting(config, &plan.waiting, &plan.conflicts, &observed));
        let is_other_text = self.engine.ledger().text().is_some_and(|in_force| in_force.text != text.text);
        let unnamed = edge_report::unnamed(config, &target.facts, &observed);
        let only_spelling = is_other_text && report.effects.is_empty();
        let around = self.surroundings(&target.space).await;
        let clashes = warning::of_clashes(config, &around, &observed, &target.space);
        let mut warnings = warning::of_file(config, &text.name, &text.text);
        warnings.extend(warning::of_droppers(config, &around));
        warnings.extend(clashes.into_iter().map(warning::foreseen));
        Ok(PlanReport { only_spelling, warnings, unnamed, guarded: guarded.unwrap_or_default(), ..report })
    }

    async fn diff(&self) -> Result<DriftReport, Failure> {
        let observed = self.engine.observe().await?;
        let mut strangers = strange_links(&observed);
        let others = self.parts.kernel.strangers().await;
        strangers.extend(others.map_err(|error| Failure::from_error(FailureKind::Internal, &error))?);
        let in_force = self.engine.in_force();
        if !in_force.is_applied() {
            return Err(Failure::new(FailureKind::Conflict, "nothing is applied yet").detail("routerctl apply"));
        }
        let report = drift::report(&in_force, &observed, &strangers);
        Ok(DriftReport { pending: self.pending(&in_force.config).await, ..report })
    }

    async fn apply(&self, request: ApplyRequest, by: By) -> Result<ApplyReport, Failure> {
        can_be_waited_for(request.confirm_within)?;
        let (started, there) = (Instant::now(), There::now(&self.parts).await);
        let (given, confirm) = (given(request.config), request.confirm_within);
        let done = match request.force {
            true => self.engine.apply(given, confirm, Some(by)).await?,
            false => self.engine.apply_guarded(given, confirm, Some(by)).await?,
        };
        Ok(self.report(done, there, started).await)
    }

    async fn confirm(&self, by: By) -> Result<Confirmed, Failure> {
        let (journal, left) = self.engine.confirm(by).await?;
        Ok(Confirmed { name: journal.new.name, left: whole_seconds(left) })
    }

    async fn revert(&self, request: RevertRequest, by: By) -> Result<ApplyReport, Failure> {
        can_be_waited_for(request.confirm_within)?;
        let (started, there) = (Instant::now(), There::now(&self.parts).await);
        let back = request.to.map(|to| Back { to, confirm: request.confirm_within });
        let done = match (back, request.force) {
            (Some(back), true) => self.engine.revert_to(back, by).await?,
            (Some(back), false) => self.engine.revert_to_guarded(back, by).await?,
            (None, _) if request.confirm_within.is_some() => return Err(history::only_beside_a_number()),
            (None, true) => self.engine.revert(by).await?,
            (None, false) => self.engine.revert_guarded(by).await?,
        };
        Ok(self.report(done, there, started).await)
    }

    async fn history(&self) -> Result<History, Failure> {
        Ok(history::listed(&self.engine))
    }

    async fn history_text(&self, number: u64) -> Result<HistoryText, Failure> {
        let entry = self.engine.of_history(number)?;
        Ok(HistoryText { entry: entry.about, text: entry.text.text })
    }

    async fn history_diff(&self, from: u64, to: Option<u64>) -> Result<HistoryDiff, Failure> {
        history::difference(&self.engine, from, to)
    }

    async fn attach(&self, request: AttachRequest) -> Result<Attached, Failure> {
        let _guard = self.engine.lock().await?;
        containers::attach(&self.parts.attach, &self.engine.in_force().config, request).await
    }

    async fn detach(&self, request: DetachRequest) -> Result<Detached, Failure> {
        let _guard = self.engine.lock().await?;
        containers::detach(&self.parts.attach, request).await
    }

    async fn reachability(&self) -> Result<Reachability, Failure> {
        let in_force = self.engine.in_force();
        Ok(edge_report::reachability(&in_force.config, &in_force.facts))
    }
}

impl Router {
    async fn report(&self, done: Done, there: There, started: Instant) -> ApplyReport {
        let took_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        let (window, ledger) = (self.engine.window(), self.engine.ledger());
        let kept = ledger.kept.as_ref().map(|kept| kept.text.name.clone());
        let condition = self.engine.condition();
        let (effects, only_spelling) = self.brought(done.before, there);
        let config = &self.engine.in_force().config;
        let text = ledger.text().map(|text| warning::of_file(config, &text.name, &text.text));
        // What it did it did: which devices there are is said where one is missing, and that can be read.
        let is_short = !condition.waiting.is_empty();
        let observed = if is_short { self.engine.observe().await.unwrap_or_default() } else { State::default() };
        ApplyReport {
            writes: u32::try_from(done.writes).unwrap_or(u32::MAX),
            changes: done.ops.iter().map(edge_report::change).collect(),
            effects,
            only_spelling,
            waiting: waiting(config, &condition.waiting, &condition.conflicts, &observed),
            warnings: text.unwrap_or_default(),
            took_ms,
            in_force: window.as_ref().map(|(journal, _)| journal.new.name.clone()).or(kept).unwrap_or_default(),
            confirm_within: window.map(|(_, left)| whole_seconds(left)),
            now: self.engine.now(),
            before: self.engine.before(),
        }
    }

    /// Nothing where it cannot be read: that is no reason to say nothing else.
    async fn surroundings(&self, space: &Space) -> Surroundings {
        let found = self.parts.kernel.surroundings(space.clone()).await;
        found.inspect_err(|error| log::warn!("what others have here is not known: {error}")).unwrap_or_default()
    }

    /// Where there can be one.
    async fn loops(&self) -> Vec<Problem> {
        let config = &self.engine.in_force().config;
        if !warning::may_loop(config) {
            return Vec::new();
        }
        let found = self.parts.kernel.loops().await;
        let found = found.inspect_err(|error| log::warn!("whether there is a loop is not known: {error}"));
        warning::of_loops(config, &found.unwrap_or_default())
    }

    /// What the configuration file says otherwise; what is wrong with it is for `check` to tell.
    async fn pending(&self, in_force: &Config) -> Vec<FileEffect> {
        match self.engine.file().read().and_then(|text| parse(&text)) {
            Ok(file) => edge_report::effects(in_force, &file, &There::now(&self.parts).await.between(in_force, &file)),
            Err(_) => Vec::new(),
        }
    }

    /// In words of the file, and whether nothing but its words is other than before.
    fn brought(&self, before: Option<Before>, there: There) -> (Vec<FileEffect>, bool) {
        let Some(Before { config, is_other_text }) = before else { return (Vec::new(), false) };
        let after = &self.engine.in_force().config;
        let effects = edge_report::effects(&config, after, &there.between(&config, after));
        let only_spelling = is_other_text && effects.is_empty();
        (effects, only_spelling)
    }

    async fn nodes(&self) -> Vec<edge_api::Node> {
        let attached = self.parts.attach.records().await;
        nodes::nodes(&self.engine.in_force().config, &self.parts.dhcp.leases(), self.parts.dhcp.resting(), &attached)
    }
}

fn given(config: Option<ConfigText>) -> Option<Text> {
    config.map(|config| Text { name: config.file_name, text: config.text })
}

fn can_be_waited_for(confirm_within: Option<u32>) -> Result<(), Failure> {
    let Some(seconds) = confirm_within.filter(|seconds| !CONFIRM_WITHIN.contains(seconds)) else { return Ok(()) };
    let (least, most) = (CONFIRM_WITHIN.start(), CONFIRM_WITHIN.end());
    let what = format!("a confirmation can be waited for from {least} to {most} seconds, not {seconds}");
    Err(Failure::new(FailureKind::Invalid, what))
}
