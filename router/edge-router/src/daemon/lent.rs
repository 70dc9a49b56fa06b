//! Settings of the machine that are ours for now: what they were before, so that they can be given back.

use edge_config::Config;
use edge_host::{
    durable,
    sealed_json::{self, Found},
};
use edge_kernel::setting_files;
use edge_plan::{Space, Sysctl, settings};
use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

/// Below the run directory: with the boot end the settings and what they were.
const NAME: &str = "lent-settings.json";
const LONGEST: usize = 64 * 1024;
/// The box's own name, which `[system] hostname` replaces.
pub const HOSTNAME: &str = "kernel/hostname";
/// Whether the machine is a gateway.
pub const FORWARDING: &str = "net/ipv4/ip_forward";

type Values = BTreeMap<String, String>;

pub struct Lent(PathBuf);

impl Lent {
    pub fn new(run_dir: &Path) -> Self {
        Self(run_dir.join(NAME))
    }

    /// What these files below `/proc/sys` say now, unless it is known already what they said before.
    pub fn remember(&self, files: &[String]) -> io::Result<()> {
        let mut values = self.values()?;
        let before = values.len();
        for file in files {
            if !values.contains_key(file)
                && let Ok(value) = fs::read_to_string(path(file))
            {
                values.insert(file.clone(), value.trim_end().to_owned());
            }
        }
        if values.len() == before { Ok(()) } else { self.keep(&values) }
    }

    /// What this file said before it was ours, or says now.
    pub fn before(&self, file: &str) -> Option<String> {
        let known = self.values().ok().and_then(|values| values.get(file).cloned());
        known.or_else(|| Some(fs::read_to_string(path(file)).ok()?.trim_end().to_owned()))
    }

    /// Whether that is known of it.
    pub fn knows(&self, file: &str) -> bool {
        self.values().is_ok_and(|values| values.contains_key(file))
    }

    /// Of the settings that `config` does not want on the host; which, and to what.
    pub fn give_back_unwanted(&self, config: &Config) -> io::Result<Vec<String>> {
        let wanted = settings(config).remove(&Space::Host).unwrap_or_default();
        let wanted: Vec<String> = wanted.into_keys().flat_map(|sysctl: Sysctl| setting_files(sysctl)).collect();
        self.give_back(|file| file != HOSTNAME && !wanted.iter().any(|wanted| wanted == file))
    }

    /// All of them; which, and to what.
    pub fn give_back_all(&self) -> io::Result<Vec<String>> {
        self.give_back(|_| true)
    }

    fn give_back(&self, is_meant: impl Fn(&str) -> bool) -> io::Result<Vec<String>> {
        let mut values = self.values()?;
        let (before, mut given, mut failed) = (values.len(), Vec::new(), None);
        values.retain(|file, value| {
            if !is_meant(file) {
                return true;
            }
            match fs::write(path(file), &*value) {
                Ok(()) => given.push(format!("{} = {value}", file.replace('/', "."))),
                // With its module.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => {
                    failed.get_or_insert(io::Error::new(error.kind(), format!("{file}: {error}")));
                    return true;
                }
            }
            false
        });
        if values.len() < before {
            self.keep(&values)?;
        }
        failed.map_or(Ok(given), Err)
    }

    fn values(&self) -> io::Result<Values> {
        match sealed_json::read(&self.0, NAME, LONGEST)? {
            Found::Nothing => Ok(Values::new()),
            Found::Sealed(json) | Found::Unsealed(json) => serde_json::from_str(&json).map_err(io::Error::other),
        }
    }

    fn keep(&self, values: &Values) -> io::Result<()> {
        if values.is_empty() {
            return durable::remove(&self.0);
        }
        sealed_json::write(&self.0, NAME, &serde_json::to_string_pretty(values)?)
    }
}

fn path(file: &str) -> PathBuf {
    Path::new("/proc/sys").join(file)
}
