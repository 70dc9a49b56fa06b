//! A box on a machine of its own whose power can be cut: network cards, a disk that forgets what was not synced, and containers.
//! Needs nothing that any kernel lacks, so these tests run without the lab VM.

#![allow(dead_code, reason = "each test uses its part")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test ends where it fails")]

pub mod snapshot;

use anyhow::{Context, Result, ensure};
use edge_api::{ConfigRequest, Status};
use edge_control::{Client, ClientError};
use edge_lab::{Daemon, Host, Lab, wait_until};
use std::{fs, path::PathBuf, time::Duration};

pub const PROGRAM: &str = env!("CARGO_BIN_EXE_edge-router");
/// Where the box keeps its state: a file system on [`Rig::disk`].
const STATE: &str = "/var/lib/edge-router";

pub struct Rig {
    pub lab: Lab,
    pub edge: Host,
    cards: Vec<&'static str>,
    containers: Vec<Container>,
    directory: tempfile::TempDir,
    daemon: Option<Daemon>,
    boots: u32,
    disk: Disk,
    orders: u32,
    runtime: tokio::runtime::Runtime,
}

/// Where the box keeps its state.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Disk {
    /// A file system that forgets what was not synced when the power goes; needs loop devices and ext4.
    Real,
    /// Memory; the power cannot be cut.
    Memory,
}

struct Container {
    name: &'static str,
    network: &'static str,
    host: Host,
}

