//! All that is read from the grants says the same: the matrix, the nftables table as the kernel evaluates it, the sweep and the
//! drawing agree on each packet, whatever the configuration is.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test ends where it fails")]

mod configs;
mod flow;
mod kernel;
mod picture;

use edge_config::{Config, Uplink};
use edge_lab::generate::Dice;
use edge_plan::{
    Facts, Label, Policy, Reach, desired,
    nft::Table,
    policy::{Flow, Packet, Party},
    reachability, router_space,
};
use flow::{Opening, Outcome, goal_of};
use proptest::prelude::*;
use std::{cell::RefCell, collections::BTreeMap, net::Ipv4Addr, sync::Arc};

const CONFIGS: u32 = 60;
const FLOWS: usize = 200;
/// Kinds of flows that are met, with whether they pass: a test that meets none of one says nothing of it.
const SEEN: [(&str, bool); 7] = [
    ("within a network", true),
    ("between zones", true),
    ("between zones", false),
    ("by a forward", true),
    ("to the router", true),
    ("to the router", false),
    ("out where it came in", false),
];

#[test]
fn matrix_table_sweep_and_drawing_agree() {
    let tally = RefCell::new(BTreeMap::new());
    proptest!(ProptestConfig::with_cases(CONFIGS), |(seed: u64)| {
        let config = configs::config(seed);
        let facts = configs::facts(&config);
        let box_ = Projections::of(&config, &facts);
        let mut dice = Dice::new(seed);
        for _ in 0..FLOWS {
            let opening = flow::draw(&config, &mut dice);
            *tally.borrow_mut().entry(box_.check(&opening)).or_insert(0) += 1;
        }
    });
    let tally = tally.into_inner();
    println!("{tally:?}");
    for kind in SEEN {
        assert!(tally.contains_key(&kind), "no {kind:?}: {tally:?}");
    }
}

/// What is made of one configuration.
struct Projections<'a> {
    config: &'a Config,
    facts: &'a Facts,
    policy: Policy<'a>,
    table: Arc<Table>,
    matrix: BTreeMap<(Label, Label), Reach>,
    allows: Vec<picture::Arrow>,
}

impl<'a> Projections<'a> {
    fn of(config: &'a Config, facts: &'a Facts) -> Self {
        let (allows, forwards) = picture::arrows(config);
        assert_eq!((allows.len(), forwards.len()), (config.allows.len(), config.forwards.len()));
        for (arrow, forward) in forwards.iter().zip(&config.forwards) {
            assert!(arrow.is_of(config, forward), "{arrow:?}, {forward:?}");
        }
        Self {
            config,
            facts,
            policy: Policy::of(config, facts),
            table: desired(config, facts).spaces[&router_space(config)].table.clone().unwrap(),
            matrix: reachability(config, facts).into_iter().map(|row| ((row.from, row.to), row.reach)).collect(),
            allows,
        }
    }

    /// The table's answer is what the others are held against. Says what kind of flow it is and whether it passes.
    fn check(&self, opening: &Opening<'a>) -> (&'static str, bool) {
        let Outcome { passes, packet } = opening.run(self.config, &self.table);
        let to = goal_of(self.config, opening.out, packet.destination);
        let seen = seen(&packet);
        let say = || format!("{opening:?}\nto {to:?}\n{:?}\n{:?}", self.config.allows, self.config.forwards);

        assert_eq!(self.reach(opening.from, to).admits(&seen), passes, "matrix and table differ: {}", say());
        assert_eq!(
            self.policy.keeps(&self.tracked(opening, &packet)),
            self.may_stay(opening, to),
            "sweep and table differ: {}",
            say()
        );
        let crosses = to.zone().is_some() && to.zone() != opening.from.zone();
        if crosses {
            assert_eq!(self.is_drawn(opening, to, &seen), passes, "drawing and table differ: {}", say());
        }
        if passes && to.zone().is_some() {
            assert_eq!(flow::goes_on(&self.table, &packet), [true, true], "it begins and does not go on: {}", say());
        }
        let kind = match to.zone() {
            _ if packet.is_translated() => "by a forward",
            None => "to the router",
            Some(_) if crosses => "between zones",
            Some(_) if matches!(to, Party::Beyond(_)) => "out where it came in",
            Some(_) => "within a network",
        };
        (kind, passes)
    }

