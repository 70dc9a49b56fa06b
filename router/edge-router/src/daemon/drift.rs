//! What somebody changed by hand in the kernel: found, told, and put back as `[router] drift` says.

use super::{router::Machine, status::waiting};
use edge_api::{Action, Change, DriftReport, Failure, Problem};
use edge_config::Drift;
use edge_engine::{Done, InForce, Mode};
use edge_plan::{Op, State, Stranger, diff, grouped, urgent, verdicts};

/// How many objects a line of the log names.
const NAMED: usize = 4;

/// What the log said last: it does not say the same again.
#[derive(Default)]
pub struct Reported(Vec<String>);

/// After an event of the kernel.
pub async fn mend(engine: &Machine, reported: &mut Reported) -> Result<Done, Failure> {
    if engine.in_force().config.drift == Drift::Mend {
        return engine.reconcile(Mode::Most).await;
    }
    let done = engine.reconcile(Mode::Urgent).await?;
    let observed = engine.observe().await?;
    let in_force = engine.in_force();
    let wanted = in_force.wanted();
    if !urgent(&wanted, &observed, &diff(&wanted, &observed)).is_empty() {
        // Something has come meanwhile: its event follows, and it is put back before anything is told.
        return Ok(done);
    }
    let report = report(&in_force, &observed, &[]);
    let names = names(&report);
    if names != reported.0 && !names.is_empty() {
        log::warn!("{}: {}; see routerctl diff, mend by routerctl apply", count(report.drifted), bounded(&names));
    }
    reported.0 = names;
    Ok(done)
}

/// The kernel against what was applied.
pub fn report(in_force: &InForce, observed: &State, strangers: &[Stranger]) -> DriftReport {
    let wanted = in_force.wanted();
    let found = diff(&wanted, observed);
    let groups = grouped(verdicts(&wanted, observed, &found), &in_force.config, &in_force.config);
    // A name that is taken is drift, and told as such.
    edge_report::drift(&groups, waiting(&in_force.config, &found.waiting, &[]), strangers)
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

/// What was put back: `table inet edge-router in router (was gone), bridge br0 (down -> up), and 3 more`.
pub fn named(ops: &[Op]) -> String {
    let name = |op: &Op| {
        let Change { action, space, object, detail } = edge_report::change(op);
        let how = match (action, detail) {
            (Action::Add, _) => "was gone".to_owned(),
            (Action::Remove, _) => "was not to be there".to_owned(),
            (Action::Change, Some(detail)) => detail,
            (Action::Change, None) => "was otherwise".to_owned(),
        };
        format!("{object} in {space} ({how})")
    };
    bounded(&ops.iter().map(name).collect::<Vec<_>>())
}

fn names(report: &DriftReport) -> Vec<String> {
    let objects = report.parts.iter().flat_map(|part| &part.objects);
    objects.map(|object| format!("{} in {}", object.object, object.space)).collect()
}

fn count(drifted: u32) -> String {
    if drifted == 1 { "1 object drifted".to_owned() } else { format!("{drifted} objects drifted") }
}

fn bounded(names: &[String]) -> String {
    match names.len().saturating_sub(NAMED) {
        0 => names.join(", "),
        more => format!("{}, and {more} more", names[..NAMED].join(", ")),
    }
}
