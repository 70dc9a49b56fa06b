//! What somebody changed by hand in the kernel: found, told, and put back as `[router] drift` says.

use super::{router::Machine, waiting::waiting};
use edge_api::{DriftReport, Failure, Problem};
use edge_config::Drift;
use edge_engine::{Done, Fights, InForce, Mode};
use edge_plan::{State, Stranger, diff, grouped, urgent, verdicts};
use edge_report::bounded;

/// What the log said last: it does not say the same again.
#[derive(Default)]
pub struct LoggedDrift(Vec<String>);

/// After an event of the kernel.
pub async fn reconcile(engine: &Machine, logged: &mut LoggedDrift) -> Result<Done, Failure> {
    if engine.in_force().config.drift == Drift::Mend {
        return engine.reconcile(Mode::Most).await;
    }
    let done = engine.reconcile(Mode::Urgent).await?;
    let observed = engine.observe().await?;
    let in_force = engine.in_force();
    let wanted = in_force.wanted();
    let fights = engine.condition().fights;
    if urgent(&wanted, &observed, &diff(&wanted, &observed)).iter().any(|op| !fights.is_lost(op)) {
        // Something has come meanwhile: its event follows, and it is put back before anything is told.
        return Ok(done);
    }
    let report = report(&in_force, &observed, &[]);
    let names = names(&report);
    if names != logged.0 && !names.is_empty() {
        log::warn!("{}: {}; see routerctl diff, mend by routerctl apply", count(report.drifted), bounded(&names));
    }
    logged.0 = names;
    Ok(done)
}

/// Settings that something else keeps changing, and that are not put back any more.
pub fn lost_fights(in_force: &InForce, fights: &Fights, observed: &State) -> Option<Problem> {
    fights.problem(&diff(&in_force.wanted(), observed).ops).filter(|_| in_force.is_applied())
}

/// The kernel against what was applied.
pub fn report(in_force: &InForce, observed: &State, strangers: &[Stranger]) -> DriftReport {
    let wanted = in_force.wanted();
    let found = diff(&wanted, observed);
    let groups = grouped(verdicts(&wanted, observed, &found), &in_force.config, &in_force.config);
    // A name that is taken is drift, and told as such.
    edge_report::drift(&groups, waiting(&in_force.config, &found.waiting, &[], observed), strangers)
}

/// None while it is mended by itself, or there is none.
pub fn problem(in_force: &InForce, observed: &State) -> Option<Problem> {
    if in_force.config.drift == Drift::Mend || !in_force.is_applied() {
        return None;
    }
    let report = report(in_force, observed, &[]);
    let why = format!("{}; routerctl diff says what is otherwise, routerctl apply mends it", bounded(&names(&report)));
    (report.drifted > 0).then(|| Problem { what: format!("{}: routerctl diff", count(report.drifted)), why: Some(why) })
}

fn names(report: &DriftReport) -> Vec<String> {
    let objects = report.parts.iter().flat_map(|part| &part.objects);
    objects.map(|object| format!("{} in {}", object.object, object.space)).collect()
}

fn count(drifted: u32) -> String {
    if drifted == 1 { "1 object drifted".to_owned() } else { format!("{drifted} objects drifted") }
}
