//! Listens for ssh where the router's addresses are, and runs a server for each connection in the host's namespace.
//!
//! The addresses may live in a namespace of their own, which comes and goes with the configuration; a shell must not live
//! there, where neither files nor daemon are. A process of its own, so that a box whose daemon does not run can still be reached.

use anyhow::Context;
use clap::Args;
use edge_kernel::{is_our_namespace, namespace};
use nix::sys::socket::{Shutdown, shutdown};
use std::{
    fs,
    io::ErrorKind,
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    os::{
        fd::{AsRawFd, OwnedFd},
        unix::fs::MetadataExt,
    },
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::atomic::{AtomicUsize, Ordering},
    thread,
    time::Duration,
};

/// How often to look whether a namespace has come or gone.
const LOOK: Duration = Duration::from_secs(1);
/// Connections at a time: enough for people, too few to fill a small box's memory.
const MOST: usize = 32;

static OPEN: AtomicUsize = AtomicUsize::new(0);

#[derive(Args)]
pub struct Options {
    #[arg(long, default_value_t = 22)]
    port: u16,
    /// Where the daemon writes down which namespaces are the router's
    #[arg(long, default_value = "/var/lib/edge-router")]
    state_dir: PathBuf,
    /// A server that speaks ssh on its standard input, and its arguments
    #[arg(last = true, required = true)]
    server: Vec<String>,
}

pub fn main(options: Options) -> anyhow::Result<()> {
    let host = TcpListener::bind((Ipv4Addr::UNSPECIFIED, options.port))
        .with_context(|| format!("cannot listen on port {}", options.port))?;
    let server = options.server.clone();
    thread::spawn(move || accept(&host, &server));
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
                && let Some(listener) = listen(&path, options.port, &options.server)
            {
                known.push((inode, listener));
            }
        }
        thread::sleep(LOOK);
    }
}

/// The namespaces that are the router's, with what tells one from its successor of the same name. A mark alone is nobody's word: root
/// inside a container can set it.
fn routers(state_dir: &Path) -> Vec<(PathBuf, u64)> {
    let names = fs::read_to_string(state_dir.join("namespaces")).unwrap_or_default();
    let paths = names.lines().filter_map(|line| Some(namespace::path(&line.parse().ok()?)));
    paths.filter(|path| is_our_namespace(path)).filter_map(|path| Some((path.clone(), path.metadata().ok()?.ino()))).collect()
}

fn listen(netns: &Path, port: u16, server: &[String]) -> Option<TcpListener> {
    let opened = namespace::run_in(Some(netns), move || TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)));
    let kept = opened.and_then(|listener| {
        let kept = listener.try_clone()?;
        let server = server.to_vec();
        thread::spawn(move || accept(&listener, &server));
        Ok(kept)
    });
    kept.inspect_err(|error| eprintln!("ssh-gate: {}: {error}", netns.display())).ok()
}

fn accept(listener: &TcpListener, server: &[String]) {
    loop {
        match listener.accept() {
            Ok((connection, peer)) => serve(connection, peer, server),
            Err(error) if error.kind() == ErrorKind::InvalidInput => return,
            // Out of descriptors or memory for the moment: others need the processor to mend that.
            Err(_) => thread::sleep(Duration::from_millis(100)),
        }
    }
}

fn serve(connection: TcpStream, peer: SocketAddr, server: &[String]) {
    if OPEN.fetch_add(1, Ordering::Relaxed) >= MOST {
        OPEN.fetch_sub(1, Ordering::Relaxed);
        eprintln!("ssh-gate: {peer}: {MOST} connections are open, refused");
        return;
    }
    let [program, arguments @ ..] = server else { return };
    let started = connection.try_clone().and_then(|copy| {
        let (input, output) = (Stdio::from(OwnedFd::from(connection)), Stdio::from(OwnedFd::from(copy)));
        Command::new(program).args(arguments).stdin(input).stdout(output).spawn()
    });
    match started {
        Ok(mut child) => {
            thread::spawn(move || {
                let _ = child.wait();
                OPEN.fetch_sub(1, Ordering::Relaxed);
            });
        }
        Err(error) => {
            OPEN.fetch_sub(1, Ordering::Relaxed);
            eprintln!("ssh-gate: cannot run {program}: {error}");
        }
    }
}
