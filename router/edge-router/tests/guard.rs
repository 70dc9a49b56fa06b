//! Who is connected by ssh is not cut off unasked: real connections, in each place where a server may be. On any kernel.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test ends where it fails")]

use anyhow::{Context, Result, ensure};
use edge_host::netns::run_in;
use edge_lab::{Disk, Host, Rig, same};
use serde_json::Value;
use std::{
    fs,
    io::{BufRead, BufReader, Write},
    net::{Ipv4Addr, TcpListener, TcpStream},
    process::Output,
    thread,
    time::Duration,
};

const PROGRAM: &str = env!("CARGO_BIN_EXE_edge-router");
const FILE: &str = r#"[system]
ssh-from = ["lan", "hold"]

[[network]]
name = "lan"
ports = ["eth1"]
address = "10.0.1.1/24"

[[network]]
name = "hold"
ports = ["eth2"]
address = "10.0.2.1/24"
"#;
const NAMESPACE: &str = "[router]\nnamespace = \"router\"\n";

/// Says back what it hears, for as long as the test lives.
fn serve(at: &Host, port: u16) -> Result<()> {
    let listener = run_in(Some(&at.netns()), || TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)))?;
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            thread::spawn(move || std::io::copy(&mut &stream, &mut &stream));
        }
    });
    Ok(())
}

struct Session(TcpStream);

impl Session {
    fn open(from: &Host, address: &str, to: ([u8; 4], u16)) -> Result<Self> {
        from.sh(&format!("ip address replace {address} dev eth0"))?;
        let to = (Ipv4Addr::from(to.0), to.1);
        let one = Self(run_in(Some(&from.netns()), || TcpStream::connect(to)).context("it does not connect")?);
        ensure!(one.answers(Duration::from_secs(20)), "it does not answer");
        Ok(one)
    }

    fn answers(&self, within: Duration) -> bool {
        self.0.set_read_timeout(Some(within)).unwrap();
        (&self.0).write_all(b"here\n").is_ok() && BufReader::new(&self.0).lines().next().is_some_and(|line| line.is_ok())
    }

    fn goes_on(&self) -> Result<()> {
        ensure!(self.answers(Duration::from_secs(20)), "the session has ended");
        Ok(())
    }
}

fn ctl(rig: &Rig, arguments: &[&str]) -> Result<Output> {
    let run_dir = rig.run_dir();
    Ok(rig.edge.command(PROGRAM).args(["ctl", "--run-dir"]).arg(run_dir).args(arguments).output()?)
}

/// What is said of the file, which is not applied.
fn refused(rig: &Rig, text: &str) -> Result<String> {
    fs::write(rig.config(), text)?;
    let output = ctl(rig, &["apply", "--json"])?;
    let told = String::from_utf8(output.stderr)?;
    same(output.status.code(), Some(1)).with_context(|| told.clone())?;
    let body: Value = serde_json::from_slice(&output.stdout)?;
    ensure!(body["guarded"].is_object() && told.contains(body["error"].as_str().unwrap()), "{body}\n{told}");
    let plan = rig.ctl_json(&["plan"])?;
    same(&plan["guarded"], &body["guarded"])?;
    Ok(told)
}

fn contains(told: &str, words: &str) -> Result<()> {
    ensure!(told.contains(words), "{words}:\n{told}");
    Ok(())
}

#[test]
fn of_two_sessions_only_the_one_that_would_end_keeps_an_apply_back() -> Result<()> {
    let mut rig = Rig::with(PROGRAM, &["eth1", "eth2"], Disk::Directory)?;
    rig.start(FILE)?;
    serve(&rig.edge, 22)?;
    let lan = Session::open(&rig.beyond("eth1")?, "10.0.1.20/24", ([10, 0, 1, 1], 22))?;
    let hold = Session::open(&rig.beyond("eth2")?, "10.0.2.20/24", ([10, 0, 2, 1], 22))?;

    let closed = FILE.replace("\"lan\", ", "");
    let told = refused(&rig, &closed)?;
    contains(&told, "not applied: this ends ssh from lan (10.0.1.20): line 2: `ssh-from` no longer names lan")?;
    ensure!(!told.contains("from hold"), "{told}");
    contains(&rig.ctl(&["plan"])?, "! apply will ask for --confirm or --force: this ends ssh from lan (10.0.1.20):")?;
    contains(&refused(&rig, &FILE.replace("10.0.1.1/24", "10.0.9.1/24"))?, "line 7: `address` of lan is 10.0.9.1/24")?;
    contains(&refused(&rig, "")?, "it takes away network lan, network hold")?;
    lan.goes_on()?;

    rig.apply(&format!("{FILE}[[network]]\nname = \"more\"\naddress = \"10.0.3.1/24\"\n"))?;
    fs::write(rig.config(), &closed)?;
    rig.ctl(&["apply", "--confirm", "60s"])?;
    rig.ctl(&["revert"])?;
    lan.goes_on().context("it came back")?;
    rig.ctl(&["apply", "--force"])?;
    ensure!(!lan.answers(Duration::from_millis(500)), "it was let in by nothing any more");
    hold.goes_on()
}

#[test]
fn a_server_in_the_routers_namespace_is_seen_there() -> Result<()> {
    let mut rig = Rig::with(PROGRAM, &["eth1", "eth2"], Disk::Directory)?;
    let file = FILE.replace("\"eth1\"", "\"eth1\", \"eth9\"");
    rig.start(&format!("{NAMESPACE}{file}"))?;
    let router = rig.router()?;
    serve(&router, 22)?;
    let lan = Session::open(&rig.beyond("eth1")?, "10.0.1.20/24", ([10, 0, 1, 1], 22))?;
    let told = refused(&rig, &file)?;
    contains(&told, "this ends ssh from lan (10.0.1.20): the file has no more `namespace` router")?;
    // Behind which of the two it is, the bridge knows.
    let told = refused(&rig, &format!("{NAMESPACE}{}", file.replace("\"eth1\", ", "")))?;
    contains(&told, "line 8: `ports` of lan leave out eth1")?;
    rig.apply(&format!("{NAMESPACE}{}", file.replace(", \"eth9\"", "")))?;
    lan.goes_on()
}

#[test]
fn a_server_on_another_port_and_a_device_that_nobody_named_count_too() -> Result<()> {
    let mut rig = Rig::with(PROGRAM, &["eth1", "eth2", "eth3"], Disk::Directory)?;
    // A machine that tracks connections, as one with any firewall does: who is not tracked when the box starts is cut off then.
    rig.edge.sh("nft 'table ip t { chain c { type filter hook input priority 0; ct state new accept; }; }'")?;
    // By its name an ssh server is known.
    fs::write("/proc/self/comm", "sshd")?;
    serve(&rig.edge, 2222)?;
    rig.edge.ip("address add 172.16.0.1/24 dev eth3")?;
    let session = Session::open(&rig.beyond("eth3")?, "172.16.0.20/24", ([172, 16, 0, 1], 2222))?;
    rig.start(FILE)?;
    session.goes_on().context("what is open when the box starts stays open")?;
    let told = refused(&rig, &FILE.replace("\"eth2\"", "\"eth2\", \"eth3\""))?;
    contains(&told, "this ends ssh from eth3 (172.16.0.20): line 11: `ports` of hold take eth3")?;
    session.goes_on()?;
    drop(session);
    rig.apply(FILE)?;
    Ok(())
}
