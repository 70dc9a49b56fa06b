use crate::verdict::{owner, words};
use edge_api::{Deviation, Drift, DriftReport, DriftedObject, DriftedPart, ForeignObject, Waiting};
use edge_plan::{Fate, Group, Reason, Verdict};

/// The kernel against what was applied, by the verdict of each object.
pub fn drift(groups: &[Group], waiting: Vec<Waiting>, strangers: &[edge_plan::Stranger]) -> DriftReport {
    let part_of = |group: &Group| {
        let (kind, name) = owner(&group.section);
        DriftedPart { kind, name, objects: group.verdicts.iter().filter_map(drifted).collect() }
    };
    let parts: Vec<_> = groups.iter().map(part_of).filter(|part| !part.objects.is_empty()).collect();
    let foreign = strangers.iter().map(|stranger| ForeignObject {
        space: stranger.space.to_string(),
        object: stranger.thing.to_string(),
        link: stranger.link.to_string(),
    });
    let drifted = parts.iter().map(|part| part.objects.len()).sum::<usize>();
    DriftReport {
        drifted: u32::try_from(drifted).unwrap_or(u32::MAX),
        parts,
        waiting,
        foreign: foreign.collect(),
        pending: Vec::new(),
    }
}

/// The first few, and how many more: a line of the log or the status.
pub fn bounded(names: &[String]) -> String {
    const NAMED: usize = 4;
    match names.len().saturating_sub(NAMED) {
        0 => names.join(", "),
        more => format!("{}, and {more} more", names[..NAMED].join(", ")),
    }
}

/// None of what is as it was applied, waits, or is only touched for the sake of something else.
fn drifted(verdict: &Verdict) -> Option<DriftedObject> {
    let carrier = verdict.reasons.iter().find_map(|reason| match reason {
        Reason::Carrier(link) => Some(link.to_string()),
        _ => None,
    });
    let deviations: Vec<Deviation> = verdict.reasons.iter().filter_map(deviation).collect();
    let drift = match verdict.fate {
        Fate::Unchanged | Fate::Waiting => return None,
        Fate::Changed if verdict.reasons.contains(&Reason::GivenBack) => Drift::Extra,
        Fate::Changed | Fate::Recreated if deviations.is_empty() => return None,
        Fate::Changed | Fate::Recreated => Drift::Altered,
        Fate::Created => Drift::Missing,
        Fate::Removed => Drift::Extra,
        Fate::Conflict => Drift::Taken,
    };
    let with = carrier.filter(|_| drift == Drift::Missing);
    Some(DriftedObject { space: verdict.space.to_string(), object: words(verdict), drift, deviations, with })
}

fn deviation(reason: &Reason) -> Option<Deviation> {
    let (Reason::Differs(difference) | Reason::Fixed(difference) | Reason::Successor(difference)) = reason else { return None };
    let text = |value: Option<&str>| value.map(str::to_owned);
    Some(Deviation { what: difference.what.to_string(), is: text(difference.from()), should_be: text(difference.to()) })
}
