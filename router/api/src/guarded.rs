use serde::{Deserialize, Serialize};
use std::{collections::HashSet, fmt};

/// In a sentence; there may be a thousand.
const MAX_NAMED: usize = 10;

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
        let mut sentences: Vec<String> = self.ends.iter().map(ToString::to_string).chain(self.loss()).collect();
        // Several sessions of one peer end for one reason.
        let mut seen = HashSet::new();
        sentences.retain(|sentence| seen.insert(sentence.clone()));
        sentences
    }

    fn loss(&self) -> Option<String> {
        let named = self.takes_away.iter().take(MAX_NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
        let more = match self.takes_away.len().saturating_sub(MAX_NAMED) {
            0 => String::new(),
            count => format!(" and {count} more"),
        };
        (!named.is_empty()).then(|| format!("there is nothing in the file: it takes away {named}{more}"))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_has_an_end() {
        let takes_away = (1..=1000).map(|n| format!("network n{n}")).collect();
        let sentences = Guarded { takes_away, ..Guarded::default() }.sentences();
        assert_eq!(sentences.len(), 1);
        assert!(sentences[0].ends_with("network n9, network n10 and 990 more"), "{sentences:?}");
        assert_eq!(Guarded::default().sentences(), Vec::<String>::new());
    }
}
