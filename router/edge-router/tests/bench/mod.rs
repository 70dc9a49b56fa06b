//! A box under test: the daemon on a lab machine with a trunk to a switch and an uplink to an Internet.

#![allow(dead_code, reason = "each test uses its part")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test ends where it fails")]

use anyhow::{Context, Result, ensure};
use edge_lab::{Client, Daemon, Host, Lab, Switch, wait_until};
use serde_json::Value;
use std::{fs, path::PathBuf, time::Duration};

pub const PROGRAM: &str = env!("CARGO_BIN_EXE_edge-router");
pub const FIRE_TRUCK: &str = include_str!("../../../config/scenarios/fire-truck.toml");
pub const TABLE: &str = include_str!("../../../config/scenarios/fire-truck-reachability.csv");

/// The same without `[router] namespace`: the host is the router.
pub fn fire_truck_on_the_host() -> String {
    FIRE_TRUCK.replace("namespace = \"router\"", "")
}

pub struct Box {
    pub lab: Lab,
    pub edge: Host,
    pub switch: Switch,
    pub internet: Host,
    pub config: PathBuf,
    directory: tempfile::TempDir,
    daemon: Option<Daemon>,
}

impl Box {
    /// With the trunk `enp2s0` carrying these VLANs and the uplink device `wlp3s0f0`; nothing runs yet.
    pub fn wired(vlans: &[u16]) -> Result<Self> {
        let one = Self::without_trunk()?;
        one.plug_trunk(vlans)?;
        Ok(one)
    }

    /// The fire truck with its two devices behind the switch, each with its lease.
    pub fn with_devices(config: &str) -> Result<(Self, Host, Host)> {
        let mut truck = Self::wired(&[1, 2])?;
        truck.start(config)?;
        let (device1, device2) = (truck.lab.host("device1")?, truck.lab.host("device2")?);
        truck.switch.access(1, &device1, "eth0", "02:00:00:00:01:05")?;
        truck.switch.access(2, &device2, "eth0", "02:00:00:00:02:05")?;
        device1.dhcp(Client::Udhcpc, "eth0")?;
        device2.dhcp(Client::Udhcpc, "eth0")?;
        Ok((truck, device1, device2))
    }

    pub fn without_trunk() -> Result<Self> {
        let lab = Lab::new()?;
        let edge = lab.host("edge")?;
        let switch = lab.switch("switch")?;
        let internet = lab.internet(&edge, "wlp3s0f0", "192.168.50.1/24")?;
        let directory = tempfile::tempdir()?;
        let config = directory.path().join("edge-router.toml");
        Ok(Self { lab, edge, switch, internet, config, directory, daemon: None })
    }

    pub fn plug_trunk(&self, vlans: &[u16]) -> Result<()> {
        self.switch.trunk(&self.edge, "enp2s0", vlans).map(drop)
    }

    /// Starts the daemon with this configuration and waits until it answers.
    pub fn start(&mut self, config: &str) -> Result<()> {
        fs::write(&self.config, config)?;
        self.restart(&[])
    }

    /// Starts the daemon with the file as it is and these variables in its environment, and waits until it answers.
    pub fn restart(&mut self, variables: &[(&str, &str)]) -> Result<()> {
        self.restart_with(&[], variables)
    }

    pub fn restart_with(&mut self, arguments: &[&str], variables: &[(&str, &str)]) -> Result<()> {
        let mut command = self.edge.command(PROGRAM);
        command.arg("daemon").args(arguments).arg("--config").arg(&self.config);
        command.env("RUST_LOG", "info,edge_kernel=debug").envs(variables.iter().copied());
        command.arg("--state-dir").arg(self.state_dir()).arg("--run-dir").arg(self.run_dir());
        self.daemon = Some(self.edge.daemon(&mut command)?);
        wait_until("the daemon's answer", Duration::from_secs(120), || Ok(self.ctl(&["status"]).is_ok()))
            .with_context(|| self.log())
    }

    pub fn run_dir(&self) -> PathBuf {
        self.directory.path().join("run")
    }

    /// Asks it to end, and waits for it.
    pub fn stop(&mut self) -> Result<()> {
        let status = self.daemon.take().context("no daemon runs")?.stop()?;
        ensure!(status.success(), "the daemon ended with {status}");
        Ok(())
    }

    pub fn hangup(&self) -> Result<()> {
        self.daemon.as_ref().context("no daemon runs")?.signal(nix::sys::signal::Signal::SIGHUP)
    }

    pub fn state_dir(&self) -> PathBuf {
        self.directory.path().join("state")
    }

    /// As a power cut would.
    pub fn kill(&mut self) -> Result<()> {
        self.daemon.take().context("no daemon runs")?.kill()
    }

