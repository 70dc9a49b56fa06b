//! The gate before the ssh server: who does not log in keeps nobody out, and does not stay.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test ends where it fails")]

use std::{
    env,
    io::{BufRead, BufReader, Read, Write, stdin},
    net::{Ipv4Addr, TcpListener, TcpStream},
    os::unix::net::UnixDatagram,
    process::{Child, Command, Stdio, id},
    thread,
    time::{Duration, Instant},
};

/// As the limits of `ssh_gate/places.rs` are.
const OF_ADDRESS: usize = 6;
const LOGIN_TIME: Duration = Duration::from_secs(3);

struct Gate {
    process: Child,
    port: u16,
    directory: tempfile::TempDir,
}

impl Drop for Gate {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Gate {
    fn open() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let port = TcpListener::bind((Ipv4Addr::UNSPECIFIED, 0)).unwrap().local_addr().unwrap().port();
        let (log, seconds) = (directory.path().join("log"), LOGIN_TIME.as_secs().to_string());
        let mut command = Command::new(env!("CARGO_BIN_EXE_edge-router"));
        command.arg("ssh-gate").args(["--port", &port.to_string(), "--login-time", &seconds]);
        command.arg("--state-dir").arg(directory.path()).arg("--log").arg(&log).arg("--").arg(env::current_exe().unwrap());
        command.args(["--exact", "server", "--ignored", "--nocapture"]).env("LOG", &log).stderr(Stdio::piped());
        Self { process: command.spawn().unwrap(), port, directory }
    }

    /// By this address of the router.
    fn connect(&self, network: [u8; 4]) -> TcpStream {
        let start = Instant::now();
        loop {
            match TcpStream::connect((Ipv4Addr::from(network), self.port)) {
                Ok(stream) => return stream,
                Err(error) => assert!(start.elapsed() < Duration::from_secs(20), "{error}"),
            }
            thread::sleep(Duration::from_millis(20));
        }
    }
}

/// Whether the server is there and says this back.
fn says(stream: &TcpStream, words: &str) -> bool {
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let sent = (&mut &*stream).write_all(format!("{words}\n").as_bytes()).is_ok();
    sent && BufReader::new(stream).lines().map_while(Result::ok).any(|line| line == words)
}

fn is_closed(mut stream: TcpStream) -> bool {
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let mut rest = Vec::new();
    match stream.read_to_end(&mut rest) {
        Ok(_) => true,
        Err(error) => error.kind() == std::io::ErrorKind::ConnectionReset,
    }
}

#[test]
fn who_does_not_log_in_keeps_nobody_out_and_does_not_stay() {
    let (mut gate, one, other) = (Gate::open(), [127, 0, 1, 1], [127, 0, 2, 1]);
    let since = Instant::now();
    let silent: Vec<TcpStream> = (0..OF_ADDRESS).map(|_| gate.connect(one)).collect();
    let session = gate.connect(other);
    assert!(says(&session, "in"), "another network has places of its own");
    if since.elapsed() < Duration::from_secs(2) {
        assert!(is_closed(gate.connect(one)), "one address has no more");
    }
    assert!(silent.into_iter().all(is_closed));
    assert!(since.elapsed() >= LOGIN_TIME);
    assert!(says(&gate.connect(one), "again"), "their places are free");
    assert!(says(&session, "still here"), "who logged in stays");
    // Its server has the same standard error.
    drop(session);
    gate.process.kill().unwrap();
    let mut told = String::new();
    let _ = gate.process.stderr.take().unwrap().read_to_string(&mut told);
    assert!(told.contains("ssh-gate: Pubkey auth succeeded for 'root'"), "{told}");
    assert!(gate.directory.path().join("log").exists());
}

/// Says back what it hears; who says "in" is logged in, as dropbear tells it to syslog.
#[test]
#[ignore = "a part of who_does_not_log_in_keeps_nobody_out_and_does_not_stay"]
fn server() {
    for line in stdin().lines() {
        let line = line.unwrap();
        if line == "in" {
            let log = UnixDatagram::unbound().unwrap();
            let words = format!("<85>Nov 30 22:04:19 dropbear[{}]: Pubkey auth succeeded for 'root' with a key", id());
            log.send_to(words.as_bytes(), env::var_os("LOG").unwrap()).unwrap();
        }
        println!("{line}");
    }
}
