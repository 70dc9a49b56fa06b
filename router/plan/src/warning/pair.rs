use crate::policy::{Match, Party, Places};
use edge_config::{Allow, Config, Endpoint};
use edge_net::Name;
use std::collections::HashMap;

/// An `[[allow]]` with an uplink at one end.
pub struct Line<'a> {
    pub uplink: &'a Name,
    /// Which end the uplink is.
    pub end: End,
    /// What is at the other end.
    pub other: &'a Name,
    party: Party<'a>,
    matches: Vec<Match>,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub enum End {
    From,
    To,
}

/// The lines of the preferred uplink, by which end it is and the network or uplink at the other, without a walk through all of them.
pub struct Pairs<'a> {
    places: Places<'a>,
    preferred: HashMap<(End, Option<&'a Name>), Vec<Line<'a>>>,
}

impl<'a> Pairs<'a> {
    pub fn of(config: &'a Config, preferred: &Name) -> Self {
        let mut pairs = Self { places: Places::of(config), preferred: HashMap::new() };
        for allow in &config.allows {
            if let Some(line) = pairs.line(allow).filter(|line| line.uplink == preferred) {
                pairs.preferred.entry((line.end, line.party.zone())).or_default().push(line);
            }
        }
        pairs
    }

    /// `None`: it has no uplink. Between two it is the one that is asked for.
    pub fn line(&self, allow: &'a Allow) -> Option<Line<'a>> {
        let (uplink, end, other) = match (&allow.from, &allow.to) {
            (other, Endpoint::Uplink(uplink)) => (uplink, End::To, other),
            (Endpoint::Uplink(uplink), other) => (uplink, End::From, other),
            _ => return None,
        };
        let (Endpoint::Network(name) | Endpoint::Uplink(name) | Endpoint::Host(name)) = other;
        Some(Line { uplink, end, other: name, party: self.places.party(other)?, matches: Match::of(allow) })
    }

    /// Whether the preferred uplink carries some of what `line` lets another carry.
    pub fn carries(&self, line: &Line) -> bool {
        let there = self.preferred.get(&(line.end, line.party.zone())).into_iter().flatten();
        let mut covering = there.filter(|other| other.party.covers(&line.party));
        covering.any(|other| other.matches.iter().any(|one| line.matches.iter().any(|two| one.overlaps(two))))
    }
}

impl End {
    pub fn key(self) -> &'static str {
        match self {
            End::From => "from",
            End::To => "to",
        }
    }
}