impl Rig {
    /// Switched on, with these network cards, each cabled to a machine of the card's name with an `x` before it (a name in `/run/netns`
    /// of the box, so that it goes with it). The daemon does not run yet.
    pub fn new(cards: &[&'static str], disk: Disk) -> Result<Self> {
        let lab = Lab::new()?;
        let edge = lab.host("edge")?;
        let directory = tempfile::tempdir()?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (daemon, containers, cards) = (None, Vec::new(), cards.to_vec());
        let mut rig = Self { lab, edge, cards, containers, directory, daemon, boots: 0, disk, orders: 0, runtime };
        let file = rig.disk_file().display().to_string();
        rig.edge.sh(&format!("truncate -s 16M {file}; mkfs.ext4 -q {file}"))?;
        rig.plug_in()?;
        Ok(rig)
    }

    fn disk_file(&self) -> PathBuf {
        self.directory.path().join("disk")
    }

    pub fn config(&self) -> PathBuf {
        self.directory.path().join("edge-router.toml")
    }

    fn run_dir(&self) -> PathBuf {
        self.directory.path().join("run")
    }

    /// Cards, disk and the id of this boot.
    fn plug_in(&mut self) -> Result<()> {
        self.boots += 1;
        let boot_id = self.directory.path().join("boot-id");
        fs::write(&boot_id, format!("00000000-0000-4000-8000-{:012x}\n", self.boots))?;
        let mut script = String::new();
        for card in &self.cards {
            script += &format!("ip netns add x{card}; ip link add {card} type veth peer name eth0 netns x{card}; ");
            script += &format!("ip link set {card} up; ip -n x{card} link set eth0 up; ");
        }
        script += &format!("mount --bind {} /proc/sys/kernel/random/boot_id; ", boot_id.display());
        script += &format!("mkdir -p {STATE}; ");
        if self.disk == Disk::Real {
            script += &format!("mount -o loop {} {STATE}", self.disk_file().display());
        }
        self.edge.sh(&script).map(drop).context("a box needs loop devices and ext4")
    }

    /// The power goes: what was not synced, all processes and everything in the kernel are lost; and comes back.
    pub fn cut_power(&mut self) -> Result<()> {
        ensure!(self.disk == Disk::Real, "a disk in memory is lost with the power");
        let image = self.directory.path().join("image");
        // The loop device hands on what the file system has synced; the rest is in memory only.
        self.edge.run("cp", ["--sparse=always".as_ref(), self.disk_file().as_os_str(), image.as_os_str()])?;
        self.stop_daemon()?;
        let boot = |rig: &mut Self| -> Result<()> {
            rig.edge = rig.lab.host("edge")?;
            rig.plug_in()
        };
        self.edge.sh(&format!("umount {STATE}"))?;
        fs::rename(&image, self.disk_file())?;
        self.containers.clear();
        fs::remove_dir_all(self.run_dir())?;
        boot(self)
    }

    /// As the init system would.
    pub fn start(&mut self) -> Result<()> {
        let mut command = self.edge.command(PROGRAM);
        command
            .arg("daemon")
            .arg("--config")
            .arg(self.config())
            .args(["--state-dir", STATE])
            .arg("--run-dir")
            .arg(self.run_dir());
        command.env("EDGE_FAULTS", self.faults());
        self.daemon = Some(self.edge.daemon(&mut command)?);
        wait_until("the daemon's answer", Duration::from_secs(120), || {
            let daemon = self.daemon.as_mut().context("no daemon")?;
            ensure!(daemon.ended()?.is_none(), "the daemon ended:\n{}", daemon.log()?);
            Ok(self.status().is_ok())
        })
    }

    /// Kills it, when it runs.
    pub fn stop_daemon(&mut self) -> Result<()> {
        self.daemon.take().map_or(Ok(()), Daemon::kill)
    }

    /// Asks it to end.
    pub fn terminate(&mut self) -> Result<()> {
        let status = self.daemon.take().context("no daemon runs")?.stop()?;
        ensure!(status.success(), "the daemon ended with {status}");
        Ok(())
    }

    /// Whether it has ended by itself; then it can be started again.
    pub fn has_died(&mut self) -> Result<bool> {
        let died = self.daemon.as_mut().is_none_or(|daemon| daemon.ended().is_ok_and(|ended| ended.is_some()));
        if died {
            self.daemon = None;
        }
        Ok(died)
    }

    pub fn log(&self) -> String {
        self.daemon.as_ref().and_then(|daemon| daemon.log().ok()).unwrap_or_default()
    }

    pub fn client(&self) -> Client {
        Client::new(&self.run_dir())
    }

    pub fn wait<T>(&self, answer: impl Future<Output = T>) -> T {
        self.runtime.block_on(answer)
    }

    pub fn status(&self) -> Result<Status, ClientError> {
        self.wait(self.client().status())
    }

    /// Writes the file and applies it.
    pub fn apply(&self, config: &str) -> Result<Result<edge_api::ApplyReport, ClientError>> {
        fs::write(self.config(), config)?;
        Ok(self.wait(self.client().apply(&edge_api::ApplyRequest::default())))
    }

    /// Applies it where nothing is to fail, however long something else on the machine holds the kernel's lock.
    pub fn bring(&self, config: &str) -> Result<()> {
        let mut answer = self.apply(config)?;
        while is_late(&answer) {
            answer = self.apply(config)?;
        }
        answer?;
        Ok(())
    }

    /// What an apply of the file would do.
    pub fn plan(&self) -> Result<edge_api::PlanReport> {
        Ok(self.wait(self.client().plan(&ConfigRequest { config: None }))?)
    }

    /// The machine at the other end of a card's cable.
    pub fn beyond(&self, card: &str) -> Result<Host> {
        self.edge.inside(&format!("x{card}"))
    }

    pub fn attach(&mut self, name: &'static str, network: &'static str) -> Result<Host> {
        let host = self.edge.container(name)?;
        let netns = format!("/run/netns/{name}");
        let request =
            edge_api::AttachRequest { netns, name: name.to_owned(), network: network.to_owned(), ifname: "eth0".to_owned() };
        self.wait(self.client().attach(&request))?;
        self.containers.push(Container { name, network, host: host.clone() });
        Ok(host)
    }

    fn faults(&self) -> PathBuf {
        self.directory.path().join("faults")
    }

    /// From now on operation `number` meets this fault (`edge_kernel`'s feature `faults`).
    pub fn order_fault(&mut self, kind: &str, number: usize) -> Result<()> {
        self.orders += 1;
        Ok(fs::write(self.faults(), format!("{kind} {number} {}", self.orders))?)
    }

    /// Nothing fails any longer. Which operation met its fault, if one did.
    pub fn take_fault(&self) -> Result<Option<String>> {
        let _ = fs::remove_file(self.faults());
        let met = self.faults().with_extension("met");
        let op = fs::read_to_string(&met).ok();
        let _ = fs::remove_file(met);
        Ok(op)
    }

    /// Everything that is told from outside: every link, address, route and rule of the box, and the containers' addresses.
    pub fn snapshot(&self) -> Result<snapshot::Snapshot> {
        let mut places = vec![("host".to_owned(), self.edge.clone())];
        let list = self.edge.run("ls", ["/run/netns"])?;
        if list.lines().any(|name| name == "router") {
            places.push(("router".to_owned(), self.edge.inside("router")?));
        }
        places.extend(self.containers.iter().map(|one| (one.name.to_owned(), one.host.clone())));
        snapshot::take(&places)
    }
}

/// The answer came without an outcome; the daemon goes on with it.
pub fn is_late(answer: &Result<edge_api::ApplyReport, ClientError>) -> bool {
    answer.as_ref().is_err_and(|error| error.to_string().contains("the work goes on"))
}