    /// What a reader of the matrix finds; where it has no row, what the policy says.
    fn reach(&self, from: Party<'a>, to: Party<'a>) -> Reach {
        let row = || self.matrix.get(&(self.label(from)?, self.label(to)?));
        row().cloned().unwrap_or_else(|| self.policy.reach(from, to))
    }

    fn label(&self, party: Party) -> Option<Label> {
        match party {
            Party::Node(network, address) => {
                let host = self.config.hosts.iter().find(|host| Some(host.address) == address);
                if host.is_none() && address.is_some_and(|address| self.is_named(address)) {
                    return None;
                }
                Some(host.map_or(Label::Network(network.name.clone()), |host| Label::Host(host.name.clone())))
            }
            Party::Router(network) => Some(Label::Router(network.name.clone())),
            Party::Beyond(uplink) => Some(Label::Uplink(uplink.name.clone())),
            Party::Local | Party::Group(_) => None,
        }
    }

    /// The row of a network is for nodes that no line names, and a line may name an address that is no host's.
    fn is_named(&self, address: Ipv4Addr) -> bool {
        let dhcp = self.config.networks.iter().filter_map(|network| network.dhcp.as_ref()?.server());
        let relays = dhcp.flat_map(|dhcp| &dhcp.relays);
        let targets = self.config.forwards.iter().map(|forward| &forward.to);
        let ones = self.facts.inputs.iter().filter_map(|input| input.from.as_ref());
        relays.chain(targets).chain(ones).any(|named| *named == address)
    }

    fn is_drawn(&self, opening: &Opening, to: Party, packet: &Packet) -> bool {
        let by_forward = || {
            let port = opening.packet.destination_port;
            let mut forwards = self.config.forwards.iter();
            forwards.any(|forward| {
                Some(&forward.uplink) == opening.from.zone()
                    && forward.protocol.number() == packet.protocol
                    && forward.port.contains(port)
            })
        };
        self.allows.iter().any(|arrow| arrow.admits(self.config, opening.from, to, packet)) || (packet.translated && by_forward())
    }

    /// The flow as connection tracking has it.
    fn tracked(&self, opening: &Opening, packet: &kernel::Packet) -> Flow {
        let leaves_by = match goal_of(self.config, opening.out, packet.destination) {
            Party::Beyond(uplink) if uplink.masquerade => Some(uplink),
            _ => None,
        };
        Flow {
            source: packet.source,
            destination: opening.packet.destination,
            packet: seen(packet),
            reply_source: packet.destination,
            reply_destination: leaves_by.map_or(packet.source, flow::address),
        }
    }

    /// What the sweep must say. It does not know by which link a flow came or went where no address tells, and then goes by any by which
    /// the table would let it; and what neither comes from nor goes to anybody of ours is not its business.
    fn may_stay(&self, opening: &Opening<'a>, to: Party) -> bool {
        if matches!((opening.from, to), (Party::Beyond(_), Party::Beyond(_) | Party::Group(_))) {
            return true;
        }
        let told = |of: &dyn Fn(&Uplink) -> bool, by: &'a Uplink| -> Vec<&'a Uplink> {
            if of(by) { vec![by] } else { self.config.uplinks.iter().collect() }
        };
        let ways_in = match opening.from {
            Party::Beyond(uplink) => told(&|uplink| flow::address(uplink) == opening.packet.destination, uplink),
            _ => vec![opening.out],
        };
        let ways_out = told(&|uplink| uplink.masquerade, opening.out);
        let by = |way_in: &Uplink, out: &'a Uplink| {
            let mut other = Opening { out, ..opening.clone() };
            if let Party::Beyond(_) = opening.from {
                other.packet.iif = way_in.ifname().to_string();
            }
            other.run(self.config, &self.table).passes
        };
        ways_in.iter().any(|way_in| ways_out.iter().any(|out| by(way_in, out)))
    }
}

/// What the policy looks at of a packet.
fn seen(packet: &kernel::Packet) -> Packet {
    let seen = Packet { translated: packet.is_translated(), ..Packet::of(packet.protocol) };
    match packet.protocol {
        1 => Packet { icmp_type: Some(packet.source_port.to_be_bytes()[0]), ..seen },
        _ => Packet { source_port: packet.source_port, destination_port: packet.destination_port, ..seen },
    }
}
