//! Who may open flows to whom: one list of [`Grant`]s, and what is read from it. The nftables table, the matrix, the sweep of flows
//! that lost their permission, the drawing and the name servers a network is told of: none of them reads the file's lines itself.
//!
//! Every node has, always: its own network; and what the router answers in it ([`inputs`]). Everything else needs an `[[allow]]` or a
//! `[[forward]]`.

#![warn(missing_docs)]

mod collect;
mod grant;
pub mod inputs;
mod keeps;
mod matches;
mod name_servers;
mod places;
mod reach;

use crate::{Facts, addressing};
use edge_config::{Config, Uplink};
use edge_net::Name;
use std::{collections::HashMap, net::Ipv4Addr};

pub use collect::grants;
pub use grant::{Grant, Party, Why};
pub use inputs::{Input, Zone};
pub use keeps::Flow;
pub use matches::{Match, Packet};
pub(crate) use places::Places;
pub use reach::Reach;

/// The grants, found by who asks whom, without a walk through all of them.
#[derive(Debug)]
pub struct Policy<'a> {
    facts: &'a Facts,
    places: Places<'a>,
    grants: Vec<Grant<'a>>,
    /// Where in `grants` those from one zone to another stand; the router itself has no name.
    between: HashMap<(Option<&'a Name>, Option<&'a Name>), Vec<usize>>,
    /// The uplinks whose address is known.
    outside: Vec<(Ipv4Addr, &'a Uplink)>,
}

impl<'a> Policy<'a> {
    /// What the file allows, and what services listen to.
    pub fn of(config: &'a Config, facts: &'a Facts) -> Self {
        let places = Places::of(config);
        let grants = collect::collect(&places, facts);
        let mut between: HashMap<_, Vec<usize>> = HashMap::new();
        for (number, grant) in grants.iter().enumerate() {
            between.entry((grant.from.zone(), grant.to.zone())).or_default().push(number);
        }
        let address = |uplink| Some((addressing(uplink, facts)?.0.address(), uplink));
        Self { facts, places, grants, between, outside: config.uplinks.iter().filter_map(address).collect() }
    }

    /// The grants by which `from` may open something to `to`, in the order of the file. What the router itself opens needs none.
    pub fn between(&self, from: Party<'a>, to: Party<'a>) -> impl Iterator<Item = &Grant<'a>> {
        let numbers = self.between.get(&(from.zone(), to.zone()));
        let grants = numbers.into_iter().flatten().map(|number| &self.grants[*number]);
        grants.filter(move |grant| grant.from.covers(&from) && grant.to.covers(&to))
    }
}
