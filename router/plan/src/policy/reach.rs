use super::{
    grant::{Grant, Party, Why},
    label::Label,
    lookup::Policy,
    matches::{Match, Packet},
};
use edge_config::Network;
use std::fmt;

/// What one party may open towards another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Everything.
    All,
    /// What fits one of these and nothing else; sorted, never empty.
    Only(Vec<Match>),
    /// Nothing at all.
    Nothing,
}

impl<'a> Policy<'a> {
    /// What `from` may open towards `to`.
    pub fn reach(&self, from: Party<'a>, to: Party<'a>) -> Reach {
        match from {
            Party::Router(_) | Party::Local => Reach::All,
            _ => Reach::of(self.between(from, to)),
        }
    }

    /// Networks, hosts and uplinks that some node of `network` may open something to by an `[[allow]]`, each once, in the order of the
    /// file.
    pub fn reaches(&self, network: &Network) -> Vec<Label> {
        let from_it = |grant: &&Grant| grant.why == Why::Allow && grant.from.zone() == Some(&network.name);
        let mut reached = Vec::new();
        for label in self.grants.iter().filter(from_it).filter_map(|grant| self.places.label(&grant.to)) {
            if !reached.contains(&label) {
                reached.push(label);
            }
        }
        reached
    }
}

impl Reach {
    /// All of them together.
    fn of<'g, 'a: 'g>(grants: impl Iterator<Item = &'g Grant<'a>>) -> Self {
        let mut matches: Vec<Match> = grants.flat_map(|grant| &grant.matches).copied().collect();
        if matches.contains(&Match::ALL) {
            return Reach::All;
        }
        matches.sort();
        matches.dedup();
        if matches.is_empty() { Reach::Nothing } else { Reach::Only(matches) }
    }

    /// Whether this packet may open a flow.
    pub fn admits(&self, packet: &Packet) -> bool {
        match self {
            Reach::All => true,
            Reach::Nothing => false,
            Reach::Only(matches) => matches.iter().any(|wanted| wanted.fits(packet)),
        }
    }

    /// Whether a ping gets through.
    pub fn pings(&self) -> bool {
        self.admits(&Packet::PING)
    }

    /// The only services there are, in words, each once: `icmp`, `tcp 443`. Empty where everything or nothing is.
    pub fn services(&self) -> Vec<String> {
        let Reach::Only(matches) = self else { return Vec::new() };
        let mut services: Vec<String> = matches.iter().map(Match::to_string).collect();
        services.dedup();
        services
    }
}

impl fmt::Display for Reach {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Reach::All => f.pad("yes"),
            Reach::Nothing => f.pad("no"),
            Reach::Only(_) => f.pad(&self.services().join(", ")),
        }
    }
}
