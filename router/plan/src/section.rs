//! Verdicts by what of the file they are about, with what that interrupts.

use crate::{
    Attribute, Difference, Effect, Owner,
    link::Changes,
    nft::Family,
    part::{self, Part, PartId},
    verdict::{Fate, Object, Reason, Verdict},
};
use edge_config::Config;
use edge_net::IfName;
use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    mem::discriminant,
};

/// A part of the file, or of the box.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Section {
    /// One that has links to itself, as a `[[network]]` or an `[[uplink]]`.
    Part(PartId),
    /// The nftables tables.
    Policy,
    /// What no one part has to itself: namespaces, settings, trunks.
    Box,
}

/// What becomes of a section, and what that interrupts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Which.
    pub section: Section,
    /// Of all its objects, in the order of spaces and objects.
    pub verdicts: Vec<Verdict>,
    /// Empty: nothing becomes of it.
    pub effects: BTreeSet<Effect>,
}

/// In the order of the file: networks, uplinks, the policy, the rest. `before` is what was applied last: what goes belongs to it.
pub fn grouped(verdicts: Vec<Verdict>, config: &Config, before: &Config) -> Vec<Group> {
    let places = Places::of(config, before);
    let mut groups: BTreeMap<usize, Vec<Verdict>> = BTreeMap::new();
    for verdict in verdicts {
        groups.entry(places.of_object(&verdict.object)).or_default().push(verdict);
    }
    let group = |(place, verdicts): (usize, Vec<Verdict>)| {
        let section = places.section(place);
        let verdicts = with_successors(verdicts);
        let mut effects = effects(&section, places.parts.get(place), &verdicts);
        if places.attached_otherwise.contains(&place) {
            effects.remove(&Effect::FlowsGoOn);
            effects.insert(Effect::ContainersLoseLink);
        }
        Group { section, verdicts, effects }
    };
    groups.into_iter().map(group).collect()
}

/// Which section each link belongs to: by number, those of the parts and behind them the policy and the box.
#[derive(Default)]
struct Places {
    parts: Vec<Part>,
    /// Where in `parts` each stands.
    numbers: HashMap<PartId, usize>,
    links: HashMap<IfName, usize>,
    /// Containers that hang on these in another way than before are plugged in anew.
    attached_otherwise: HashSet<usize>,
}

impl Places {
    fn of(config: &Config, before: &Config) -> Self {
        let mut places = Self::default();
        for part in part::KINDS.iter().flat_map(|of_kind| [config, before].into_iter().flat_map(of_kind)) {
            places.add(part);
        }
        places
    }

    /// The first to name a link has it.
    fn add(&mut self, part: Part) {
        let next = self.parts.len();
        let place = *self.numbers.entry(part.id.clone()).or_insert(next);
        for link in part.links.iter().copied() {
            self.links.entry(link).or_insert(place);
        }
        match self.parts.get(place) {
            None => self.parts.push(part),
            Some(now) if now.attach != part.attach => drop(self.attached_otherwise.insert(place)),
            Some(_) => {}
        }
    }

    fn section(&self, place: usize) -> Section {
        match self.parts.get(place) {
            Some(part) => Section::Part(part.id.clone()),
            None if place == self.parts.len() => Section::Policy,
            None => Section::Box,
        }
    }

    fn of_object(&self, object: &Object) -> usize {
        let (policy, rest) = (self.parts.len(), self.parts.len() + 1);
        match object {
            Object::Link(name) => self.links.get(name).copied().unwrap_or(rest),
            Object::Address(address) => self.links.get(&address.link).copied().unwrap_or(rest),
            Object::Route(route) => self.links.get(&route.link).copied().unwrap_or(rest),
            Object::Table(_) | Object::FastPath => policy,
            Object::Namespace | Object::Setting(_) => rest,
        }
    }
}

