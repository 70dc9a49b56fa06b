use super::{Difference, Fate, Judge, Object, Reason, Verdict, left_out};
use crate::{Link, LinkConf, LinkKind, Owner, RpFilter, Space};
use edge_net::IfName;

impl Judge<'_> {
    /// None of a link that is neither wanted nor ours.
    pub(super) fn link(&self, space: &Space, name: &IfName) -> Option<Verdict> {
        let find = |state: &crate::State| state.spaces.get(space).and_then(|space| space.links.get(name)).cloned();
        let verdict = |link: Link, fate: Fate, reasons: Vec<Reason>| {
            Some(Verdict { space: space.clone(), object: Object::Link(name.clone()), link: Some(link), fate, reasons })
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
        let touch = self.touch(space, &Object::Link(name.clone()));
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
        let fixed: Vec<Reason> = kind_differences(&found.kind, &wanted.kind).into_iter().map(Reason::Fixed).collect();
        if fixed.is_empty() { self.lost_stand(found).into_iter().collect() } else { fixed }
    }

    /// Its parent or its other end goes.
    fn lost_stand(&self, link: &Link) -> Option<Reason> {
        let goes = |space: &Space, name: &IfName| self.touch(space, &Object::Link(name.clone())).unmade;
        match &link.kind {
            LinkKind::Veth { peer_space, peer } => {
                let other = self.desired.spaces.get(peer_space).and_then(|wanted| wanted.links.get(peer));
                let other_goes_first = other.is_none_or(|wanted| wanted.kind != self.found_kind(peer_space, peer));
                (goes(peer_space, peer) && other_goes_first).then(|| Reason::Peer(peer.clone()))
            }
            _ => link.parent().filter(|parent| goes(&Space::Host, parent)).cloned().map(Reason::Parent),
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
                    differences.push(Difference::new("namespace", home, space));
                    found
                }
                None => return Vec::new(),
            },
        };
        differences.extend(live_differences(found, wanted));
        if differences.is_empty() {
            // It only leaves a bridge whose name is not ours any more.
            return wanted.master.iter().filter_map(|master| self.obstacle(space, master)).collect();
        }
        differences.into_iter().map(Reason::Differs).collect()
    }
}

/// What makes a link another one (`IFLA_VLAN_ID`, `IFLA_LINK` and the kind cannot be changed: net/8021q/vlan_netlink.c,
/// net/core/rtnetlink.c).
pub(crate) fn kind_differences(found: &LinkKind, wanted: &LinkKind) -> Vec<Difference> {
    let mut differences = Vec::new();
    match (found, wanted) {
        (LinkKind::Vlan { parent: from, id: from_id }, LinkKind::Vlan { parent: to, id: to_id }) => {
            if from_id != to_id {
                differences.push(Difference::new("VLAN id", from_id, to_id));
            }
            if from != to {
                differences.push(Difference::new("trunk", from, to));
            }
        }
        (LinkKind::Veth { peer_space, peer }, LinkKind::Veth { peer_space: to_space, peer: to }) => {
            if (peer_space, peer) != (to_space, to) {
                let end = |name: &IfName, space: &Space| format!("{name} in {space}");
                differences.push(Difference::new("other end", end(peer, peer_space), end(to, to_space)));
            }
        }
        _ if std::mem::discriminant(found) != std::mem::discriminant(wanted) => {
            differences.push(Difference::new("kind", found.word(), wanted.word()));
        }
        _ => {
            let parent = |kind: &LinkKind| match kind {
                LinkKind::IpvlanL2 { parent } | LinkKind::Macvlan { parent } => Some(parent.to_string()),
                _ => None,
            };
            if parent(found) != parent(wanted) {
                differences.push(Difference { what: "parent".to_owned(), from: parent(found), to: parent(wanted) });
            }
        }
    }
    differences
}

/// What is changed while the link lives.
fn live_differences(found: &Link, wanted: &Link) -> Vec<Difference> {
    let mut differences = Vec::new();
    let up = |up: bool| if up { "up" } else { "down" };
    if wanted.owner == Owner::Foreign {
        if !found.up {
            differences.push(Difference::new("link", up(false), up(true)));
        }
        if found.owner == Owner::Lent {
            differences.push(Difference::new("used by", whose(found.owner), whose(wanted.owner)));
        }
        return differences;
    }
    if found.master != wanted.master {
        let name = |master: &Option<IfName>| master.as_ref().map_or("none".to_owned(), IfName::to_string);
        differences.push(Difference::new("bridge", name(&found.master), name(&wanted.master)));
    }
    if let Some(mac) = wanted.mac.filter(|mac| found.mac != Some(*mac)) {
        let from = found.mac.map(|mac| mac.to_string());
        differences.push(Difference { what: "MAC".to_owned(), from, to: Some(mac.to_string()) });
    }
    if found.up != wanted.up {
        differences.push(Difference::new("link", up(found.up), up(wanted.up)));
    }
    if found.owner != wanted.owner {
        differences.push(Difference::new("used by", whose(found.owner), whose(wanted.owner)));
    }
    match (found.conf, wanted.conf) {
        (Some(from), Some(to)) if from != to => {
            differences.push(Difference::new("rp_filter", rp_filter(from), rp_filter(to)));
        }
        (None, Some(to)) => {
            let ours = format!("arp_ignore 1, rp_filter {}, no IPv6 address", rp_filter(to));
            differences.push(Difference::new("settings", "otherwise", ours));
        }
        _ => {}
    }
    differences
}

fn whose(owner: Owner) -> &'static str {
    match owner {
        Owner::Foreign => "others",
        Owner::Plan | Owner::Lent | Owner::Attach => "us",
    }
}

fn rp_filter(conf: LinkConf) -> &'static str {
    match conf.rp_filter {
        RpFilter::Off => "off",
        RpFilter::Strict => "strict",
        RpFilter::Loose => "loose",
    }
}
