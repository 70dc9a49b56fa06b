//! The files the daemon reads and keeps.

use super::machine_id;
use anyhow::Context;
use edge_config::MAX_SIZE;
use edge_host::{
    aside, durable,
    own_directory::{self, Expected},
    sealed_text::{self, Found},
};
use edge_net::Name;
use std::{
    fmt::Display,
    fs, io,
    path::{Path, PathBuf},
};

/// Below the state directory; `ssh-gate` reads it too.
pub const NAMESPACES: &str = "namespaces";

/// All that is kept right in the state directory.
const FILES: [&str; 9] = [
    "attachments.json",
    "decision.json",
    "last-good.toml",
    "previous.toml",
    "transaction.json",
    machine_id::NAME,
    machine_id::COPY,
    NAMESPACES,
    "probe",
];

/// In a copy that may lack files: the directories that could not be listed, and why.
const PARTIAL: &str = "partial";

type CopyFile<'a> = dyn Fn(&Path, &Path) -> io::Result<()> + 'a;
type RemoveFile<'a> = dyn Fn(&Path) -> io::Result<()> + 'a;

pub struct Files {
    config: PathBuf,
    state_dir: PathBuf,
    run_dir: PathBuf,
    /// Why `state_dir` is not the one asked for.
    problem: Option<String>,
}

impl Files {
    pub fn open(config: &Path, state_dir: &Path, run_dir: &Path) -> anyhow::Result<Self> {
        let files =
            Self { config: config.to_owned(), state_dir: state_dir.to_owned(), run_dir: run_dir.to_owned(), problem: None };
        let ready = settle(state_dir).and_then(|()| try_write(state_dir));
        match ready.and_then(|()| put_back(&files.copy(), state_dir)) {
            Ok(()) => Ok(files),
            Err(error) => files.in_memory(&error),
        }
    }

    /// A state directory that cannot be written, on a worn card or a full one, must not cost the box its networks: a copy in the run
    /// directory takes its place, and the status says so. The copy lives until the box boots, or until the directory can be written
    /// at a start: then it goes back there, with what was decided in the meantime. Not so a copy that may lack files: the leases in them
    /// would end with it.
    pub fn in_memory(self, why: &dyn Display) -> anyhow::Result<Self> {
        let (state_dir, copy) = (self.state_dir.display(), self.copy());
        let problem = format!("{state_dir} cannot be written: {why}");
        log::error!("{problem}; going on with a copy in memory");
        let taken_out = take_out(&self.state_dir, &copy).and_then(|()| settle(&copy));
        taken_out.with_context(|| format!("{problem}, and no copy can be made in {}", copy.display()))?;
        let lacks = partial(&copy).map(|unlisted| {
            format!("{problem}; the copy may lack leases and is not put back: export them before a reboot ({unlisted})")
        });
        Ok(Self { state_dir: copy, problem: Some(lacks.unwrap_or(problem)), ..self })
    }

    fn copy(&self) -> PathBuf {
        self.run_dir.join("state")
    }

    pub fn state_dir(&self) -> &Path {
        &self.state_dir
    }

    pub fn problem(&self) -> Option<&str> {
        self.problem.as_deref()
    }

    /// Names of the namespaces that were ever ours, one a line. Where the list is damaged, the configuration names the one in use.
    pub fn namespaces(&self) -> Vec<Name> {
        self.list_namespaces().0
    }

    pub fn remember_namespace(&self, name: &Name) -> io::Result<()> {
        let (mut names, is_sealed) = self.list_namespaces();
        if names.contains(name) && is_sealed {
            return Ok(());
        }
        if !names.contains(name) {
            names.push(name.clone());
        }
        let lines: String = names.iter().map(|name| format!("{name}\n")).collect();
        sealed_text::write(&self.state_dir.join(NAMESPACES), NAMESPACES, &lines)
    }

