//! What of a link is otherwise, and can be changed while it lives: the one list of it.

use super::{Link, LinkConf, Owner, RpFilter};
use crate::{Attribute, Difference};

impl Link {
    /// All that leads from this link to the other one, as an operation has them.
    pub fn changes(&self, to: &Link) -> Vec<Difference> {
        let mut changes = self.kind.differences(&to.kind);
        if self.master != to.master {
            changes.push(Difference::of(Attribute::Master, self.master.as_ref(), to.master.as_ref()));
        }
        if let Some(mac) = to.mac.filter(|mac| self.mac != Some(*mac)) {
            changes.push(Difference::of(Attribute::Mac, self.mac, Some(mac)));
        }
        if self.up != to.up {
            changes.push(Difference::new(Attribute::Up, up(self.up), up(to.up)));
        }
        if self.owner != to.owner {
            changes.push(Difference::new(Attribute::User, user(self.owner), user(to.owner)));
        }
        changes.extend(conf(self.conf, to.conf));
        changes
    }

    /// Whether these are changes of its settings and of nothing else.
    pub fn is_only_set_otherwise(&self, to: &Link) -> bool {
        let changes = self.changes(to);
        !changes.is_empty() && changes.iter().all(|change| change.what.is_setting())
    }

    /// Wanted where another is: with what is left to that one.
    pub(crate) fn over(&self, found: &Link) -> Link {
        Link { kind: self.kind.over(&found.kind), mac: self.mac.or(found.mac), ..self.clone() }
    }

    /// What of it is otherwise than wanted, and changes while it lives.
    pub(crate) fn differences(&self, wanted: &Link) -> Vec<Difference> {
        let mut differences = self.changes(&self.wanted_of(wanted));
        differences.retain(|difference| !difference.what.is_fixed());
        differences
    }

    fn wanted_of(&self, wanted: &Link) -> Link {
        match (wanted.owner, self.owner) {
            // Somebody else's, of which we want only that it is up; one that was lent goes back.
            (Owner::Foreign, Owner::Lent) => Link { up: true, owner: Owner::Foreign, ..self.clone() },
            (Owner::Foreign, _) => Link { up: true, ..self.clone() },
            _ => Link { conf: wanted.conf.or(self.conf), ..wanted.over(self) },
        }
    }
}

fn conf(from: Option<LinkConf>, to: Option<LinkConf>) -> Vec<Difference> {
    match (from, to) {
        (Some(from), Some(to)) => {
            let filter = Difference::new(Attribute::RpFilter, rp_filter(from), rp_filter(to));
            let forwarding = Difference::new(Attribute::Forwarding, on(from.forwarding), on(to.forwarding));
            [filter, forwarding].into_iter().filter(|difference| difference.from() != difference.to()).collect()
        }
        (None, Some(to)) => vec![Difference::new(Attribute::Settings, "otherwise", ours(to))],
        (Some(from), None) => vec![Difference::new(Attribute::Settings, ours(from), "the kernel's")],
        (None, None) => Vec::new(),
    }
}

fn ours(conf: LinkConf) -> String {
    format!("arp_ignore 1, send_redirects 0, rp_filter {}, no IPv6 address", rp_filter(conf))
}

fn on(is_on: bool) -> &'static str {
    if is_on { "on" } else { "off" }
}

fn up(up: bool) -> &'static str {
    if up { "up" } else { "down" }
}

fn user(owner: Owner) -> &'static str {
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
