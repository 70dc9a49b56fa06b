use super::places::{Answer, Places, Visitor};
use edge_host::clock::since_boot;
use nix::{
    sys::wait::{Id, WaitPidFlag, waitid},
    unistd::Pid,
};
use std::{
    collections::BTreeMap,
    io,
    net::{IpAddr, Shutdown, SocketAddr, TcpStream},
    os::fd::OwnedFd,
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

/// A flood must not fill the log.
const TELL_EVERY: Duration = Duration::from_secs(10);

/// Runs a server for each connection, as far as there are places.
pub struct Gate {
    server: Vec<String>,
    login_time: Duration,
    /// Whether it is told who logged in.
    sees_logins: bool,
    open: Mutex<Open>,
}

#[derive(Default)]
struct Open {
    places: Places,
    /// Of each process the connection it serves.
    lines: BTreeMap<u32, TcpStream>,
    refused: u64,
    told: Option<Duration>,
}

impl Gate {
    pub fn new(server: Vec<String>, login_time: Duration, sees_logins: bool) -> Self {
        Self { server, login_time, sees_logins, open: Mutex::default() }
    }

    pub fn serve(self: &Arc<Self>, connection: TcpStream, peer: SocketAddr) {
        // Gone already.
        let Ok(here) = connection.local_addr() else { return };
        if let Some(child) = self.let_in(connection, here.ip(), peer) {
            let gate = self.clone();
            thread::spawn(move || gate.see_off(child));
        }
    }

    fn let_in(&self, connection: TcpStream, network: IpAddr, peer: SocketAddr) -> Option<Child> {
        let (mut open, from, now) = (self.lock(), Visitor { network, peer: peer.ip() }, since_boot());
        let answer = open.places.ask(from, now);
        if answer == Answer::Full {
            open.refuse(peer, now);
            return None;
        }
        let (child, line) =
            self.start(connection).inspect_err(|error| eprintln!("ssh-gate: cannot run the server: {error}")).ok()?;
        if let Answer::InPlaceOf(process) = answer {
            open.cut(process);
        }
        open.places.enter(child.id(), from, now);
        if !self.sees_logins {
            open.places.log_in(child.id());
        }
        open.lines.insert(child.id(), line);
        Some(child)
    }

    fn start(&self, connection: TcpStream) -> io::Result<(Child, TcpStream)> {
        let [program, arguments @ ..] = self.server.as_slice() else { return Err(io::ErrorKind::InvalidInput.into()) };
        let (line, copy) = (connection.try_clone()?, connection.try_clone()?);
        let (input, output) = (Stdio::from(OwnedFd::from(connection)), Stdio::from(OwnedFd::from(copy)));
        let child = Command::new(program).args(arguments).stdin(input).stdout(output).spawn()?;
        Ok((child, line))
    }

    /// Waits for its end. The place is free before the process is reaped: until then nobody else has its number.
    fn see_off(&self, mut child: Child) {
        let process = Pid::from_raw(child.id().cast_signed());
        let _ = waitid(Id::Pid(process), WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT);
        let mut open = self.lock();
        open.places.leave(child.id());
        open.lines.remove(&child.id());
        drop(open);
        let _ = child.wait();
    }

    pub fn log_in(&self, process: u32) {
        self.lock().places.log_in(process);
    }

    pub fn cut_who_is_late(&self) {
        let mut open = self.lock();
        for process in open.places.late(self.login_time, since_boot()) {
            open.cut(process);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Open {
    /// The server ends when its connection does; a signal might meet another process.
    fn cut(&mut self, process: u32) {
        self.places.leave(process);
        if let Some(line) = self.lines.get(&process) {
            // Its peer may have done so.
            let _ = line.shutdown(Shutdown::Both);
        }
    }

    fn refuse(&mut self, peer: SocketAddr, now: Duration) {
        self.refused += 1;
        if self.told.is_none_or(|told| now.saturating_sub(told) >= TELL_EVERY) {
            eprintln!("ssh-gate: {peer}: too many connections are open, refused; {} since the start", self.refused);
            self.told = Some(now);
        }
    }
}
