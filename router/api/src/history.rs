use serde::{Deserialize, Serialize};
use std::fmt;

/// So much of a name that a client brings along is kept.
const LONGEST: usize = 64;

/// The configurations that were in force last, the newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct History {
    /// At most ten.
    pub entries: Vec<HistoryEntry>,
}

/// A configuration that was in force: it was confirmed, or needed no confirmation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryEntry {
    /// Counts up, and is never used again.
    pub number: u64,
    /// Unix seconds, when it was applied; `null`: that is not known.
    pub at: Option<u64>,
    /// What it is called: the file it came from.
    pub name: String,
    /// How it came into force.
    pub how: How,
    /// Of [`How::Revert`]: which one it is again.
    #[serde(default)]
    pub revert_to: Option<u64>,
    /// Who asked for it, or confirmed it.
    pub by: By,
    /// Of the text: two that are alike have the same.
    pub fingerprint: String,
    /// What it is now; `null`: only history.
    #[serde(default)]
    pub standing: Option<Standing>,
    /// Lines that the one before does not have; `null`: there is none before.
    #[serde(default)]
    pub added: Option<u64>,
    /// Lines of the one before that are gone.
    #[serde(default)]
    pub removed: Option<u64>,
}

/// How a configuration came into force.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum How {
    /// `routerctl apply`.
    Apply,
    /// `routerctl apply --confirm`, and `routerctl confirm` in time.
    Confirm,
    /// `routerctl revert`.
    Revert,
    /// SIGHUP or `systemctl reload`.
    Reload,
    /// The daemon was started, and the file was another one.
    Start,
    /// The box was started with another file on its card.
    Card,
    /// The box was started with a file called RESET on its card.
    Reset,
    /// It was in force when the daemon was started, and nothing told of it.
    Found,
}

/// What an entry of the history is now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// It is in force, for good.
    InForce,
    /// It comes back unless what is in force is confirmed in time.
    ComesBack,
    /// `routerctl revert` leads to it.
    Before,
}

/// Who asked the daemon.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct By {
    /// As the kernel says; `null`: nobody asked, it came of itself.
    pub uid: Option<u32>,
    /// The name of that user.
    pub user: Option<String>,
    /// The comment of the ssh key he logged in by, as he says.
    pub key: Option<String>,
    /// The address he is connected from by ssh, as he says.
    pub from: Option<String>,
}

/// The text of an entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryText {
    /// Which it is.
    pub entry: HistoryEntry,
    /// TOML, as it was applied.
    pub text: String,
}

/// What differs between two configurations.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryDiff {
    /// A unified diff, as of `diff -u`; empty: nothing differs.
    pub diff: String,
}

/// Which configuration is meant.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Which {
    /// In the history; `null`: it is not there, or not yet.
    pub number: Option<u64>,
    /// What it is called: the file it came from.
    pub name: String,
    /// Unix seconds, when it was applied; `null`: that is not known.
    pub at: Option<u64>,
}

impl By {
    /// What a client says of itself is for people to read: printable, and not too much.
    #[must_use]
    pub fn says(self, key: Option<&str>, from: Option<&str>) -> Self {
        Self { key: key.and_then(printable), from: from.and_then(printable), ..self }
    }
}

fn printable(text: &str) -> Option<String> {
    let kept: String = text.chars().filter(|c| *c == ' ' || c.is_ascii_graphic()).take(LONGEST).collect();
    Some(kept.trim().to_owned()).filter(|kept| !kept.is_empty())
}

/// `root (anna@laptop) 10.0.1.20`
impl fmt::Display for By {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match (&self.user, self.uid) {
            (Some(user), _) => f.write_str(user)?,
            (None, Some(uid)) => write!(f, "uid {uid}")?,
            (None, None) => f.write_str("-")?,
        }
        self.key.iter().try_for_each(|key| write!(f, " ({key})"))?;
        self.from.iter().try_for_each(|from| write!(f, " {from}"))
    }
}

impl HistoryEntry {
    /// How it came, in words.
    pub fn came_by(&self) -> String {
        match (self.how, self.revert_to) {
            (How::Apply, _) => "apply".to_owned(),
            (How::Confirm, _) => "apply --confirm".to_owned(),
            (How::Revert, None) => "revert".to_owned(),
            (How::Revert, Some(number)) => format!("revert to {number}"),
            (How::Reload, _) => "reload".to_owned(),
            (How::Start, _) => "start".to_owned(),
            (How::Card, _) => "card".to_owned(),
            (How::Reset, _) => "RESET".to_owned(),
            (How::Found, _) => "found".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_client_says_of_itself_is_bounded_and_cannot_paint() {
        let by = By { uid: Some(0), user: Some("root".into()), ..By::default() };
        let long = "x".repeat(1000);
        let said = by.clone().says(Some("anna\x1b[2J\n\u{202e}@laptop"), Some(&long));
        assert_eq!(said.key.as_deref(), Some("anna[2J@laptop"));
        assert_eq!(said.from.map(|from| from.len()), Some(LONGEST));
        assert_eq!(by.clone().says(Some(" \u{7}"), None), by);
    }

    #[test]
    fn who_it_was_reads_in_a_few_words() {
        let root = By { uid: Some(0), user: Some("root".into()), ..By::default() };
        assert_eq!(root.clone().says(Some("anna@laptop"), Some("10.0.1.20")).to_string(), "root (anna@laptop) 10.0.1.20");
        assert_eq!(root.to_string(), "root");
        assert_eq!(By { uid: Some(1001), ..By::default() }.to_string(), "uid 1001");
        assert_eq!(By::default().to_string(), "-");
    }
}
