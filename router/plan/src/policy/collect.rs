use super::{
    grant::{Grant, Party, Why},
    inputs::{self, Input, Zone},
    matches::Match,
    places::Places,
};
use crate::Facts;
use edge_config::{Allow, Config, Forward};

/// Everything that is allowed, in the order of the file: within networks, by `[[allow]]`, by `[[forward]]`, and what the router answers.
pub fn grants<'a>(config: &'a Config, facts: &Facts) -> Vec<Grant<'a>> {
    collect(&Places::of(config), facts)
}

pub fn collect<'a>(places: &Places<'a>, facts: &Facts) -> Vec<Grant<'a>> {
    let config = places.config;
    let within = config.networks.iter().map(|network| {
        let all = Party::Node(network, None);
        Grant { from: all, to: all, matches: vec![Match::ALL], why: Why::SameNetwork }
    });
    let allows = config.allows.iter().filter_map(|allow| allowed(places, allow));
    let forwards = config.forwards.iter().filter_map(|forward| forwarded(places, forward));
    let inputs = inputs::own(config);
    let inputs = inputs.iter().chain(&facts.inputs).filter_map(|input| opened(places, input));
    within.chain(allows).chain(forwards).chain(inputs).collect()
}

fn allowed<'a>(places: &Places<'a>, allow: &Allow) -> Option<Grant<'a>> {
    let (from, to) = (places.party(&allow.from)?, places.party(&allow.to)?);
    Some(Grant { from, to, matches: Match::of(allow), why: Why::Allow })
}

/// What a forward opens at its target: for what came by it only.
fn forwarded<'a>(places: &Places<'a>, forward: &'a Forward) -> Option<Grant<'a>> {
    let from = Party::Beyond(places.config.uplink(&forward.uplink)?);
    let to = Party::Node(places.network_of(forward.to)?, Some(forward.to));
    let matches = vec![Match::ports(forward.protocol, forward.to_port).translated()];
    Some(Grant { from, to, matches, why: Why::Forward(forward) })
}

fn opened<'a>(places: &Places<'a>, input: &Input) -> Option<Grant<'a>> {
    let (from, router) = match &input.on {
        Zone::Network(name) => {
            let network = places.network(name)?;
            (Party::Node(network, input.from), Party::Router(network))
        }
        Zone::Uplink(name) => (Party::Beyond(places.config.uplink(name)?), Party::Local),
    };
    Some(Grant { from, to: input.group.map_or(router, Party::Group), matches: vec![input.matches], why: Why::Input(input.why) })
}
