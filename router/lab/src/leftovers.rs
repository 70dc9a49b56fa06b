//! Processes that outlive what started them. Namespaces end by themselves with their last member, so only processes are looked for.

use crate::space::Space;
use anyhow::Result;
use nix::{
    errno::Errno,
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use std::{
    collections::HashSet,
    fs,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    thread::sleep,
    time::Duration,
};

/// Environment variable of every process started on a test machine: the id of the test run's process.
pub(crate) const MARK: &str = "EDGE_LAB_RUN";

/// Kills what runs on these machines, in whatever network namespace, and waits until it is gone.
pub(crate) fn stop_members(spaces: &[&Space]) -> Result<()> {
    let machines = spaces.iter().map(|space| space.machine()).collect::<std::io::Result<HashSet<u64>>>()?;
    for _ in 0..1000 {
        let members: Vec<Pid> =
            processes()?.filter(|(pid, dir)| is_other(*pid) && lives_on(dir, &machines)).map(|(pid, _)| pid).collect();
        if members.is_empty() {
            return Ok(());
        }
        for pid in members {
            // It may have ended meanwhile.
            let _ = kill(pid, Signal::SIGKILL);
        }
        sleep(Duration::from_millis(20));
    }
    anyhow::bail!("processes inside do not end although killed")
}

/// Kills what runs on this machine and was started with `argument` somewhere on its command line.
pub(crate) fn stop_started_with(space: &Space, argument: &str) -> Result<()> {
    let machine = HashSet::from([space.machine()?]);
    for (pid, dir) in processes()?.filter(|(_, dir)| lives_on(dir, &machine)) {
        if fs::read(dir.join("cmdline")).is_ok_and(|line| String::from_utf8_lossy(&line).contains(argument)) {
            let _ = kill(pid, Signal::SIGKILL);
        }
    }
    Ok(())
}

/// Kills the processes of test runs that were killed themselves.
pub(crate) fn sweep_dead_runs() -> Result<()> {
    for (pid, dir) in processes()? {
        if is_other(pid) && run_of(&dir).is_some_and(|run| kill(run, None) == Err(Errno::ESRCH)) {
            let _ = kill(pid, Signal::SIGKILL);
        }
    }
    Ok(())
}

fn processes() -> Result<impl Iterator<Item = (Pid, PathBuf)>> {
    Ok(fs::read_dir("/proc")?.filter_map(|entry| {
        let path = entry.ok()?.path();
        let pid = path.file_name()?.to_str()?.parse().ok()?;
        Some((Pid::from_raw(pid), path))
    }))
}

fn is_other(pid: Pid) -> bool {
    pid != Pid::this()
}

/// A zombie has no namespaces any more and so is nobody's member.
fn lives_on(dir: &Path, machines: &HashSet<u64>) -> bool {
    fs::metadata(dir.join("ns/uts")).is_ok_and(|meta| machines.contains(&meta.ino()))
}

fn run_of(dir: &Path) -> Option<Pid> {
    let environment = fs::read(dir.join("environ")).ok()?;
    let mark = environment.split(|byte| *byte == 0).find_map(|variable| variable.strip_prefix(format!("{MARK}=").as_bytes()))?;
    Some(Pid::from_raw(std::str::from_utf8(mark).ok()?.parse().ok()?))
}
