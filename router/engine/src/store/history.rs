//! The configurations that were in force last, a file each: whole or not there, and none costs the others.

use super::MOST_ENTRIES;
use crate::journal::{Entry, Text};
use edge_api::HistoryEntry;
use edge_config::MAX_SIZE;
use edge_host::{
    aside,
    own_directory::{self, Expected},
    sealed_text::{self, Found},
};
use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// Bytes of the line that says what a configuration is.
const LONGEST_LINE: usize = 4096;
/// Below the state directory.
const DIRECTORY: &str = "history";
const SUFFIX: &str = ".toml";

#[derive(Clone, Debug)]
pub(super) struct HistoryFiles(PathBuf);

impl HistoryFiles {
    pub fn new(state_dir: &Path) -> Self {
        Self(state_dir.join(DIRECTORY))
    }

    /// The oldest first. What is damaged is set aside, and no part of it.
    pub fn read(&self) -> Vec<Entry> {
        if self.0.is_dir()
            && let Err(error) = self.settle()
        {
            log::error!("{}: {error}", self.0.display());
        }
        self.numbers().into_iter().filter_map(|number| self.take(number)).collect()
    }

    /// The number of a new one: no file here ever had it, one that is damaged neither.
    pub fn next(&self) -> u64 {
        self.names().iter().filter_map(|name| number(name)).max().map_or(1, |last| last.saturating_add(1))
    }

    /// The oldest give way.
    pub fn write(&self, entry: &Entry) -> io::Result<()> {
        self.settle()?;
        let (name, line) = (name(entry.about.number), serde_json::to_string(&entry.about)?);
        sealed_text::write(&self.0.join(&name), &sealed_as(&name), &format!("# {line}\n{}", entry.text.text))?;
        let numbers = self.numbers();
        let gone = numbers.len().saturating_sub(MOST_ENTRIES);
        // Where the power brings one back, the next one takes it.
        numbers[..gone].iter().try_for_each(|number| fs::remove_file(self.0.join(self::name(*number))))
    }

    fn settle(&self) -> io::Result<()> {
        own_directory::settle(&self.0, |_| Expected::File)
    }

    fn take(&self, number: u64) -> Option<Entry> {
        let name = name(number);
        self.whole(&name, number).unwrap_or_else(|why| {
            aside::put_aside(&self.0, &name, &why);
            None
        })
    }

    fn whole(&self, name: &str, number: u64) -> Result<Option<Entry>, String> {
        let path = self.0.join(name);
        let found = sealed_text::read(&path, &sealed_as(name), MAX_SIZE + LONGEST_LINE).map_err(|error| error.to_string())?;
        let whole = match found {
            Found::Nothing => return Ok(None),
            Found::Sealed(whole) => whole,
            Found::Unsealed(_) => return Err("its seal is gone: it was emptied or edited".to_owned()),
        };
        let read = parse(&whole).filter(|entry| entry.about.number == number);
        read.map(Some).ok_or_else(|| "it does not say what it is".to_owned())
    }

    fn numbers(&self) -> Vec<u64> {
        let names = self.names();
        let mut numbers: Vec<u64> = names.iter().filter(|name| name.ends_with(SUFFIX)).filter_map(|name| number(name)).collect();
        numbers.sort_unstable();
        numbers
    }

    fn names(&self) -> Vec<String> {
        let entries = self.0.read_dir().into_iter().flatten().flatten();
        entries.filter_map(|entry| entry.file_name().into_string().ok()).collect()
    }
}

fn name(number: u64) -> String {
    format!("{number}{SUFFIX}")
}

/// `7` of `7.toml` and of `7.toml.damaged`.
fn number(name: &str) -> Option<u64> {
    name.split_once(SUFFIX)?.0.parse().ok()
}

fn sealed_as(name: &str) -> String {
    format!("{DIRECTORY}/{name}")
}

fn parse(whole: &str) -> Option<Entry> {
    let (line, text) = whole.split_once('\n')?;
    let about: HistoryEntry = serde_json::from_str(line.strip_prefix("# ")?).ok()?;
    let text = Text { name: about.name.clone(), text: text.to_owned() };
    Some(Entry { about, text })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test ends where it fails")]
    use super::*;
    use edge_api::{By, How};
    use std::os::unix::fs::PermissionsExt;

    fn entry(number: u64, says: &str) -> Entry {
        let text = Text { name: "/etc/edge-router.toml".into(), text: says.into() };
        let about = HistoryEntry {
            number,
            at: Some(1),
            name: text.name.clone(),
            how: How::Apply,
            revert_to: None,
            by: By::default(),
            fingerprint: String::new(),
            standing: None,
            added: None,
            removed: None,
        };
        Entry { about, text }
    }

    fn numbers(files: &HistoryFiles) -> Vec<u64> {
        files.read().iter().map(|entry| entry.about.number).collect()
    }

    #[test]
    fn ten_are_kept_as_they_were_and_a_number_is_never_used_again() {
        let directory = tempfile::tempdir().unwrap();
        let files = HistoryFiles::new(directory.path());
        assert_eq!((files.read(), files.next()), (Vec::new(), 1));
        for _ in 0..12 {
            let number = files.next();
            files.write(&entry(number, &format!("# {number}\r\nno line end"))).unwrap();
        }
        assert_eq!(numbers(&files), (3..=12).collect::<Vec<_>>());
        assert_eq!(files.read()[0], entry(3, "# 3\r\nno line end"));
        for path in [directory.path().join("history"), directory.path().join("history/12.toml")] {
            assert_eq!(path.metadata().unwrap().permissions().mode() & 0o077, 0, "{}", path.display());
        }
        fs::remove_file(directory.path().join("history/11.toml")).unwrap();
        fs::rename(directory.path().join("history/12.toml"), directory.path().join("history/12.toml.damaged")).unwrap();
        assert_eq!((numbers(&files).len(), files.next()), (8, 13));
    }

    #[test]
    fn what_is_damaged_or_in_anothers_place_is_set_aside_alone() {
        let directory = tempfile::tempdir().unwrap();
        let (files, here) = (HistoryFiles::new(directory.path()), directory.path().join("history"));
        (1..=5).for_each(|number| files.write(&entry(number, "text")).unwrap());
        let whole = fs::read_to_string(here.join("1.toml")).unwrap();
        fs::write(here.join("1.toml"), whole.replace("text", "test")).unwrap();
        fs::write(here.join("2.toml"), &whole).unwrap();
        fs::write(here.join("3.toml"), "").unwrap();
        fs::remove_file(here.join("4.toml")).unwrap();
        fs::create_dir(here.join("4.toml")).unwrap();
        assert_eq!(numbers(&files), [5]);
        assert_eq!(aside::damaged(directory.path()).len(), 4);
        assert_eq!(numbers(&files), [5], "it is told once");
        files.write(&entry(6, "text")).unwrap();
        assert_eq!(numbers(&files), [5, 6]);
    }
}
