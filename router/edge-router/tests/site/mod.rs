//! A box under test with uplinks only: each a cable to a provider with its own DHCP server, and 8.8.8.8 behind every one.

#![allow(dead_code, reason = "each test uses its part")]

use anyhow::{Context, Result, ensure};
use edge_lab::{Daemon, Host, Lab, wait_until};
use serde_json::Value;
use std::{fs, path::PathBuf, time::Duration};

pub const PROGRAM: &str = env!("CARGO_BIN_EXE_edge-router");

pub struct Site {
    pub lab: Lab,
    pub edge: Host,
    directory: tempfile::TempDir,
    daemon: Option<Daemon>,
}

/// The far side of an uplink.
pub struct Provider {
    pub host: Host,
    subnet: String,
    server: Option<Daemon>,
    directory: tempfile::TempDir,
}

impl Site {
    pub fn new() -> Result<Self> {
        let lab = Lab::new()?;
        let edge = lab.host("edge")?;
        Ok(Self { lab, edge, directory: tempfile::tempdir()?, daemon: None })
    }

    /// A provider at the other end of `device`: it is SUBNET.1 and routes nothing but its own link.
    pub fn provider(&self, device: &str, subnet: &str) -> Result<Provider> {
        let host = self.lab.host("isp")?;
        self.lab.wire(&self.edge, device, &host, "eth0")?;
        host.ip(&format!("address add {subnet}.1/24 dev eth0"))?;
        host.ip("address add 8.8.8.8/32 dev lo")?;
        Ok(Provider { host, subnet: subnet.to_owned(), server: None, directory: tempfile::tempdir()? })
    }

    /// Starts the daemon, and plugs a container into the network `lan`.
    pub fn start(&mut self, config: &str) -> Result<()> {
        fs::write(self.path("edge-router.toml"), config)?;
        let mut command = self.edge.command(PROGRAM);
        command.arg("daemon").arg("--config").arg(self.path("edge-router.toml"));
        command.arg("--state-dir").arg(self.path("state")).arg("--run-dir").arg(self.path("run"));
        self.daemon = Some(self.edge.daemon(&mut command)?);
        wait_until("the daemon's answer", Duration::from_secs(120), || Ok(self.status().is_ok())).with_context(|| self.log())
    }

    pub fn container(&self) -> Result<Host> {
        let container = self.edge.container("c1")?;
        self.ctl(&["attach", "--netns", "/run/netns/c1", "--name", "c1", "--network", "lan"])?;
        Ok(container)
    }

    pub fn apply(&self, config: &str) -> Result<Value> {
        fs::write(self.path("edge-router.toml"), config)?;
        Ok(serde_json::from_str(&self.ctl(&["apply", "--json"])?)?)
    }

    pub fn kill(&mut self) -> Result<()> {
        self.daemon.take().context("no daemon runs")?.kill()
    }

    pub fn log(&self) -> String {
        self.daemon.as_ref().and_then(|daemon| daemon.log().ok()).unwrap_or_default()
    }

    pub fn ctl(&self, arguments: &[&str]) -> Result<String> {
        let run_dir = self.path("run").display().to_string();
        self.edge.run(PROGRAM, ["ctl", "--run-dir", &run_dir].iter().chain(arguments))
    }

    pub fn status(&self) -> Result<Value> {
        Ok(serde_json::from_str(&self.ctl(&["status", "--json"])?)?)
    }

    pub fn uplink(&self, name: &str) -> Result<Value> {
        let status = self.status()?;
        let rows = status["uplinks"].as_array().context("no uplinks")?;
        rows.iter().find(|row| row["name"] == name).cloned().with_context(|| format!("no {name} in {status}"))
    }

    /// Until the row of an uplink is as wanted.
    pub fn until(&self, name: &str, seconds: u64, wanted: impl Fn(&Value) -> bool) -> Result<Value> {
        let mut row = Value::Null;
        let waited = wait_until(&format!("uplink {name}"), Duration::from_secs(seconds), || {
            row = self.uplink(name)?;
            Ok(wanted(&row))
        });
        waited.with_context(|| format!("{row}\n{}", self.log()))?;
        Ok(row)
    }

    /// Until it has an address that its gateway answers to.
    pub fn online(&self, name: &str) -> Result<String> {
        let row = self.until(name, 60, |row| row["state"] == "online")?;
        Ok(row["address"].as_str().unwrap_or_default().to_owned())
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// The space the router lives in.
    pub fn router(&self) -> Result<Host> {
        if self.edge.ip("netns list")?.lines().any(|line| line.split(' ').next() == Some("router")) {
            return self.edge.inside("router");
        }
        Ok(self.edge.clone())
    }
}

impl Provider {
    /// busybox udhcpd, which lends SUBNET.ADDRESS for so many seconds.
    pub fn udhcpd(&mut self, address: u8, lease: u32) -> Result<()> {
        self.silence();
        let (subnet, file) = (&self.subnet, self.directory.path().join("udhcpd.conf"));
        let leases = self.directory.path().join("leases");
        fs::write(&leases, "")?;
        let text = format!(
            "start {subnet}.{address}\nend {subnet}.{address}\ninterface eth0\nlease_file {}\npidfile /dev/null\nmin_lease 5\n\
             option subnet 255.255.255.0\noption router {subnet}.1\noption dns {subnet}.1 9.9.9.9\noption domain site.example\n\
             option lease {lease}\n",
            leases.display(),
        );
        fs::write(&file, text)?;
        self.server = Some(self.host.daemon(self.host.command("busybox").args(["udhcpd", "-f"]).arg(&file))?);
        Ok(())
    }

