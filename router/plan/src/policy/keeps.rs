use super::{grant::Party, lookup::Policy, matches::Packet};
use edge_config::Uplink;
use std::net::Ipv4Addr;

/// A connection as the kernel tracks it: the packet that opened it, and where replies come from and go to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flow {
    /// Who opened it.
    pub source: Ipv4Addr,
    /// Whom it was opened to, before any translation.
    pub destination: Ipv4Addr,
    /// What else is known of the packet that opened it.
    pub packet: Packet,
    /// Who answers; other than `destination` where that was translated.
    pub reply_source: Ipv4Addr,
    /// Where answers go; other than `source` where that was translated.
    pub reply_destination: Ipv4Addr,
}

impl<'a> Policy<'a> {
    /// Whether a flow that is already there may go on. Flows that touch none of our networks are not ours to judge.
    pub fn keeps(&self, flow: &Flow) -> bool {
        if self.is_own(flow.source) {
            return true;
        }
        let from = self.openers(flow);
        let to = self.goals(flow);
        let is_outside = |parties: &[Party]| parties.iter().all(|party| matches!(party, Party::Beyond(_) | Party::Group(_)));
        if is_outside(&from) && is_outside(&to) {
            return true;
        }
        from.iter().any(|from| to.iter().any(|to| self.reach(*from, *to).admits(&flow.packet)))
    }

    /// Who may have opened it: a node, or somebody beyond one of the uplinks by which it can have come.
    fn openers(&self, flow: &Flow) -> Vec<Party<'a>> {
        match self.places.network_of(flow.source) {
            Some(network) => vec![Party::Node(network, Some(flow.source))],
            None => self.uplinks_as(flow.destination).map(Party::Beyond).collect(),
        }
    }

    /// Who may be meant by where it goes, after translation.
    fn goals(&self, flow: &Flow) -> Vec<Party<'a>> {
        let goal = flow.reply_source;
        if let Some(party) = self.places.inside(goal) {
            vec![party]
        } else if self.is_own(goal) {
            vec![Party::Local]
        } else if goal.is_broadcast() || goal.is_multicast() {
            vec![Party::Group(goal)]
        } else {
            self.uplinks_as(flow.reply_destination).map(Party::Beyond).collect()
        }
    }

    /// The uplinks by which a flow may go that wears this address out there: the one that has it, else any.
    fn uplinks_as(&self, worn: Ipv4Addr) -> impl Iterator<Item = &'a Uplink> {
        let of = move |(address, _): &&(Ipv4Addr, &'a Uplink)| *address == worn;
        let known = self.outside.iter().any(|own| of(&own));
        let has_it = move |uplink: &&Uplink| !known || self.outside.iter().any(|own| of(&own) && own.1.name == uplink.name);
        self.places.config.uplinks.iter().filter(has_it)
    }

    fn is_own(&self, address: Ipv4Addr) -> bool {
        matches!(self.places.inside(address), Some(Party::Router(_))) || self.outside.iter().any(|(own, _)| *own == address)
    }
}
