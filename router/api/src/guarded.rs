use serde::{Deserialize, Serialize};
use std::fmt;

/// What an apply is not made for unless it says `confirm_within` or `force`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Guarded {
    /// The ssh sessions that it ends.
    pub ends: Vec<EndedSession>,
    /// Of a file with neither network nor uplink: those that are in force, `network lan`.
    pub takes_away: Vec<String>,
}

/// An ssh session that a configuration ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndedSession {
    /// What it comes by: the name of a network or an uplink, or a device that the file does not name.
    pub from: String,
    /// Who is connected: `10.0.1.20`.
    pub address: String,
    /// From which port.
    pub port: u16,
    /// Of the new file, counted from 1; `null`: it says nothing of it any more.
    pub line: Option<usize>,
    /// Why, in the words of the file.
    pub why: String,
}

impl Guarded {
    /// What there is to be said, a sentence each and each once.
    pub fn sentences(&self) -> Vec<String> {
        let takes_away = (!self.takes_away.is_empty())
            .then(|| format!("there is nothing in the file: it takes away {}", self.takes_away.join(", ")));
        let mut sentences: Vec<String> = self.ends.iter().map(ToString::to_string).chain(takes_away).collect();
        // Several sessions of one peer end for one reason.
        let mut seen = std::collections::HashSet::new();
        sentences.retain(|sentence| seen.insert(sentence.clone()));
        sentences
    }
}

/// `this ends ssh from lan (10.0.1.20): line 2: `ssh-from` no longer names lan`
impl fmt::Display for EndedSession {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "this ends ssh from {} ({}): ", self.from, self.address)?;
        if let Some(line) = self.line {
            write!(f, "line {line}: ")?;
        }
        f.write_str(&self.why)
    }
}
