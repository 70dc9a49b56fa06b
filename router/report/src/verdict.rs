use edge_api::{Effect, Judgement, ObjectVerdict, Part, PartKind};
use edge_plan::{Difference, Effect as PlanEffect, Fate, Group, Link, Object, Reason, Route, Section, Verdict};

/// A section of the plan.
pub fn part(group: &Group) -> Part {
    let (kind, name) = owner(&group.section);
    let effects = group.effects.iter().map(|one| effect(*one)).collect();
    Part { kind, name, effects, objects: group.verdicts.iter().map(object).collect() }
}

fn effect(effect: PlanEffect) -> Effect {
    match effect {
        PlanEffect::Gone => Effect::Gone,
        PlanEffect::ContainersLoseLink => Effect::ContainersLoseLink,
        PlanEffect::DevicesCutOff => Effect::DevicesCutOff,
        PlanEffect::GatewayLost => Effect::GatewayLost,
        PlanEffect::FlowsBreak => Effect::FlowsBreak,
        PlanEffect::DisallowedFlowsCut => Effect::DisallowedFlowsCut,
        PlanEffect::New => Effect::New,
        PlanEffect::FlowsGoOn => Effect::FlowsGoOn,
    }
}

fn object(verdict: &Verdict) -> ObjectVerdict {
    let made = verdict.link.as_ref().filter(|_| verdict.fate == Fate::Created).and_then(made_on);
    let way = if let Object::Route(route) = &verdict.object { Some(way(route)) } else { None };
    // What is made goes onto a link that is made: that needs no saying.
    let says = |reason: &&Reason| verdict.fate != Fate::Created || !matches!(reason, Reason::Carrier(_));
    let reasons = verdict.reasons.iter().filter(says).map(|reason| why(reason, verdict.fate));
    ObjectVerdict {
        space: verdict.space.to_string(),
        object: words(verdict),
        verdict: match verdict.fate {
            Fate::Unchanged => Judgement::Unchanged,
            Fate::Changed => Judgement::ChangedLive,
            Fate::Recreated => Judgement::Recreated,
            Fate::Created => Judgement::Created,
            Fate::Removed => Judgement::Removed,
            Fate::Waiting => Judgement::Waiting,
            Fate::Conflict => Judgement::InConflict,
        },
        why: made.into_iter().chain(way).chain(reasons).collect(),
    }
}

pub(crate) fn owner(section: &Section) -> (PartKind, Option<String>) {
    match section {
        Section::Part(part) => (PartKind::Table(part.word.to_owned()), Some(part.name.clone())),
        Section::Policy => (PartKind::Policy, None),
        Section::Box => (PartKind::Box, None),
    }
}

/// What kind of thing and which, as `ip` and `nft` have it.
pub(crate) fn words(verdict: &Verdict) -> String {
    match &verdict.object {
        Object::Namespace => format!("namespace {}", verdict.space),
        Object::Setting(sysctl) => format!("setting {}", sysctl.name()),
        Object::Link(name) => format!("{} {name}", verdict.link.as_ref().map_or("link", |link| link.kind.word())),
        Object::Address(address) => format!("address {} on {}", address.interface, address.link),
        Object::Route(route) => format!("route {} on {}", route.destination, route.link),
        Object::Table(family) => format!("table {} {}", family.word(), edge_plan::TABLE),
        Object::FastPath => format!("flowtable {}", edge_plan::FAST_PATH),
    }
}

fn why(reason: &Reason, fate: Fate) -> String {
    let becomes = if fate == Fate::Removed { "goes" } else { "is recreated" };
    match reason {
        Reason::Differs(difference) => change(difference),
        Reason::Fixed(difference) => format!("{}: the kernel cannot change it on a living link", change(difference)),
        Reason::Successor(difference) => format!("{}: another link takes its place", change(difference)),
        Reason::Parent(parent) => format!("parent {parent} {becomes}"),
        Reason::Peer(peer) => format!("its other end {peer} {becomes}"),
        Reason::Carrier(link) => format!("with {link}"),
        Reason::Absent(device) => format!("{device} is not there"),
        Reason::Taken(name) => {
            format!("{name} is there already and not ours: remove or rename it, or choose another name in the configuration")
        }
        Reason::GivenBack => "given back: nothing of the configuration uses it any longer".to_owned(),
    }
}

pub(crate) fn change(difference: &Difference) -> String {
    let what = &difference.what;
    let text = match (difference.from(), difference.to()) {
        (Some(from), Some(to)) => format!("{what} {from} -> {to}"),
        (None, Some("")) => format!("{what} added"),
        (None, Some(to)) => format!("{what} added: {to}"),
        (_, None) => format!("{what} removed"),
    };
    text.trim_start().to_owned()
}

pub(crate) fn made_on(link: &Link) -> Option<String> {
    let parts: Vec<_> =
        link.kind.made_of().into_iter().chain(link.master.as_ref().map(|bridge| format!("port of {bridge}"))).collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

pub(crate) fn way(route: &Route) -> String {
    match route.via {
        Some(gateway) => format!("via {gateway}, metric {}", route.metric),
        None => format!("metric {}", route.metric),
    }
}

#[cfg(test)]
mod tests {
    /// The API has its own words, which are the plan's.
    #[test]
    fn an_effect_is_called_in_the_api_as_in_the_plan() {
        use edge_plan::Effect::*;
        let effects = [Gone, ContainersLoseLink, DevicesCutOff, GatewayLost, FlowsBreak, DisallowedFlowsCut, New, FlowsGoOn];
        assert!(effects.is_sorted(), "the worst first");
        for effect in effects {
            assert_eq!(format!("{:?}", super::effect(effect)), format!("{effect:?}"));
        }
    }
}
