//! The peers' packages, unpacked and not installed: a root for each of Debian's suites, whose programs its own dynamic loader runs with its
//! own libraries, since the newest suite's libc is newer than this machine's.

use anyhow::{Context, Result};
use edge_lab::Host;
use std::{
    env,
    ffi::OsString,
    fs, io,
    path::{Path, PathBuf},
    process::Command,
};

/// Of Debian: the one the image is made of, or the one that will be the next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Suite {
    Old,
    Newest,
}

pub struct Peers {
    old: Root,
    newest: Root,
}

impl Peers {
    pub fn open(directory: &Path) -> Result<Self> {
        let directory = fs::canonicalize(directory).with_context(|| format!("the peers are not in {}", directory.display()))?;
        Ok(Self { old: Root::open(directory.join("old"))?, newest: Root::open(directory.join("newest"))? })
    }

    pub fn of(&self, suite: Suite) -> &Root {
        match suite {
            Suite::Old => &self.old,
            Suite::Newest => &self.newest,
        }
    }
}

pub struct Root {
    directory: PathBuf,
    loader: PathBuf,
    libraries: OsString,
}

impl Root {
    fn open(directory: PathBuf) -> Result<Self> {
        // Suites differ in whether all is below usr.
        let all = ["lib", "usr/lib"].map(|folder| directory.join(folder).join(format!("{}-linux-gnu", env::consts::ARCH)));
        let folders = Vec::from_iter(all.into_iter().filter(|folder| folder.is_dir()));
        let loader = folders.iter().find_map(|folder| loader(folder).transpose()).transpose()?;
        let loader = loader.with_context(|| format!("{} has no dynamic loader (package libc6)", directory.display()))?;
        Ok(Self { libraries: env::join_paths(folders)?, directory, loader })
    }

    /// A program of this root, run on a host of the lab.
    pub fn command(&self, host: &Host, program: &str) -> Command {
        self.run(program, |loader| host.command(loader))
    }

    /// The same on this machine.
    pub fn command_here(&self, program: &str) -> Command {
        self.run(program, Command::new)
    }

    fn run(&self, program: &str, start: impl FnOnce(OsString) -> Command) -> Command {
        let [loader, rest @ ..] = self.line(program);
        let mut command = start(loader);
        command.args(rest);
        command
    }

    /// The words of its exec, to which the program's arguments are added.
    pub fn line(&self, program: &str) -> [OsString; 4] {
        let program = self.directory.join("usr/sbin").join(program);
        [self.loader.clone().into(), "--library-path".into(), self.libraries.clone(), program.into()]
    }
}

fn loader(folder: &Path) -> io::Result<Option<PathBuf>> {
    let entries = fs::read_dir(folder)?.collect::<io::Result<Vec<_>>>()?;
    Ok(entries.iter().find(|entry| entry.file_name().to_string_lossy().starts_with("ld-linux")).map(fs::DirEntry::path))
}