/// A link that takes the place of another of its kind, as a VLAN with another id, is that link made anew.
fn with_successors(mut verdicts: Vec<Verdict>) -> Vec<Verdict> {
    for kind in verdicts.iter().filter_map(|verdict| verdict.link.as_ref()).map(|link| link.kind.clone()).collect::<Vec<_>>() {
        let of = |fate: Fate| {
            let is_it = |verdict: &Verdict| {
                let same_kind = verdict.link.as_ref().is_some_and(|link| discriminant(&link.kind) == discriminant(&kind));
                verdict.fate == fate && same_kind
            };
            let mut places = verdicts.iter().enumerate().filter(|(_, verdict)| is_it(verdict)).map(|(place, _)| place);
            // Of several nobody could say which follows which.
            places.next().filter(|_| places.next().is_none())
        };
        if let (Some(old), Some(new)) = (of(Fate::Removed), of(Fate::Created)) {
            let reasons = why_successor(&verdicts[old], &verdicts[new]);
            verdicts[new] = Verdict { fate: Fate::Recreated, reasons, ..verdicts[new].clone() };
            verdicts.remove(old);
        }
    }
    verdicts
}

fn why_successor(old: &Verdict, new: &Verdict) -> Vec<Reason> {
    let (Some(from), Some(to)) = (&old.link, &new.link) else { return Vec::new() };
    let mut reasons: Vec<Reason> = from.kind.fixed_differences(&to.kind).into_iter().map(Reason::Fixed).collect();
    if reasons.is_empty()
        && let (Object::Link(from), Object::Link(to)) = (&old.object, &new.object)
    {
        reasons.push(Reason::Successor(if from == to {
            Difference::new(Attribute::Namespace, &old.space, &new.space)
        } else {
            Difference::new(Attribute::Name, from, to)
        }));
    }
    reasons
}

fn effects(section: &Section, part: Option<&Part>, verdicts: &[Verdict]) -> BTreeSet<Effect> {
    let touched = |verdict: &&Verdict| !matches!(verdict.fate, Fate::Unchanged | Fate::Waiting | Fate::Conflict);
    let mut effects: BTreeSet<Effect> = verdicts.iter().filter_map(|verdict| effect(part, verdict)).collect();
    let of_its_own = || verdicts.iter().filter(|verdict| !is_foreign(verdict));
    if *section != Section::Box && verdicts.iter().any(|verdict| touched(&verdict)) && effects.is_empty() {
        let is_new = of_its_own().all(|verdict| !matches!(verdict.fate, Fate::Unchanged | Fate::Changed));
        effects.insert(if is_new { Effect::New } else { Effect::FlowsGoOn });
    }
    if part.is_some() && of_its_own().next().is_some() && of_its_own().all(|verdict| verdict.fate == Fate::Removed) {
        return [Effect::Gone].into();
    }
    effects
}

/// A device that was there before us and stays after us.
fn is_foreign(verdict: &Verdict) -> bool {
    verdict.link.as_ref().is_some_and(|link| matches!(link.owner, Owner::Foreign | Owner::Lent))
}

fn effect(part: Option<&Part>, verdict: &Verdict) -> Option<Effect> {
    let breaks = part.map_or(Effect::GatewayLost, |part| part.breaks);
    match &verdict.object {
        Object::Table(Family::Inet) => (verdict.fate != Fate::Unchanged).then_some(Effect::DisallowedFlowsCut),
        Object::Address(_) | Object::Route(_) => verdict.goes().then_some(breaks),
        Object::Link(_) => of_link(part, verdict),
        Object::Namespace | Object::Setting(_) | Object::Table(Family::Bridge) | Object::FastPath => None,
    }
}

fn of_link(part: Option<&Part>, verdict: &Verdict) -> Option<Effect> {
    let left_bridge = verdict.difference(&Attribute::Master).is_some_and(Difference::takes_away);
    let changes = Changes {
        goes: verdict.goes(),
        mac: verdict.difference(&Attribute::Mac).is_some(),
        master: verdict.difference(&Attribute::Master).is_some(),
        left_bridge,
    };
    let let_go = left_bridge || verdict.reasons.contains(&Reason::GivenBack);
    let of_any_kind = let_go.then(|| part.map_or(Effect::DevicesCutOff, |part| part.cuts_off));
    verdict.link.as_ref()?.kind.effect(changes).or(of_any_kind)
}
