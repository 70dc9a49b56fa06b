use arrayvec::ArrayString;
use std::{borrow::Borrow, fmt, str::FromStr};

/// `IFNAMSIZ` (include/uapi/linux/if.h) without the NUL.
pub(crate) const LONGEST: usize = 15;

/// A Linux interface name: 1 to 15 bytes, none of them `/`, `:`, white space or control, and not `.` or `..`
/// (`dev_valid_name` in the kernel's net/core/dev.c). ASCII only, so that it prints the same everywhere.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct IfName(ArrayString<LONGEST>);

/// Why a text is no interface name.
#[derive(Debug, thiserror::Error)]
pub enum BadIfName {
    /// Of this many bytes.
    #[error("an interface name has at most 15 bytes, this one has {0}")]
    TooLong(usize),
    /// Or none at all, or `.` or `..`.
    #[error("an interface name is printable ASCII without '/', ':', '\"' or spaces")]
    BadCharacter,
}

impl IfName {
    /// Of a text that is one; what is too much of it is left out.
    pub(crate) fn of(text: &str) -> Self {
        Self(text.chars().take(LONGEST).fold(ArrayString::new(), |mut name, letter| {
            let _ = name.try_push(letter);
            name
        }))
    }

    /// As the kernel has it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for IfName {
    type Err = BadIfName;

    fn from_str(text: &str) -> Result<Self, BadIfName> {
        let name = ArrayString::from(text).map_err(|_| BadIfName::TooLong(text.len()))?;
        let clean = text.bytes().all(|b| b.is_ascii_graphic() && !matches!(b, b'/' | b':' | b'"' | b'*' | b'%'));
        if text.is_empty() || text == "." || text == ".." || !clean {
            return Err(BadIfName::BadCharacter);
        }
        Ok(Self(name))
    }
}

impl fmt::Display for IfName {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl Borrow<str> for IfName {
    fn borrow(&self) -> &str {
        &self.0
    }
}