    /// And whether they bear a seal, which those of an older release do not.
    fn list_namespaces(&self) -> (Vec<Name>, bool) {
        let listed = sealed_text::read(&self.state_dir.join(NAMESPACES), NAMESPACES, MAX_SIZE).map_err(|error| error.to_string());
        let names = listed.and_then(|found| match found {
            Found::Nothing => Ok((Vec::new(), false)),
            Found::Sealed(text) => names(&text).map(|names| (names, true)),
            Found::Unsealed(text) => names(&text).map(|names| (names, false)),
        });
        names.unwrap_or_else(|why| {
            aside::put_aside(&self.state_dir, NAMESPACES, &why);
            (Vec::new(), false)
        })
    }

    pub fn config(&self) -> &Path {
        &self.config
    }

    /// For the ssh server of the image, which asks at each login: `[system] ssh-keys`, a line each, as in `authorized_keys`.
    pub fn offer_ssh_keys(&self, keys: &[String]) -> io::Result<()> {
        let lines: String = keys.iter().map(|key| format!("{key}\n")).collect();
        offer(&self.run_dir.join("ssh-keys"), &lines)
    }

    /// Name servers and domains that the uplinks brought.
    pub fn offer_resolvers(&self, text: &str) -> io::Result<()> {
        offer(&self.run_dir.join("resolv.conf"), text)
    }

    /// Where the image's boot step writes down that it made the configuration another one, and by what.
    pub fn import_note(&self) -> PathBuf {
        self.run_dir.join("imported.txt")
    }

    /// Why the image's boot step did not take over the file on the card's boot partition, in full.
    pub fn not_imported(&self) -> Option<String> {
        let text = durable::read(&self.run_dir.join("not-imported.txt"), MAX_SIZE).ok()?;
        Some(String::from_utf8_lossy(&text).into_owned())
    }
}

/// Nobody else's to read, and files where files belong.
fn settle(state_dir: &Path) -> io::Result<()> {
    own_directory::settle(state_dir, |name| match name.strip_suffix(".new").unwrap_or(name) {
        "dhcp" | "history" | "uplinks" => Expected::Directory,
        name if FILES.contains(&name) => Expected::File,
        _ => Expected::Anything,
    })
}

/// There is never a list of none.
fn names(text: &str) -> Result<Vec<Name>, String> {
    let names: Result<Vec<Name>, _> = text.lines().map(str::parse).collect();
    names.ok().filter(|names| !names.is_empty()).ok_or_else(|| "it is no list of names".to_owned())
}

/// Written only where it is another text: the disk may be slow, and whoever waits for the uplinks must not wait for it.
fn offer(path: &Path, text: &str) -> io::Result<()> {
    match durable::read(path, text.len()) {
        Ok(before) if before == text.as_bytes() => Ok(()),
        _ => durable::replace(path, text.as_bytes()),
    }
}

/// As much as a lease log needs at least: a full disk lets a small file pass.
fn try_write(directory: &Path) -> io::Result<()> {
    let probe = directory.join("probe");
    durable::replace(&probe, &[0; 64 * 1024])?;
    fs::remove_file(&probe)
}

/// Unless an earlier start did: what that copy holds is newer. Half a copy never bears its name.
fn take_out(state_dir: &Path, copy: &Path) -> io::Result<()> {
    if copy.exists() {
        return Ok(());
    }
    let fresh = clean(copy)?;
    let unlisted = copy_files(state_dir, &fresh, &copy_what_can_be_read)?;
    if !unlisted.is_empty() {
        let unlisted = unlisted.join("; ");
        log::error!("{unlisted}: there may be more files, with leases");
        fs::write(fresh.join(PARTIAL), unlisted)?;
    }
    fs::rename(fresh, copy)
}

/// What that copy could not be made of.
fn partial(copy: &Path) -> Option<String> {
    copy.join(PARTIAL).exists().then(|| fs::read_to_string(copy.join(PARTIAL)).unwrap_or_default())
}

/// A bad sector costs what is in it, and no more.
fn copy_what_can_be_read(from: &Path, to: &Path) -> io::Result<()> {
    let Err(error) = fs::copy(from, to) else { return Ok(()) };
    let found = edge_dhcp::salvage(from)?;
    log::error!("{}: {error}: {}", from.display(), found.damage().unwrap_or_default());
    durable::replace(to, &found.bytes)
}

