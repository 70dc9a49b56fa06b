use super::{
    collect::collect,
    grant::{Grant, Party},
    places::Places,
};
use crate::{Facts, addressing};
use edge_config::{Config, Uplink};
use edge_net::Name;
use std::{collections::HashMap, net::Ipv4Addr};

/// The grants, found by who asks whom, without a walk through all of them.
#[derive(Debug)]
pub struct Policy<'a> {
    pub(super) facts: &'a Facts,
    pub(super) places: Places<'a>,
    pub(super) grants: Vec<Grant<'a>>,
    /// Where in `grants` those from one zone to another stand; the router itself has no name.
    between: HashMap<(Option<&'a Name>, Option<&'a Name>), Vec<usize>>,
    /// The uplinks whose address is known.
    pub(super) outside: Vec<(Ipv4Addr, &'a Uplink)>,
}

impl<'a> Policy<'a> {
    /// What the file allows, and what services listen to.
    pub fn of(config: &'a Config, facts: &'a Facts) -> Self {
        let places = Places::of(config);
        let grants = collect(&places, facts);
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
