//! Listens for ssh where the router's addresses are, and runs a server for each connection in the host's namespace.
//!
//! The addresses may live in a namespace of their own, which comes and goes with the configuration; a shell must not live
//! there, where neither files nor daemon are. A process of its own, so that a box whose daemon does not run can still be reached.

use anyhow::Context;
use clap::Args;
use edge_host::netns;
use edge_kernel::is_our_namespace;
use nix::sys::socket::{Shutdown, shutdown};
use std::{
    collections::BTreeMap,
    fs,
    io::ErrorKind,
    net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    os::{
        fd::{AsRawFd, OwnedFd},
        unix::fs::MetadataExt,
    },
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{Mutex, PoisonError},
    thread,
    time::Duration,
};

/// How often to look whether a namespace has come or gone.
const LOOK: Duration = Duration::from_secs(1);
/// Connections at a time: enough for people, too few to fill a small box's memory; and of one address, so that it cannot keep the
/// others out.
const MOST: usize = 32;
const MOST_OF_ONE: usize = 8;

static OPEN: Mutex<BTreeMap<IpAddr, usize>> = Mutex::new(BTreeMap::new());

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
    let paths = names.lines().filter_map(|line| Some(netns::path(&line.parse().ok()?)));
    paths.filter(|path| is_our_namespace(path)).filter_map(|path| Some((path.clone(), path.metadata().ok()?.ino()))).collect()
}

fn listen(netns: &Path, port: u16, server: &[String]) -> Option<TcpListener> {
    let opened = netns::run_in(Some(netns), move || TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)));
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
    let Some(place) = Place::take(peer.ip()) else {
        eprintln!("ssh-gate: {peer}: too many connections are open, refused");
        return;
    };
    let [program, arguments @ ..] = server else { return };
    let started = connection.try_clone().and_then(|copy| {
        let (input, output) = (Stdio::from(OwnedFd::from(connection)), Stdio::from(OwnedFd::from(copy)));
        Command::new(program).args(arguments).stdin(input).stdout(output).spawn()
    });
    match started {
        Ok(mut child) => {
            thread::spawn(move || {
                let _place = place;
                child.wait()
            });
        }
        Err(error) => eprintln!("ssh-gate: cannot run {program}: {error}"),
    }
}

/// One connection's, free again when dropped.
struct Place(IpAddr);

impl Place {
    fn take(peer: IpAddr) -> Option<Self> {
        let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
        let of_this = open.get(&peer).copied().unwrap_or(0);
        if of_this >= MOST_OF_ONE || open.values().sum::<usize>() >= MOST {
            return None;
        }
        open.insert(peer, of_this + 1);
        Some(Self(peer))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
        match open.get_mut(&self.0) {
            Some(count) if *count > 1 => *count -= 1,
            _ => drop(open.remove(&self.0)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_cannot_keep_the_others_out() {
        let (one, other) = (IpAddr::from([10, 0, 1, 5]), IpAddr::from([10, 0, 1, 6]));
        let mut places: Vec<_> = (0..MOST_OF_ONE).map(|_| Place::take(one)).collect();
        assert!(places.iter().all(Option::is_some));
        assert!(Place::take(one).is_none());
        assert!(Place::take(other).is_some());
        places.pop();
        assert!(Place::take(one).is_some());
    }
}
