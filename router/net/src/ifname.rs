use std::{
    borrow::Borrow,
    cmp::Ordering,
    fmt,
    hash::{Hash, Hasher},
    str::FromStr,
};

/// `IFNAMSIZ` (include/uapi/linux/if.h) without the NUL.
pub(crate) const LONGEST: usize = 15;

/// A Linux interface name: 1 to 15 bytes, none of them `/`, `:`, white space or control, and not `.` or `..`
/// (`dev_valid_name` in the kernel's net/core/dev.c). ASCII only, so that it prints the same everywhere.
///
/// As the kernel has it: 16 bytes, NULs after the name. In that form two are compared as numbers, which is what most of a comparison of
/// two states consists of.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct IfName([u8; LONGEST + 1]);

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
        let mut bytes = [0; LONGEST + 1];
        bytes[..LONGEST].iter_mut().zip(text.bytes()).for_each(|(to, byte)| *to = byte);
        Self(bytes)
    }

    /// As users write it.
    pub fn as_str(&self) -> &str {
        let end = self.0.iter().position(|byte| *byte == 0).unwrap_or(LONGEST);
        std::str::from_utf8(&self.0[..end]).unwrap_or_default()
    }

    /// As the kernel has it, NULs after the name.
    pub fn bytes(&self) -> &[u8; LONGEST + 1] {
        &self.0
    }
}

impl FromStr for IfName {
    type Err = BadIfName;

    fn from_str(text: &str) -> Result<Self, BadIfName> {
        if text.len() > LONGEST {
            return Err(BadIfName::TooLong(text.len()));
        }
        let clean = text.bytes().all(|b| b.is_ascii_graphic() && !matches!(b, b'/' | b':' | b'"' | b'*' | b'%'));
        if text.is_empty() || text == "." || text == ".." || !clean {
            return Err(BadIfName::BadCharacter);
        }
        Ok(Self::of(text))
    }
}

/// As the text is ordered: a NUL is less than any letter.
impl Ord for IfName {
    fn cmp(&self, other: &Self) -> Ordering {
        u128::from_be_bytes(self.0).cmp(&u128::from_be_bytes(other.0))
    }
}

impl PartialOrd for IfName {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// As the text is hashed, by which it may be looked for.
impl Hash for IfName {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl fmt::Debug for IfName {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.debug_tuple("IfName").field(&self.as_str()).finish()
    }
}

impl fmt::Display for IfName {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Borrow<str> for IfName {
    fn borrow(&self) -> &str {
        self.as_str()
    }
}
