//! What is damaged, out of the way but not lost, and told until somebody has seen it: `NAME.damaged` beside it.

use crate::durable;
use std::{fmt::Display, fs, io, iter, path::Path};

const DAMAGED: &str = ".damaged";
/// So many of one name are kept; the last of them gives way to a new one.
const MOST: usize = 9;
/// Bytes of a note: it is read to find out whether it is there already.
const LONGEST: usize = 64 * 1024;

/// Renames `name` in `directory` to `NAME.damaged`, or `NAME.damaged-2` and so on beside earlier ones; the log says why.
pub fn set_aside(directory: &Path, name: &str, why: &dyn Display) -> io::Result<()> {
    let aside = free(directory, name);
    log::error!("{}: {why}; set aside as {aside}", directory.join(name).display());
    // A directory does not give way to a file, nor a file to a directory.
    remove(&directory.join(&aside))?;
    fs::rename(directory.join(name), directory.join(aside))
}

/// [`set_aside`] for who goes on all the same: the log says where it fails.
pub fn put_aside(directory: &Path, name: &str, why: &dyn Display) {
    if let Err(error) = set_aside(directory, name, why) {
        log::error!("cannot set {} aside: {error}", directory.join(name).display());
    }
}

/// Of what is missing, or stays where it is as some of it is good: `NAME.damaged` says in words what is wrong. Once, while it is there.
pub fn note(directory: &Path, name: &str, why: &dyn Display) -> io::Result<()> {
    let text = format!("{why}\n");
    let is_told = |aside: String| durable::read(&directory.join(aside), LONGEST).is_ok_and(|told| told == text.as_bytes());
    if names(name).any(is_told) {
        return Ok(());
    }
    let aside = free(directory, name);
    log::error!("{}: {why}; told in {aside}", directory.join(name).display());
    remove(&directory.join(&aside))?;
    durable::replace(&directory.join(aside), text.as_bytes())
}

/// What was set aside in `directory` and in those right below it, and is still there: paths within `directory`.
pub fn damaged(directory: &Path) -> Vec<String> {
    let below = entries(directory).filter(|(name, is_directory)| *is_directory && !name.contains(DAMAGED));
    let below =
        below.flat_map(|(name, _)| here(&directory.join(&name)).map(move |aside| format!("{name}/{aside}")).collect::<Vec<_>>());
    let mut damaged: Vec<String> = here(directory).chain(below).collect();
    damaged.sort();
    damaged
}

/// Whether something of that name was set aside in `directory`, and nobody has taken it away since.
pub fn is_damaged(directory: &Path, name: &str) -> bool {
    here(directory).any(|aside| aside.starts_with(&format!("{name}{DAMAGED}")))
}

/// Whether somebody was to look at it, so that it is nobody's state.
pub fn is_aside(name: &str) -> bool {
    name.contains(DAMAGED)
}

fn names(name: &str) -> impl Iterator<Item = String> {
    iter::once(format!("{name}{DAMAGED}")).chain((2..=MOST).map(move |n| format!("{name}{DAMAGED}-{n}")))
}

fn free(directory: &Path, name: &str) -> String {
    let is_free = |aside: &String| directory.join(aside).symlink_metadata().is_err();
    names(name).find(is_free).unwrap_or_else(|| format!("{name}{DAMAGED}-{MOST}"))
}

fn remove(path: &Path) -> io::Result<()> {
    let removed =
        if path.symlink_metadata().is_ok_and(|found| found.is_dir()) { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    match removed {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

fn here(directory: &Path) -> impl Iterator<Item = String> {
    entries(directory).map(|(name, _)| name).filter(|name| is_aside(name))
}

/// Names, and whether they are directories.
fn entries(directory: &Path) -> impl Iterator<Item = (String, bool)> + use<> {
    let entries = directory.read_dir().into_iter().flatten().flatten();
    entries.filter_map(|entry| Some((entry.file_name().into_string().ok()?, entry.file_type().is_ok_and(|kind| kind.is_dir()))))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test ends where it fails")]
    use super::*;

    #[test]
    fn what_is_set_aside_is_told_until_it_is_removed_and_never_without_end() {
        let directory = tempfile::tempdir().unwrap();
        let (here, below) = (directory.path(), directory.path().join("dhcp"));
        fs::create_dir(&below).unwrap();
        assert!(damaged(here).is_empty());
        for round in 0..12 {
            // By turns, so that each has to give way to each.
            match round % 3 {
                0 => fs::create_dir_all(here.join("it/in it")).unwrap(),
                1 => std::os::unix::fs::symlink("/dev/zero", here.join("it")).unwrap(),
                _ => fs::write(here.join("it"), "cut off").unwrap(),
            }
            set_aside(here, "it", &"it is damaged").unwrap();
            assert!(!here.join("it").exists() && damaged(here).len() == MOST.min(round + 1));
        }
        note(&below, "log", &"block 3 is damaged").unwrap();
        assert_eq!(damaged(here).first().map(String::as_str), Some("dhcp/log.damaged"));
        assert!(is_damaged(&below, "log") && is_damaged(here, "it") && !is_damaged(here, "other"));
        for aside in damaged(here) {
            remove(&here.join(aside)).unwrap();
        }
        assert!(damaged(here).is_empty());
    }

    #[test]
    fn the_same_is_noted_once() {
        let directory = tempfile::tempdir().unwrap();
        for (why, count) in [("it is missing", 1), ("it is missing", 1), ("it is cut off", 2), ("it is missing", 2)] {
            note(directory.path(), "it", &why).unwrap();
            assert_eq!(damaged(directory.path()).len(), count);
        }
    }
}
