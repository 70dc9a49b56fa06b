//! The daemon itself: from its start to its word that it is ready, and what memory it takes then.

use crate::{milliseconds, text::NetworkKind};
use nix::mount::{MsFlags, mount};
use std::{
    env, fs,
    io::{BufRead, BufReader},
    path::Path,
    process::{Command, Stdio},
    time::Instant,
};

/// Milliseconds, VmRSS and VmHWM in kB.
pub fn run(kind: NetworkKind, networks: usize, directory: &Path) -> Vec<f64> {
    mount(None::<&str>, "/", None::<&str>, MsFlags::MS_REC | MsFlags::MS_PRIVATE, None::<&str>).unwrap();
    mount(Some("tmpfs"), "/run", Some("tmpfs"), MsFlags::empty(), None::<&str>).unwrap();
    let config = directory.join("edge-router.toml");
    fs::write(&config, kind.text(networks)).unwrap();
    let started = Instant::now();
    let mut command = Command::new(env::var("DAEMON").unwrap());
    command.arg("daemon").arg("--config").arg(&config).arg("--state-dir").arg(directory.join("state")).stderr(Stdio::piped());
    let mut daemon = command.spawn().unwrap();
    let mut said = String::new();
    let mut lines = BufReader::new(daemon.stderr.take().unwrap()).lines().map_while(Result::ok);
    let ready = lines.find(|line| {
        said += line;
        line.contains(" is ready: ")
    });
    assert!(ready.is_some(), "the daemon ended: {said}");
    let took = milliseconds(started.elapsed());
    let status = fs::read_to_string(format!("/proc/{}/status", daemon.id())).unwrap();
    daemon.kill().unwrap();
    daemon.wait().unwrap();
    let kilobytes = |key: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(key)).unwrap();
        line.split_whitespace().next().unwrap().parse().unwrap()
    };
    vec![took, kilobytes("VmRSS:"), kilobytes("VmHWM:")]
}