/// The copy goes when all of it is there, and at once: half of it would look like files that ended.
fn put_back(copy: &Path, state_dir: &Path) -> io::Result<()> {
    if !copy.exists() {
        return Ok(());
    }
    if partial(copy).is_some() {
        return Err(io::Error::other("an earlier start could not read all of it"));
    }
    replace_files(copy, state_dir, &|from, to| durable::replace(to, &fs::read(from)?), &durable::remove)?;
    fs::rename(copy, clean(copy)?)?;
    clean(copy).map(drop)
}

/// The name of half a copy, which nobody bears any more.
fn clean(copy: &Path) -> io::Result<PathBuf> {
    let half = copy.with_extension("new");
    match fs::remove_dir_all(&half) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(half),
    }
}

/// Each file whole, or as it was, and none more. What ended goes first: a journal must not come back beside what was decided after it.
/// In the directories below it goes last: it is the leases, as long as the power may go before all of those that follow are there.
fn replace_files(model: &Path, directory: &Path, copy: &CopyFile, remove: &RemoveFile) -> io::Result<()> {
    remove_others(model, directory, remove)?;
    if let Some(unlisted) = copy_files(model, directory, copy)?.pop() {
        return Err(io::Error::other(unlisted));
    }
    for entry in model.read_dir()? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            remove_others(&entry.path(), &directory.join(entry.file_name()), remove)?;
        }
    }
    Ok(())
}

/// Those that `model` does not have.
fn remove_others(model: &Path, directory: &Path, remove: &RemoveFile) -> io::Result<()> {
    for entry in directory.read_dir()? {
        let entry = entry?;
        if entry.file_type()?.is_file() && !model.join(entry.file_name()).try_exists()? {
            remove(&entry.path())?;
        }
    }
    Ok(())
}

/// Files, and those of directories below. Gives the directories that cannot be listed to their end, and why.
fn copy_files(from: &Path, to: &Path, copy: &CopyFile) -> io::Result<Vec<String>> {
    fs::create_dir_all(to)?;
    let mut unlisted = Vec::new();
    let (entries, error) = list(from);
    unlisted.extend(error.map(|error| format!("{}: {error}", from.display())));
    for entry in entries {
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            unlisted.extend(copy_files(&entry.path(), &target, copy)?);
        } else if entry.file_type()?.is_file() {
            copy(&entry.path(), &target)?;
        }
    }
    Ok(unlisted)
}

