//! What the seals of texts and of JSON have in common: what it is, how long it is, and its checksum.

use std::io;

/// What stands in a file, without its seal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// No file.
    Nothing,
    /// What was written, every bit of it.
    Sealed(String),
    /// No seal: the file of an older release, or an edited one.
    Unsealed(String),
}

/// `what`: what the text is, so that no other file is taken for it.
pub(crate) fn words(what: &str, text: &str) -> String {
    format!("{what}, {} bytes, crc32c {:08x}", text.len(), crc32c::crc32c(text.as_bytes()))
}

/// Where a seal that is there does not fit.
pub(crate) fn broken() -> io::Error {
    damaged("it was edited or cut off: its length or checksum does not fit")
}

pub(crate) fn damaged(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}
