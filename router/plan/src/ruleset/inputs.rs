use super::{
    end::{End, own_address},
    names::input,
};
use crate::{
    nft::{Chain, NftVerdict, build::*},
    policy::Grant,
};
use edge_config::Config;
use edge_net::IfName;
use std::collections::BTreeMap;

/// What may be opened towards the router itself: by the interface it comes in by, a chain.
pub struct Inputs(BTreeMap<IfName, Chain>);

impl Inputs {
    pub fn of(config: &Config, grants: &[Grant]) -> Self {
        let mut inputs = Self(BTreeMap::new());
        for grant in grants {
            let (Some(from), Some(to)) = (End::of(config, grant.from), own_address(grant.to)) else { continue };
            let new = || Chain { name: input(from.name), base: None, rules: Vec::new() };
            let source = from.address.map_or(Piece::new(), ip_saddr);
            let rules = grant
                .matches
                .iter()
                .map(|wanted| rule([wanted.connection(), source.clone(), to.clone(), wanted.transport(), accept()]));
            inputs.0.entry(from.link).or_insert_with(new).rules.extend(rules);
        }
        inputs
    }

    pub fn elements(&self) -> impl Iterator<Item = (Vec<IfName>, NftVerdict)> {
        self.0.iter().map(|(link, chain)| (vec![*link], NftVerdict::Jump(chain.name.clone())))
    }

    pub fn chains(self) -> impl Iterator<Item = Chain> {
        self.0.into_values()
    }
}
