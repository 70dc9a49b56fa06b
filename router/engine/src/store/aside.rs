//! What is damaged, out of the way but not lost, until somebody has seen it.

use std::{fmt::Display, fs, io, iter, path::Path};

const DAMAGED: &str = ".damaged";
/// So many of one name are kept; the last of them gives way to a new one.
const MOST: usize = 9;

/// Renames `name` in `directory` to `NAME.damaged`, or `NAME.damaged-2` and so on beside earlier ones; the log says why.
pub fn set_aside(directory: &Path, name: &str, why: &dyn Display) -> io::Result<()> {
    let is_free = |aside: &String| directory.join(aside).symlink_metadata().is_err();
    let mut names = iter::once(format!("{name}{DAMAGED}")).chain((2..=MOST).map(|n| format!("{name}{DAMAGED}-{n}")));
    let aside = names.find(is_free).unwrap_or_else(|| format!("{name}{DAMAGED}-{MOST}"));
    log::error!("{}: {why}; set aside as {aside}", directory.join(name).display());
    fs::rename(directory.join(name), directory.join(aside))
}

/// The names of what was set aside in `directory` and is still there.
pub fn damaged(directory: &Path) -> Vec<String> {
    let entries = directory.read_dir().into_iter().flatten().flatten();
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    let mut damaged: Vec<String> = names.filter(|name| name.contains(DAMAGED)).collect();
    damaged.sort();
    damaged
}
