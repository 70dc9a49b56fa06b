use std::{
    fmt, fs,
    hash::{BuildHasher, Hasher, RandomState},
    io,
    path::Path,
    str::FromStr,
    sync::LazyLock,
};

/// Differs from boot to boot (random(4)).
const FILE: &str = "/proc/sys/kernel/random/boot_id";

/// Tells one boot of the machine from every other. Never empty, and never equal to one of another boot: what was written down beside
/// it, namespaces or times of the boot clock, counts only where it is the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BootId(String);

/// The text is no boot id.
#[derive(Debug, thiserror::Error)]
#[error("a boot id is not empty")]
pub struct BadBootId;

impl BootId {
    /// Of this boot, the same for as long as the process runs. Where the kernel's cannot be read it is a [drawn](Self::drawn) one: every
    /// start then counts as a new boot, which is the careful way to be wrong.
    pub fn current() -> Self {
        static CURRENT: LazyLock<BootId> = LazyLock::new(|| BootId::read(Path::new(FILE)).unwrap_or_else(|_| BootId::drawn()));
        CURRENT.clone()
    }

    /// As a file has it, with or without an end of line. An empty one is an error of the kind `InvalidData`.
    pub fn read(file: &Path) -> io::Result<Self> {
        let text = fs::read_to_string(file)?;
        text.parse().map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
    }

    /// One that was never there before, not in this process either: for a boot that cannot be told from others.
    pub fn drawn() -> Self {
        // A hash with a key that the system drew, and another one each time.
        let half = || RandomState::new().build_hasher().finish();
        Self(format!("unknown, {:016x}{:016x}", half(), half()))
    }

    /// To be written down.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for BootId {
    type Err = BadBootId;

    fn from_str(text: &str) -> Result<Self, BadBootId> {
        let id = text.trim();
        if id.is_empty() { Err(BadBootId) } else { Ok(Self(id.to_owned())) }
    }
}

impl fmt::Display for BootId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test ends where it fails")]
    use super::*;

    #[test]
    fn it_is_the_kernels_and_stays() {
        let kernels = fs::read_to_string(FILE).unwrap();
        assert_eq!(BootId::current().as_str(), kernels.trim_end());
        assert_eq!(BootId::current(), BootId::current());
        assert_eq!(BootId::current().to_string().parse::<BootId>().unwrap(), BootId::current());
    }

    #[test]
    fn an_empty_one_is_none() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("boot_id");
        assert_eq!(BootId::read(&file).unwrap_err().kind(), io::ErrorKind::NotFound);
        for empty in ["", "\n", " \n"] {
            fs::write(&file, empty).unwrap();
            assert_eq!(BootId::read(&file).unwrap_err().kind(), io::ErrorKind::InvalidData, "{empty:?}");
        }
        fs::write(&file, "a boot\n").unwrap();
        assert_eq!(BootId::read(&file).unwrap().as_str(), "a boot");
    }

    #[test]
    fn two_that_cannot_be_read_are_not_the_same() {
        let unreadable = || BootId::read(Path::new("/nowhere/boot_id")).unwrap_or_else(|_| BootId::drawn());
        assert_ne!(unreadable(), unreadable());
        assert_ne!(BootId::drawn(), BootId::current());
    }
}