/// As much as can be read of a directory, of one that is not there nothing; and the error that hides the rest.
fn list(directory: &Path) -> (Vec<fs::DirEntry>, Option<io::Error>) {
    let mut found = Vec::new();
    let listed = directory.read_dir().and_then(|mut entries| entries.try_for_each(|entry| entry.map(|entry| found.push(entry))));
    (found, listed.err().filter(|error| error.kind() != io::ErrorKind::NotFound))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test ends where it fails")]
    use super::*;
    use std::{cell::Cell, collections::BTreeMap};

    type Found = BTreeMap<&'static str, String>;

    const NAMES: [&str; 6] = ["decision.json", "transaction.json", "dhcp/snapshot.1", "dhcp/log.1", "dhcp/log.2", "dhcp/log.3"];

    fn directory(path: &Path, contents: [Option<&str>; 6]) {
        fs::create_dir_all(path.join("dhcp")).unwrap();
        for (name, text) in NAMES.iter().zip(contents) {
            text.into_iter().for_each(|text| fs::write(path.join(name), text).unwrap());
        }
    }

    fn read(path: &Path) -> Found {
        NAMES.iter().filter_map(|name| Some((*name, fs::read_to_string(path.join(name)).ok()?))).collect()
    }

    /// A card, and a copy in memory that has gone on since.
    fn worn() -> (tempfile::TempDir, PathBuf, PathBuf) {
        let both = tempfile::tempdir().unwrap();
        let (card, copy) = (both.path().join("card"), both.path().join("state"));
        directory(&card, [Some("old"), Some("journal"), Some("old"), Some("old"), Some("old"), None]);
        directory(&copy, [Some("new"), None, None, None, Some("new"), Some("new")]);
        (both, card, copy)
    }

    #[test]
    fn the_leases_are_on_the_card_whenever_the_power_goes_while_a_copy_is_put_back() {
        let old_leases = NAMES.into_iter().filter(|name| name.starts_with("dhcp") && *name != "dhcp/log.3");
        let mut steps = 0;
        loop {
            let (_both, card, copy) = worn();
            let done = Cell::new(0);
            let power = || {
                done.set(done.get() + 1);
                if done.get() > steps { Err(io::Error::other("no power")) } else { Ok(()) }
            };
            let copy_file = |from: &Path, to: &Path| power().and_then(|()| fs::copy(from, to).map(drop));
            let ended = replace_files(&copy, &card, &copy_file, &|path| power().and_then(|()| fs::remove_file(path))).is_ok();
            let (found, new) = (read(&card), read(&copy));
            let has_new =
                new.iter().filter(|(name, _)| name.starts_with("dhcp")).all(|(name, text)| found.get(name) == Some(text));
            let has_old = old_leases.clone().all(|name| found.contains_key(name));
            assert!(has_new || has_old, "{steps} steps: {found:?}");
            assert!(found["decision.json"] == "old" || !found.contains_key("transaction.json"), "{steps} steps: {found:?}");
            if ended {
                assert_eq!((steps, found), (6, new));
                return;
            }
            steps += 1;
        }
    }

    #[test]
    fn a_copy_that_cannot_be_put_back_goes_on() {
        let (both, card, copy) = worn();
        fs::create_dir(card.join("dhcp/log.3")).unwrap();
        let (before, newest) = (read(&card), read(&copy));
        let files = Files::open(Path::new("none"), &card, both.path()).unwrap();
        assert_eq!(files.state_dir(), copy);
        assert!(files.problem().unwrap().contains("Is a directory"), "{:?}", files.problem());
        assert_eq!(read(&copy), newest, "of it nothing is lost");
        let left = read(&card);
        assert!(before.keys().filter(|name| name.starts_with("dhcp")).all(|name| left.contains_key(name)), "{left:?}");
    }

    /// Of a process's memory, nothing is at the beginning: EIO.
    #[test]
    fn a_file_that_cannot_be_read_stops_no_copy() {
        let directory = tempfile::tempdir().unwrap();
        let to = directory.path().join("copy");
        assert!(fs::copy("/proc/self/mem", &to).unwrap_err().to_string().contains("Input/output"));
        copy_what_can_be_read(Path::new("/proc/self/mem"), &to).unwrap();
        assert!(fs::read(&to).unwrap().is_empty());
        assert!(copy_what_can_be_read(Path::new("/proc/self/mem"), &to.join("no directory")).is_err());
    }

    /// A link that leads to itself: ELOOP, where a bad sector gives EIO.
    #[test]
    fn a_directory_that_cannot_be_listed_loses_nothing_by_its_copy() {
        let (both, card, copy) = worn();
        fs::remove_dir_all(&copy).unwrap();
        let (pulled, files) = (both.path().join("pulled"), || Files::open(Path::new("none"), &card, both.path()).unwrap());
        fs::rename(&card, &pulled).unwrap();
        std::os::unix::fs::symlink(&card, &card).unwrap();
        assert_eq!(files().state_dir(), copy);
        let why = files().problem().unwrap().to_owned();
        assert!(why.contains("may lack leases") && why.contains("symbolic links"), "{why}");

        fs::remove_file(&card).unwrap();
        fs::rename(&pulled, &card).unwrap();
        let before = read(&card);
        directory(&copy, [None, None, None, None, None, Some("new")]);
        assert_eq!(files().state_dir(), copy, "with what was promised since");
        assert_eq!(read(&card), before);
    }

    #[test]
    fn half_a_copy_that_was_put_back_takes_nothing_from_the_card() {
        let (both, card, copy) = worn();
        put_back(&copy, &card).unwrap();
        let whole = read(&card);
        assert_eq!(both.path().read_dir().unwrap().count(), 1, "nothing of the copy is left");
        // Killed while it removed the copy.
        directory(&copy.with_extension("new"), [None, None, None, Some("left"), None, None]);
        put_back(&copy, &card).unwrap();
        assert_eq!(read(&card), whole);
        take_out(&card, &copy).unwrap();
        assert_eq!(read(&copy), whole, "and is no part of the next one");
    }
}
