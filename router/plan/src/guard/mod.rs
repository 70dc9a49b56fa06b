//! Which ssh sessions a configuration would end, or close the way to that they came by, and what of it says so. Pure.
//!
//! What cannot be told counts as not ended: a guard that cries at every change is soon told to be quiet.

mod device;
mod session;
mod side;
mod way;
mod zone;

pub use session::Session;
pub use side::Side;

use edge_config::Place;
use std::{collections::BTreeMap, net::SocketAddr};
use zone::Zone;

/// A session that would end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct End {
    /// Which.
    pub session: Session,
    /// What it comes by: a network, an uplink, or a device that the file does not name.
    pub from: String,
    /// Why, in the words of the file.
    pub why: Why,
}

/// What ends a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Why {
    /// Where the new file says it; `None`: it says so no more.
    pub at: Option<Place>,
    /// In words.
    pub words: String,
}

impl Why {
    fn said(at: Place, words: String) -> Self {
        Self { at: Some(at), words }
    }

    fn not_said(words: String) -> Self {
        Self { at: None, words }
    }
}

/// Those of the sessions that end on the way to `after`. `before`: what is in force; `None`: nothing is, and nothing is closed.
pub fn ended(sessions: &[Session], before: Option<Side>, after: Side) -> Vec<End> {
    // Whoever opens a thousand connections is judged once.
    let mut judged = BTreeMap::new();
    let ends = sessions.iter().filter_map(|session| {
        let alike = Session { remote: SocketAddr::new(session.remote.ip(), 0), ..session.clone() };
        let end = judged.entry(alike).or_insert_with(|| {
            let zone = before.map_or(Zone::of(session.link), |before| before.zone(session));
            Some((zone.to_string(), zone.end(session, before, after)?))
        });
        let (from, why) = end.clone()?;
        Some(End { session: session.clone(), from, why })
    });
    ends.collect()
}
