use super::{end::End, names::crossing};
use crate::{
    nft::{Chain, NftVerdict, Rule, build::*},
    policy::{Grant, Match},
};
use edge_config::Config;
use edge_net::IfName;
use std::collections::BTreeMap;

/// What may pass from one interface to another: by pair of interfaces, either everything or what the rules say.
pub struct Crossings(BTreeMap<(IfName, IfName), Crossing>);

struct Crossing {
    chain: String,
    /// `None`: everything.
    rules: Option<Vec<Rule>>,
}

impl Crossings {
    pub fn of(config: &Config, grants: &[Grant]) -> Self {
        let mut crossings = Self(BTreeMap::new());
        for grant in grants {
            if let (Some(from), Some(to)) = (End::of(config, grant.from), End::of(config, grant.to)) {
                crossings.open(&from, &to, &grant.matches);
            }
        }
        crossings
    }

    fn open(&mut self, from: &End, to: &End, matches: &[Match]) {
        let chain = || Crossing { chain: crossing(from.name, to.name), rules: Some(Vec::new()) };
        let crossing = self.0.entry((from.link, to.link)).or_insert_with(chain);
        for wanted in matches {
            crossing.open(from, to, wanted);
        }
    }

    pub fn elements(&self) -> impl Iterator<Item = (Vec<IfName>, NftVerdict)> {
        self.0.iter().map(|((from, to), crossing)| {
            let verdict = crossing.rules.as_ref().map_or(NftVerdict::Accept, |_| NftVerdict::Goto(crossing.chain.clone()));
            (vec![*from, *to], verdict)
        })
    }

    /// Every pair and its reverse.
    pub fn passages(&self) -> BTreeMap<Vec<IfName>, NftVerdict> {
        let both = self.0.keys().flat_map(|(from, to)| [vec![*from, *to], vec![*to, *from]]);
        both.map(|pair| (pair, NftVerdict::Accept)).collect()
    }

    pub fn chains(self) -> impl Iterator<Item = Chain> {
        self.0.into_values().filter_map(|crossing| Some(Chain { name: crossing.chain, base: None, rules: crossing.rules? }))
    }
}

impl Crossing {
    /// Where everything passes already, a rule for something adds nothing.
    fn open(&mut self, from: &End, to: &End, wanted: &Match) {
        if *wanted == Match::ALL && from.address.is_none() && to.address.is_none() {
            self.rules = None;
        }
        if let Some(rules) = &mut self.rules {
            let [source, target] = [from.address.map_or(Piece::new(), ip_saddr), to.address.map_or(Piece::new(), ip_daddr)];
            rules.push(rule([wanted.connection(), source, target, ipv4(), wanted.transport(), accept()]));
        }
    }
}
