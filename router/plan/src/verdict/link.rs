use super::{Fate, Judge, Object, Reason, Verdict, left_out};
use crate::{Attribute, Difference, Link, LinkKind, Owner, Space};
use edge_net::IfName;

impl Judge<'_> {
    /// None of a link that is neither wanted nor ours.
    pub(super) fn link(&self, space: &Space, name: &IfName) -> Option<Verdict> {
        let find = |state: &crate::State| state.spaces.get(space).and_then(|space| space.links.get(name)).cloned();
        let verdict = |link: Link, fate: Fate, reasons: Vec<Reason>| {
            Some(Verdict { space: space.clone(), object: Object::Link(*name), link: Some(link), fate, reasons })
        };
        match (find(self.desired), find(self.observed)) {
            (None, None) => None,
            (Some(wanted), found) => {
                let (fate, reasons) = self.wanted(space, name, &wanted, found.as_ref());
                verdict(wanted, fate, reasons)
            }
            (None, Some(found)) if found.owner == Owner::Plan => verdict(found, Fate::Removed, Vec::new()),
            // One that is wanted in another space is told of there.
            (None, Some(found)) if found.owner == Owner::Lent && !self.is_wanted_elsewhere(name) => {
                verdict(found, Fate::Changed, vec![Reason::GivenBack])
            }
            (None, Some(_)) => None,
        }
    }

    fn wanted(&self, space: &Space, name: &IfName, wanted: &Link, found: Option<&Link>) -> (Fate, Vec<Reason>) {
        let touch = self.touch(space, &Object::Link(*name));
        match (touch.unmade, touch.made, touch.changed) {
            (true, true, _) => (Fate::Recreated, self.why_anew(wanted, found)),
            (false, true, _) => (Fate::Created, Vec::new()),
            (_, _, true) => (Fate::Changed, self.differences(space, name, wanted, found)),
            (false, false, false) if found.is_some() && self.obstacle(space, name).is_none() => (Fate::Unchanged, Vec::new()),
            // Not there and not made, or not there any more: something is in the way.
            _ => {
                let reasons: Vec<Reason> = self.obstacle(space, name).into_iter().collect();
                (left_out(&reasons), reasons)
            }
        }
    }

    fn why_anew(&self, wanted: &Link, found: Option<&Link>) -> Vec<Reason> {
        let Some(found) = found else { return Vec::new() };
        let fixed: Vec<Reason> = found.kind.fixed_differences(&wanted.kind).into_iter().map(Reason::Fixed).collect();
        if fixed.is_empty() { self.lost_stand(found).into_iter().collect() } else { fixed }
    }

    /// Its parent or its other end goes.
    fn lost_stand(&self, link: &Link) -> Option<Reason> {
        let goes = |space: &Space, name: &IfName| self.touch(space, &Object::Link(*name)).unmade;
        match link.kind.peer() {
            Some((space, peer)) => {
                let other = self.desired.spaces.get(space).and_then(|wanted| wanted.links.get(peer));
                let other_goes_first = other.is_none_or(|wanted| !self.found_kind(space, peer).can_become(&wanted.kind));
                (goes(space, peer) && other_goes_first).then_some(Reason::Peer(*peer))
            }
            None => link.kind.parent().filter(|parent| goes(&Space::Host, parent)).cloned().map(Reason::Parent),
        }
    }

    fn found_kind(&self, space: &Space, name: &IfName) -> LinkKind {
        let found = self.observed.spaces.get(space).and_then(|found| found.links.get(name));
        found.map_or(LinkKind::Device, |found| found.kind.clone())
    }

    fn is_wanted_elsewhere(&self, name: &IfName) -> bool {
        self.desired.spaces.values().any(|wanted| wanted.links.contains_key(name))
    }

    fn differences(&self, space: &Space, name: &IfName, wanted: &Link, found: Option<&Link>) -> Vec<Reason> {
        let mut differences = Vec::new();
        let elsewhere = || {
            let home = self.observed.spaces.iter().find(|(home, _)| *home != space);
            home.and_then(|(home, state)| Some((home, state.links.get(name)?)))
        };
        let found = match found {
            Some(found) => found,
            None => match elsewhere() {
                Some((home, found)) => {
                    differences.push(Difference::new(Attribute::Namespace, home, space));
                    found
                }
                None => return Vec::new(),
            },
        };
        differences.extend(found.differences(wanted));
        if differences.is_empty() {
            // It only leaves a bridge whose name is not ours any more.
            return wanted.master.iter().filter_map(|master| self.obstacle(space, master)).collect();
        }
        differences.into_iter().map(Reason::Differs).collect()
    }
}