    /// dnsmasq, which lends one address; it denies all others.
    pub fn dnsmasq(&mut self, address: u8, more: &[&str]) -> Result<()> {
        self.silence();
        let subnet = &self.subnet;
        let mut command = self.host.command("dnsmasq");
        command.args([
            "--keep-in-foreground",
            "--port=0",
            "--conf-file=/dev/null",
            "--log-facility=-",
            "--log-dhcp",
            "--user=root",
        ]);
        command.args(["--interface=eth0", "--bind-interfaces", "--dhcp-authoritative", "--no-ping", "--pid-file="]);
        command.arg(format!("--dhcp-leasefile={}", self.directory.path().join("dnsmasq").display()));
        command.arg(format!("--dhcp-range={subnet}.{address},{subnet}.{address},120"));
        command.arg(format!("--dhcp-option=option:router,{subnet}.1")).args(more);
        self.server = Some(self.host.daemon(&mut command)?);
        wait_until("dnsmasq", Duration::from_secs(60), || Ok(self.log().contains("IP range")))
    }

    /// The server is gone.
    pub fn silence(&mut self) {
        self.server = None;
    }

    /// What its server wrote.
    pub fn log(&self) -> String {
        self.server.as_ref().and_then(|server| server.log().ok()).unwrap_or_default()
    }

    /// Nothing behind it answers any more; its link and its own address do.
    pub fn go_dark(&self) -> Result<()> {
        self.host.ip("address delete 8.8.8.8/32 dev lo").map(drop)
    }

    pub fn go_bright(&self) -> Result<()> {
        self.host.ip("address add 8.8.8.8/32 dev lo").map(drop)
    }
}

/// A stream of pings, fifty a second.
pub struct Pings(Daemon);

/// To one of the pings.
pub struct Answer {
    number: u64,
    /// In milliseconds.
    at: u64,
}

impl Pings {
    fn answers(&self) -> Result<Vec<Answer>> {
        Ok(self.0.log()?.lines().filter_map(Answer::read).collect())
    }

    /// Until so many more are answered.
    pub fn go_on(&self, more: usize) -> Result<()> {
        let enough = self.answers()?.len() + more;
        wait_until(&format!("{more} answers"), Duration::from_secs(60), || Ok(self.answers()?.len() >= enough))
            .with_context(|| self.0.log().unwrap_or_default())
    }
}

impl Answer {
    /// `[1700000000.123456] 16 bytes from 8.8.8.8: icmp_seq=1 …`.
    fn read(line: &str) -> Option<Self> {
        let (time, what) = line.strip_prefix('[')?.split_once("] ").filter(|(_, what)| what.contains("bytes from"))?;
        let (_, number) = what.split_once("icmp_seq=")?;
        let seconds: f64 = time.parse().ok()?;
        Some(Self { number: number.split(' ').next()?.parse().ok()?, at: (seconds * 1000.0) as u64 })
    }
}

/// Pings that go on meanwhile and after it; their answers.
pub fn pinging(from: &Host, during: impl FnOnce(&Pings) -> Result<()>) -> Result<Vec<Answer>> {
    let mut command = from.command("ping");
    let pings = Pings(from.daemon(command.args(["-n", "-D", "-i", "0.02", "-s", "8", "8.8.8.8"]))?);
    pings.go_on(5)?;
    during(&pings)?;
    pings.go_on(5)?;
    pings.answers()
}

/// The longest time without an answer, in milliseconds.
pub fn longest_gap(answers: &[Answer]) -> u64 {
    answers.windows(2).map(|two| two[1].at.saturating_sub(two[0].at)).max().unwrap_or(0)
}

/// The most pings in a row that were not answered. Unlike a time it does not grow while ping waits for a busy processor.
pub fn lost_in_a_row(answers: &[Answer]) -> u64 {
    answers.windows(2).map(|two| two[1].number.saturating_sub(two[0].number + 1)).max().unwrap_or(0)
}

/// `ensure!` with both sides shown.
pub fn same<T: PartialEq + std::fmt::Debug>(found: T, wanted: T) -> Result<()> {
    ensure!(found == wanted, "found {found:#?}, wanted {wanted:#?}");
    Ok(())
}
