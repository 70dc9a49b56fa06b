//! What an apply does to each object, and why. The same comparison tells what somebody changed by hand, when what is wanted is
//! what was applied.

mod link;
mod table;

use crate::{
    Address, Attribute, Diff, Difference, Link, LinkKind, Op, Owner, Route, Space, SpaceState, State, Sysctl, nft::Family,
};
use edge_net::IfName;
use std::collections::{BTreeMap, BTreeSet};

/// One object, and what becomes of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Where it is.
    pub space: Space,
    /// Which object.
    pub object: Object,
    /// A link as it is wanted; as it is, when it is not wanted any more.
    pub link: Option<Link>,
    /// What becomes of it.
    pub fate: Fate,
    /// Why; empty where the fate says it all.
    pub reasons: Vec<Reason>,
}

/// What a space holds.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Object {
    /// The space itself.
    Namespace,
    /// One setting.
    Setting(Sysctl),
    /// A link, by its name.
    Link(IfName),
    /// An address on a link.
    Address(Address),
    /// A route.
    Route(Route),
    /// Our nftables table.
    Table(Family),
    /// The links whose established flows go past the rules.
    FastPath,
}

/// netifd's verdicts (NO_CHANGE, APPLIED, RECREATE), with what one file adds: objects that come, go, wait or are in the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fate {
    /// It is as it is wanted.
    Unchanged,
    /// On the living object: nothing that hangs on it notices.
    Changed,
    /// Removed, and made again otherwise.
    Recreated,
    /// It was not there.
    Created,
    /// It is not wanted any more.
    Removed,
    /// For a device that is not there.
    Waiting,
    /// Its name is taken by a link that is not ours.
    Conflict,
}

/// Why an object has its fate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// It is otherwise, and is changed on the living object.
    Differs(Difference),
    /// The kernel cannot change it on a living object.
    Fixed(Difference),
    /// A link of another name, or in another namespace, takes its place.
    Successor(Difference),
    /// The link it is made on does not stay.
    Parent(IfName),
    /// The other end of the pair does not stay.
    Peer(IfName),
    /// The link that carries it is made anew, or goes.
    Carrier(IfName),
    /// This device is not there.
    Absent(IfName),
    /// A link of this name is there and not ours.
    Taken(IfName),
    /// Somebody else's device, not used any longer.
    GivenBack,
}

impl Verdict {
    /// Whether it does not stay, to be made again or not.
    pub(crate) fn goes(&self) -> bool {
        matches!(self.fate, Fate::Removed | Fate::Recreated)
    }

    /// What of a living object is otherwise.
    pub(crate) fn difference(&self, what: &Attribute) -> Option<&Difference> {
        self.reasons.iter().find_map(|reason| match reason {
            Reason::Differs(difference) if difference.what == *what => Some(difference),
            _ => None,
        })
    }
}

/// A verdict for each object that is wanted or ours, in the order of spaces and objects.
pub fn verdicts(desired: &State, observed: &State, diff: &Diff) -> Vec<Verdict> {
    let judge = Judge { desired, observed, touched: touched(diff) };
    let spaces: BTreeSet<&Space> = desired.spaces.keys().chain(observed.spaces.keys()).collect();
    spaces.into_iter().flat_map(|space| judge.space(space)).collect()
}

/// What the operations do to an object.
#[derive(Clone, Copy, Debug, Default)]
struct Touch {
    made: bool,
    unmade: bool,
    changed: bool,
}

type Place = (Space, Object);

