//! What of a link is otherwise than wanted, and can be changed while it lives.

use super::{Link, LinkConf, Owner, RpFilter};
use crate::{Attribute, Difference};

impl Link {
    pub(crate) fn differences(&self, wanted: &Link) -> Vec<Difference> {
        if wanted.owner == Owner::Foreign { self.differences_of_foreign(wanted) } else { self.differences_of_ours(wanted) }
    }

    /// Somebody else's, of which we want only that it is up.
    fn differences_of_foreign(&self, wanted: &Link) -> Vec<Difference> {
        let up = (!self.up).then(|| Difference::new(Attribute::Up, up(false), up(true)));
        let user = (self.owner == Owner::Lent).then(|| Difference::new(Attribute::User, user(self.owner), user(wanted.owner)));
        up.into_iter().chain(user).collect()
    }

    fn differences_of_ours(&self, wanted: &Link) -> Vec<Difference> {
        let mut differences = self.kind.differences(&wanted.kind);
        differences.retain(|difference| !difference.what.is_fixed());
        if self.master != wanted.master {
            differences.push(Difference::of(Attribute::Master, self.master.as_ref(), wanted.master.as_ref()));
        }
        if let Some(mac) = wanted.mac.filter(|mac| self.mac != Some(*mac)) {
            differences.push(Difference::of(Attribute::Mac, self.mac, Some(mac)));
        }
        if self.up != wanted.up {
            differences.push(Difference::new(Attribute::Up, up(self.up), up(wanted.up)));
        }
        if self.owner != wanted.owner {
            differences.push(Difference::new(Attribute::User, user(self.owner), user(wanted.owner)));
        }
        differences.extend(conf(self.conf, wanted.conf));
        differences
    }
}

fn conf(from: Option<LinkConf>, to: Option<LinkConf>) -> Vec<Difference> {
    match (from, to) {
        (Some(from), Some(to)) => {
            let filter = Difference::new(Attribute::RpFilter, rp_filter(from), rp_filter(to));
            let forwarding = Difference::new(Attribute::Forwarding, on(from.forwarding), on(to.forwarding));
            [filter, forwarding].into_iter().filter(|difference| difference.from() != difference.to()).collect()
        }
        (None, Some(to)) => {
            let ours = format!("arp_ignore 1, rp_filter {}, no IPv6 address", rp_filter(to));
            vec![Difference::new(Attribute::Settings, "otherwise", ours)]
        }
        (_, None) => Vec::new(),
    }
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