    pub fn log(&self) -> String {
        self.daemon.as_ref().and_then(|daemon| daemon.log().ok()).unwrap_or_default()
    }

    pub fn pid(&self) -> u32 {
        self.daemon.as_ref().map_or(0, Daemon::pid)
    }

    /// `routerctl ARGUMENTS` on the box.
    pub fn ctl(&self, arguments: &[&str]) -> Result<String> {
        let run_dir = self.directory.path().join("run");
        let words = ["ctl", "--run-dir", run_dir.to_str().unwrap()];
        self.edge.run(PROGRAM, words.iter().chain(arguments))
    }

    pub fn ctl_json(&self, arguments: &[&str]) -> Result<Value> {
        let mut words = arguments.to_vec();
        words.push("--json");
        let text = self.ctl(&words)?;
        serde_json::from_str(&text).with_context(|| format!("routerctl {arguments:?} --json printed: {text}"))
    }

    /// Until `status` says that exactly these devices, in order, are waited for.
    pub fn waits_for(&self, devices: &[&str]) -> Result<()> {
        wait_until("status to tell what is waited for", Duration::from_secs(60), || {
            let status = self.ctl_json(&["status"])?;
            let waiting = status["waiting"].as_array().cloned().unwrap_or_default();
            let mut waiting: Vec<_> = waiting.iter().filter_map(|one| one["device"].as_str()).collect();
            waiting.sort();
            Ok(waiting == devices)
        })
    }

    /// Changes the file and applies it; returns the report.
    pub fn apply(&self, config: &str) -> Result<Value> {
        fs::write(&self.config, config)?;
        self.ctl_json(&["apply"])
    }

    /// A container of that name, plugged into `network`.
    pub fn attached(&self, name: &str, network: &str) -> Result<Host> {
        let container = self.edge.container(name)?;
        self.attach(name, network)?;
        Ok(container)
    }

    pub fn attach(&self, name: &str, network: &str) -> Result<Value> {
        let netns = format!("/run/netns/{name}");
        self.ctl_json(&["attach", "--netns", &netns, "--name", name, "--network", network])
    }

    /// Where the router's addresses are.
    pub fn router(&self) -> Result<Host> {
        if self.edge.ip("netns list")?.lines().any(|line| line.split(' ').next() == Some("router")) {
            return self.edge.inside("router");
        }
        Ok(self.edge.clone())
    }

    /// What the kernel is told while `during` runs: every link, address, route and rule that is made, changed or removed.
    pub fn kernel_notices(&self, during: impl FnOnce() -> Result<()>) -> Result<String> {
        let mut places = vec![self.edge.clone()];
        if self.router()?.name() != self.edge.name() {
            places.push(self.router()?);
        }
        let mut monitors = Vec::new();
        for place in &places {
            let script = "stdbuf -oL ip monitor link address route & exec stdbuf -oL nft monitor";
            monitors.push(place.daemon(place.command("sh").args(["-c", script]))?);
        }
        // Changes of our own prove that the monitors hear, before and after.
        let canaries = |name: &str| -> Result<()> {
            for (place, monitor) in places.iter().zip(&monitors) {
                wait_until("the monitors", Duration::from_secs(60), || {
                    place.sh(&format!("ip link add {name} type dummy; ip link delete {name}"))?;
                    place.sh(&format!("nft add table inet {name}; nft delete table inet {name}"))?;
                    let log = monitor.log()?;
                    Ok(log.contains(&format!(" {name}: ")) && log.contains(&format!("add table inet {name}")))
                })?;
            }
            Ok(())
        };
        canaries("canary1")?;
        during()?;
        canaries("canary2")?;
        let mut notices = String::new();
        for monitor in &monitors {
            notices.extend(monitor.log()?.lines().filter(|line| !line.trim().is_empty()).map(|line| format!("{line}\n")));
        }
        Ok(without_canary(&notices))
    }
}

/// The canary's own notices: its lines, and what stands indented below them. And what a bridge tells of its ports by itself, when a
/// timer of its multicast snooping runs out: such a notice has no link group, which every notice of a write has.
fn without_canary(notices: &str) -> String {
    let mut kept = String::new();
    let mut canary = false;
    for line in notices.lines() {
        if !line.starts_with(' ') {
            let timer = line.contains(" master ") && !line.contains(" group ");
            canary = timer || line.contains("canary") || line.starts_with("# new generation");
        }
        if !canary {
            kept += line;
            kept.push('\n');
        }
    }
    kept
}

/// `ensure!` with both sides shown.
pub fn same<T: PartialEq + std::fmt::Debug>(found: T, wanted: T) -> Result<()> {
    ensure!(found == wanted, "found {found:#?}, wanted {wanted:#?}");
    Ok(())
}