fn touched(diff: &Diff) -> BTreeMap<Place, Touch> {
    let mut touched: BTreeMap<Place, Touch> = BTreeMap::new();
    let mut at = |space: &Space, object: Object, touch: fn(&mut Touch)| {
        touch(touched.entry((space.clone(), object)).or_default());
    };
    let made = |touch: &mut Touch| touch.made = true;
    let unmade = |touch: &mut Touch| touch.unmade = true;
    let changed = |touch: &mut Touch| touch.changed = true;
    for op in &diff.ops {
        match op {
            Op::CreateNamespace(name) => at(&Space::Named(name.clone()), Object::Namespace, made),
            Op::DeleteNamespace(name) => at(&Space::Named(name.clone()), Object::Namespace, unmade),
            Op::SetSysctl { space, sysctl, .. } => at(space, Object::Setting(*sysctl), changed),
            Op::CreateLink { space, name, link: Link { kind, .. }, .. } | Op::DeleteLink { space, name, kind } => {
                let touch = if matches!(op, Op::CreateLink { .. }) { made } else { unmade };
                at(space, Object::Link(*name), touch);
                if let Some((space, peer)) = kind.peer() {
                    at(space, Object::Link(*peer), touch);
                }
            }
            Op::ChangeLink { space, name, .. } => at(space, Object::Link(*name), changed),
            Op::MoveLink { name, to, .. } => at(to, Object::Link(*name), changed),
            Op::AddAddress { space, address } => at(space, Object::Address(address.clone()), made),
            Op::DeleteAddress { space, address } => at(space, Object::Address(address.clone()), unmade),
            Op::AddRoute { space, route } => at(space, Object::Route(route.clone()), made),
            Op::DeleteRoute { space, route } => at(space, Object::Route(route.clone()), unmade),
            Op::SetTable { space, family, .. } => at(space, Object::Table(*family), changed),
            Op::SetFastPath { space, .. } => at(space, Object::FastPath, changed),
        }
    }
    touched
}

fn left_out(obstacles: &[Reason]) -> Fate {
    if matches!(obstacles, [Reason::Taken(_), ..]) { Fate::Conflict } else { Fate::Waiting }
}

struct Judge<'a> {
    desired: &'a State,
    observed: &'a State,
    touched: BTreeMap<Place, Touch>,
}

