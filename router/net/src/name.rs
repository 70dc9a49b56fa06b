use std::{borrow::Borrow, fmt, str::FromStr, sync::Arc};

/// What the user calls a network, uplink or host: 1 to 63 letters, digits, `-` or `_`, starting with a letter or digit. Clones
/// share the text.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Name(Arc<str>);

/// A text is no name.
#[derive(Debug, thiserror::Error)]
#[error("a name is 1 to 63 letters, digits, '-' or '_', and starts with a letter or digit")]
pub struct BadName;

impl Name {
    /// As the user wrote it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Name {
    type Err = BadName;

    fn from_str(text: &str) -> Result<Self, BadName> {
        let starts_well = text.starts_with(|c: char| c.is_ascii_alphanumeric());
        let clean = text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        if starts_well && clean && text.len() <= 63 { Ok(Self(text.into())) } else { Err(BadName) }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl Borrow<str> for Name {
    fn borrow(&self) -> &str {
        &self.0
    }
}
