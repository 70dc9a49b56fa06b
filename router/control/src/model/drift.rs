use super::verdict::{part, words};
use crate::{PartKind, Waiting};
use edge_plan::{Difference, Fate, Group, Reason, Verdict};
use serde::{Deserialize, Serialize};

/// The kernel against what was applied.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DriftReport {
    /// How many objects are not as they were applied; `routerctl apply` mends them.
    pub drifted: u32,
    /// Those that have drifted objects.
    pub parts: Vec<DriftedPart>,
    /// Devices that are not there: what hangs on them has not drifted, it waits.
    pub waiting: Vec<Waiting>,
    /// What others have put on links of ours; it is left alone.
    pub foreign: Vec<ForeignObject>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DriftedPart {
    pub kind: PartKind,
    /// Of the network or uplink.
    pub name: Option<String>,
    pub objects: Vec<DriftedObject>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DriftedObject {
    /// `host`, or the namespace's name.
    pub space: String,
    /// As in [`crate::ObjectVerdict`].
    pub object: String,
    pub drift: Drift,
    /// Of an altered one: what of it is otherwise.
    pub deviations: Vec<Deviation>,
    /// Of a missing one: the link it went with.
    pub with: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Drift {
    Missing,
    Altered,
    /// It carries our mark, and nothing that was applied asks for it.
    Extra,
    /// A link that is not ours has its name. An apply does not mend that.
    Taken,
}

/// `null`: not there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deviation {
    pub what: String,
    pub is: Option<String>,
    pub should_be: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForeignObject {
    pub space: String,
    /// `address 10.9.9.9/24`
    pub object: String,
    /// The link of ours it is on.
    pub link: String,
}

impl DriftReport {
    pub fn new(groups: &[Group], waiting: Vec<Waiting>, strangers: &[edge_plan::Stranger]) -> Self {
        let part_of = |group: &Group| {
            let (kind, name) = part(&group.section);
            DriftedPart { kind, name, objects: group.verdicts.iter().filter_map(drifted).collect() }
        };
        let parts: Vec<_> = groups.iter().map(part_of).filter(|part| !part.objects.is_empty()).collect();
        let foreign = strangers.iter().map(|stranger| ForeignObject {
            space: stranger.space.to_string(),
            object: stranger.thing.to_string(),
            link: stranger.link.to_string(),
        });
        let drifted = parts.iter().map(|part| part.objects.len()).sum::<usize>();
        Self { drifted: u32::try_from(drifted).unwrap_or(u32::MAX), parts, waiting, foreign: foreign.collect() }
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
    let Difference { what, from, to } = difference.clone();
    Some(Deviation { what, is: from, should_be: to })
}