impl Judge<'_> {
    fn space(&self, space: &Space) -> Vec<Verdict> {
        let nothing = SpaceState::default();
        let wanted = self.desired.spaces.get(space);
        let found = self.observed.spaces.get(space);
        let (to, from) = (wanted.unwrap_or(&nothing), found.unwrap_or(&nothing));
        let mut verdicts = Vec::new();
        if *space != Space::Host {
            verdicts.push(self.plain(space, Object::Namespace, wanted.is_some(), found.is_some()));
        }
        verdicts.extend(to.sysctls.keys().filter_map(|sysctl| self.setting(space, *sysctl)));
        let links: BTreeSet<&IfName> = to.links.keys().chain(from.links.keys()).collect();
        verdicts.extend(links.into_iter().filter_map(|name| self.link(space, name)));
        for address in to.addresses.union(&from.addresses) {
            let there = from.addresses.contains(address);
            verdicts.push(self.carried(space, Object::Address(address.clone()), &address.link, there));
        }
        for route in to.routes.union(&from.routes) {
            verdicts.push(self.carried(space, Object::Route(route.clone()), &route.link, from.routes.contains(route)));
        }
        verdicts.extend(Family::ALL.into_iter().filter_map(|family| self.table(space, family, to, from)));
        verdicts.extend(self.fast_path(space, to, from));
        verdicts
    }

    fn touch(&self, space: &Space, object: &Object) -> Touch {
        self.touched.get(&(space.clone(), object.clone())).copied().unwrap_or_default()
    }

    /// Something that is there or not, and has nothing that could be otherwise.
    fn plain(&self, space: &Space, object: Object, wanted: bool, found: bool) -> Verdict {
        let fate = match (wanted, found) {
            (true, true) => Fate::Unchanged,
            (true, false) => Fate::Created,
            (false, _) => Fate::Removed,
        };
        Verdict { space: space.clone(), object, link: None, fate, reasons: Vec::new() }
    }

    /// A setting the kernel does not have has no verdict.
    fn setting(&self, space: &Space, sysctl: Sysctl) -> Option<Verdict> {
        let object = Object::Setting(sysctl);
        let found = self.observed.spaces.get(space).map(|found| found.sysctls.get(&sysctl).copied());
        let changed = self.touch(space, &object).changed;
        // Nor has one that a space will have from its beginning.
        if found == Some(None) || found.is_none() && !changed {
            return None;
        }
        let mut verdict = self.plain(space, object, true, true);
        if changed {
            let wanted = self.desired.spaces.get(space).and_then(|wanted| wanted.sysctls.get(&sysctl)).copied();
            let word = |on: Option<bool>| sysctl.word(on == Some(true));
            verdict.fate = Fate::Changed;
            verdict.reasons = vec![Reason::Differs(Difference::new(
                Attribute::Value,
                word(found.unwrap_or(Some(sysctl.is_on_at_first()))),
                word(wanted),
            ))];
        }
        Some(verdict)
    }

    /// An address or a route.
    fn carried(&self, space: &Space, object: Object, carrier: &IfName, found: bool) -> Verdict {
        let touch = self.touch(space, &object);
        let link = self.touch(space, &Object::Link(*carrier));
        let mut reasons = Vec::new();
        let fate = match (touch.unmade, touch.made) {
            (true, true) => Fate::Recreated,
            (true, false) => Fate::Removed,
            (false, true) => Fate::Created,
            (false, false) if found => Fate::Unchanged,
            // Wanted, but left out: the link that shall carry it cannot be.
            (false, false) => {
                reasons.extend(self.obstacle(space, carrier));
                left_out(&reasons)
            }
        };
        if touch.made && link.made || touch.unmade && link.unmade {
            reasons.push(Reason::Carrier(*carrier));
        }
        Verdict { space: space.clone(), object, link: None, fate, reasons }
    }

    fn table(&self, space: &Space, family: Family, to: &SpaceState, from: &SpaceState) -> Option<Verdict> {
        let (to, from) = (to.table_of(family), from.table_of(family));
        if to.is_none() && from.is_none() {
            return None;
        }
        let mut verdict = self.plain(space, Object::Table(family), to.is_some(), from.is_some());
        if self.touch(space, &Object::Table(family)).changed
            && let (Some(from), Some(to)) = (from, to)
        {
            verdict.fate = Fate::Changed;
            verdict.reasons = table::differences(from, to).into_iter().map(Reason::Differs).collect();
        }
        Some(verdict)
    }

    /// None where the kernel has no such thing.
    fn fast_path(&self, space: &Space, to: &SpaceState, from: &SpaceState) -> Option<Verdict> {
        let none = BTreeSet::new();
        let changed = self.touch(space, &Object::FastPath).changed;
        let (was, is) = (from.fast_path.as_ref().unwrap_or(&none), to.fast_path.as_ref().unwrap_or(&none));
        if !changed && was.is_empty() {
            return None;
        }
        let fate = match (changed, was.is_empty(), is.is_empty()) {
            (false, ..) => Fate::Unchanged,
            (_, true, _) => Fate::Created,
            (_, _, true) => Fate::Removed,
            _ => Fate::Changed,
        };
        let reason = |link: &IfName, from: Option<&str>, to: Option<&str>| {
            Reason::Differs(Difference::of(Attribute::Bound(*link), from, to))
        };
        let mut reasons = Vec::new();
        if fate == Fate::Changed {
            reasons.extend(was.difference(is).map(|link| reason(link, Some(""), None)));
            reasons.extend(is.difference(was).map(|link| reason(link, None, Some(""))));
        }
        Some(Verdict { space: space.clone(), object: Object::FastPath, link: None, fate, reasons })
    }

    /// What keeps a wanted link from being there: followed to the device that is missing or the name that is taken.
    fn obstacle(&self, space: &Space, name: &IfName) -> Option<Reason> {
        let link = self.desired.spaces.get(space)?.links.get(name)?;
        let found = self.observed.spaces.get(space).and_then(|found| found.links.get(name));
        if link.kind == LinkKind::Device {
            let is_there = self.observed.spaces.values().any(|found| found.links.contains_key(name));
            return (!is_there).then_some(Reason::Absent(*name));
        }
        if found.is_some_and(|found| found.owner != Owner::Plan) {
            return Some(Reason::Taken(*name));
        }
        if let Some((space, peer)) = link.kind.peer() {
            let taken = self.observed.spaces.get(space).and_then(|found| found.links.get(peer));
            return taken.filter(|found| found.owner != Owner::Plan).map(|_| Reason::Taken(*peer));
        }
        self.obstacle(&Space::Host, link.kind.parent()?)
    }
}
