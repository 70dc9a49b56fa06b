//! Scenarios: a folder each with the box's file (`edge-router.toml`), what surrounds the box (`topology.toml`) and who must reach whom
//! (`expect.csv`). A new case is a new folder and no code.

mod run;
mod topology;

use anyhow::{Context, Result, bail, ensure};
use std::{
    fs,
    path::{Path, PathBuf},
};
use topology::{Change, Topology};

/// What a kernel must have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// Bridges and veth pairs only.
    AnyKernel,
    /// VLANs and ipvlan: the lab kernel (`scripts/vm`).
    Vlans,
}

/// Runs every scenario of that kind with the router's program; returns how many folders there were. All are tried; the error has all
/// that failed.
pub fn run_scenarios(program: impl AsRef<Path>, needs: Needs) -> Result<usize> {
    let scenarios = all()?.into_iter().filter(|scenario| scenario.topology.needs() == needs).collect::<Vec<_>>();
    let mut failures = Vec::new();
    for scenario in &scenarios {
        for variant in scenario.variants() {
            println!("== {}, {}", scenario.name, variant.name);
            let done = scenario.config_of(&variant).and_then(|config| run::run(program.as_ref(), scenario, &config));
            failures.extend(done.err().map(|error| format!("{}, {}: {error:#}", scenario.name, variant.name)));
        }
    }
    ensure!(failures.is_empty(), "{}", failures.join("\n\n"));
    Ok(scenarios.len())
}

struct Scenario {
    name: String,
    config: String,
    topology: Topology,
    expect: String,
}

fn all() -> Result<Vec<Scenario>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let folders = fs::read_dir(&root).with_context(|| root.display().to_string())?;
    let mut folders: Vec<PathBuf> = folders.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
    folders.sort();
    folders.iter().map(|folder| Scenario::read(folder)).collect()
}

impl Scenario {
    fn read(folder: &Path) -> Result<Self> {
        let read = |name: &str| fs::read_to_string(folder.join(name)).with_context(|| folder.join(name).display().to_string());
        let topology =
            toml::from_str(&read("topology.toml")?).with_context(|| folder.join("topology.toml").display().to_string())?;
        let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Ok(Self { name, config: read("edge-router.toml")?, topology, expect: read("expect.csv")? })
    }

    /// The file as it is, and as each variant changes it.
    fn variants(&self) -> Vec<Change> {
        let plain = Change { name: "as the file is".to_owned(), replace: Vec::new() };
        std::iter::once(plain).chain(self.topology.variants.iter().cloned()).collect()
    }

    fn config_of(&self, variant: &Change) -> Result<String> {
        let mut config = self.config.clone();
        for [from, to] in &variant.replace {
            if !config.contains(from) {
                bail!("the file has no {from} to be replaced");
            }
            config = config.replace(from, to);
        }
        Ok(config)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_folder_is_read_and_every_variant_is_another_file() -> Result<()> {
        for scenario in all()? {
            for variant in &scenario.topology.variants {
                assert_ne!(scenario.config_of(variant)?, scenario.config, "{}: {}", scenario.name, variant.name);
            }
        }
        Ok(())
    }
}
