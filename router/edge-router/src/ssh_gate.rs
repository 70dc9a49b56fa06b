//! Listens for ssh where the router's addresses are, and runs a server for each connection in the host's namespace.
//!
//! The addresses may live in a namespace of their own, which comes and goes with the configuration; a shell must not live
//! there, where neither files nor daemon are. A process of its own, so that a box whose daemon does not run can still be reached.

mod gate;
mod logins;
mod places;

use anyhow::Context;
use clap::Args;
use edge_host::netns;
use edge_kernel::is_our_namespace;
use gate::Gate;
use nix::sys::socket::{Shutdown, shutdown};
use std::{
    fs,
    io::ErrorKind,
    net::{Ipv4Addr, TcpListener},
    os::{
        fd::AsRawFd,
        unix::{fs::MetadataExt, net::UnixDatagram},
    },
    path::{Path, PathBuf},
    sync::Arc,
    thread,
    time::Duration,
};

/// How often to look whether a namespace has come or gone.
const LOOK: Duration = Duration::from_secs(1);
/// Out of descriptors or memory for the moment.
const PAUSE: Duration = Duration::from_millis(100);

#[derive(Args)]
pub struct Options {
    #[arg(long, default_value_t = 22)]
    port: u16,
    /// Where the daemon writes down which namespaces are the router's
    #[arg(long, default_value = "/var/lib/edge-router")]
    state_dir: PathBuf,
    /// The place of syslog, where the server says who logged in
    #[arg(long, default_value = "/dev/log")]
    log: PathBuf,
    /// Seconds that a login may take
    #[arg(long, default_value_t = 30)]
    login_time: u64,
    /// A server that speaks ssh on its standard input, and its arguments
    #[arg(last = true, required = true)]
    server: Vec<String>,
}

pub fn main(options: Options) -> anyhow::Result<()> {
    let host = TcpListener::bind((Ipv4Addr::UNSPECIFIED, options.port))
        .with_context(|| format!("cannot listen on port {}", options.port))?;
    let gate = open(&options);
    let accepting = gate.clone();
    thread::spawn(move || accept(&host, &accepting));
    let mut known: Vec<(u64, TcpListener)> = Vec::new();
    loop {
        let there = routers(&options.state_dir);
        known.retain(|(inode, listener)| {
            let stays = there.iter().any(|(_, there)| there == inode);
            if !stays {
                // Wakes the thread that accepts; a socket left open would keep the namespace alive without a name.
                let _ = shutdown(listener.as_raw_fd(), Shutdown::Both);
            }
            stays
        });
        for (path, inode) in there {
            if known.iter().all(|(listening, _)| *listening != inode)
                && let Some(listener) = listen(&path, options.port, &gate)
            {
                known.push((inode, listener));
            }
        }
        gate.cut_who_is_late();
        thread::sleep(LOOK);
    }
}

/// A box must be reached also where it cannot be seen who logged in: then each counts as if it had.
fn open(options: &Options) -> Arc<Gate> {
    let log = logins::listen(&options.log);
    let log = log.inspect_err(|error| eprintln!("ssh-gate: who logs in is not seen, {}: {error}", options.log.display())).ok();
    let gate = Gate::new(options.server.clone(), Duration::from_secs(options.login_time), log.is_some());
    let gate = Arc::new(gate);
    if let Some(log) = log {
        let gate = gate.clone();
        thread::spawn(move || follow(&log, &gate));
    }
    gate
}

fn follow(log: &UnixDatagram, gate: &Gate) {
    loop {
        match logins::next(log) {
            Ok(Some((process, message))) => {
                if let Some(words) = logins::login(&message) {
                    gate.log_in(process);
                    eprintln!("ssh-gate: {words}");
                }
            }
            Ok(None) => {}
            Err(_) => thread::sleep(PAUSE),
        }
    }
}

/// The namespaces that are the router's, with what tells one from its successor of the same name. A mark alone is nobody's word: root
/// inside a container can set it.
fn routers(state_dir: &Path) -> Vec<(PathBuf, u64)> {
    let names = fs::read_to_string(state_dir.join("namespaces")).unwrap_or_default();
    let paths = names.lines().filter_map(|line| Some(netns::path(&line.parse().ok()?)));
    paths.filter(|path| is_our_namespace(path)).filter_map(|path| Some((path.clone(), path.metadata().ok()?.ino()))).collect()
}

fn listen(netns: &Path, port: u16, gate: &Arc<Gate>) -> Option<TcpListener> {
    let opened = netns::run_in(Some(netns), move || TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)));
    let kept = opened.and_then(|listener| {
        let kept = listener.try_clone()?;
        let gate = gate.clone();
        thread::spawn(move || accept(&listener, &gate));
        Ok(kept)
    });
    kept.inspect_err(|error| eprintln!("ssh-gate: {}: {error}", netns.display())).ok()
}

fn accept(listener: &TcpListener, gate: &Arc<Gate>) {
    loop {
        match listener.accept() {
            Ok((connection, peer)) => gate.serve(connection, peer),
            Err(error) if error.kind() == ErrorKind::InvalidInput => return,
            // Out of descriptors or memory for the moment: others need the processor to mend that.
            Err(_) => thread::sleep(PAUSE),
        }
    }
}
