//! The servers under test, each with the same bridge, subnet and pool, in a namespace of its own and with its state on the disk.

use anyhow::{Context, Result, bail};
use edge_lab::{Daemon, Host, Lab};
use nix::{
    sched::{CpuSet, sched_setaffinity},
    unistd::Pid,
};
use std::{
    env, fs,
    net::Ipv4Addr,
    os::unix::{fs::MetadataExt, process::CommandExt},
    path::{Path, PathBuf},
    process::Command,
    thread::sleep,
    time::Duration,
};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Server {
    Ours { probe: bool },
    Kea { threads: u32 },
    Dnsmasq { ping: bool },
    Isc { sync: bool },
    Udhcpd,
    Echo,
}

/// In a subnet of 10.64.0.0/12: room for 260,000 clients.
const SUBNET: &str = "10.64.0.1/12";
const FROM: &str = "10.64.1.0";
const TO: &str = "10.67.254.255";
const LEASE: u32 = 43_200;
/// The server's address, and that of the relay agent among the clients.
pub const ROUTER: Ipv4Addr = Ipv4Addr::new(10, 64, 0, 1);
pub const RELAY: Ipv4Addr = Ipv4Addr::new(10, 64, 0, 2);

impl Server {
    pub const ALL: [Self; 10] = [
        Self::Ours { probe: false },
        Self::Ours { probe: true },
        Self::Echo,
        Self::Kea { threads: 1 },
        Self::Kea { threads: 2 },
        Self::Dnsmasq { ping: false },
        Self::Dnsmasq { ping: true },
        Self::Isc { sync: false },
        Self::Isc { sync: true },
        Self::Udhcpd,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Ours { probe: false } => "edge-router",
            Self::Ours { probe: true } => "edge-router, ARP probe",
            Self::Kea { threads: 1 } => "Kea 2.2 memfile",
            Self::Kea { .. } => "Kea 2.2, 2 threads",
            Self::Isc { sync: true } => "ISC dhcpd",
            Self::Isc { sync: false } => "ISC dhcpd, no fsync",
            Self::Dnsmasq { ping: true } => "dnsmasq",
            Self::Dnsmasq { ping: false } => "dnsmasq --no-ping",
            Self::Udhcpd => "udhcpd",
            Self::Echo => "echo (the limit)",
        }
    }

    /// Those that answer a relay agent, each as fast as it goes: udhcpd answers none, and echo does not look.
    pub fn serves_relays(self) -> bool {
        matches!(self, Self::Ours { probe: false } | Self::Kea { .. } | Self::Dnsmasq { ping: false } | Self::Isc { .. })
    }

    /// Whether an ACK means that the lease outlives a power cut.
    pub fn durability(self) -> &'static str {
        match self {
            Self::Ours { .. } | Self::Isc { sync: true } => "yes",
            Self::Echo => "-",
            _ => "no",
        }
    }
}

/// A server at work, with a cable for clients.
pub struct Running {
    pub clients: Host,
    pub daemon: Daemon,
    directory: PathBuf,
    // Last, as its end stops what still runs on its hosts.
    _lab: Lab,
}

impl Running {
    /// `peers`: where the peers' packages are unpacked; `work`: a directory on a disk.
    pub fn start(server: Server, peers: &Path, work: &Path) -> Result<Self> {
        let lab = Lab::new()?;
        let (edge, clients) = (lab.host("edge")?, lab.host("clients")?);
        lab.wire(&edge, "srv0", &clients, "cli0")?;
        let directory = work.join(format!("{server:?}").replace(|c: char| !c.is_alphanumeric(), "-"));
        let _ = fs::remove_dir_all(&directory);
        fs::create_dir_all(&directory)?;
        if !matches!(server, Server::Ours { .. }) {
            edge.ip("link add br-lan type bridge")?;
            edge.ip("link set srv0 master br-lan")?;
            edge.ip("link set br-lan up")?;
            edge.ip(&format!("address add {SUBNET} dev br-lan"))?;
        }
        let mut command = command(server, &edge, peers, &directory)?;
        // The generator has the other one to itself.
        // SAFETY: one system call between fork and exec.
        unsafe { command.pre_exec(|| pin(1).map_err(Into::into)) };
        let daemon = edge.daemon(&mut command)?;
        // The bridge's port learns nothing for as long as it has no carrier; a server reads its state.
        sleep(Duration::from_millis(700));
        let mut running = Self { clients, daemon, directory, _lab: lab };
        if let Some(status) = running.daemon.ended()? {
            bail!("{} ended, {status}:\n{}", server.name(), running.daemon.log()?);
        }
        Ok(running)
    }

    /// CPU time used so far, all threads, user and system.
    pub fn cpu(&self) -> Result<Duration> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.daemon.pid()))?;
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
        let ticks: u64 = [11, 12].iter().filter_map(|at| fields.get(*at)?.parse::<u64>().ok()).sum();
        Ok(Duration::from_millis(ticks * 10))
    }

    /// Bytes the disk with the state was given so far, by everybody on this machine: what the kernel counts for one process
    /// (write_bytes, proc_pid_io(5)) is whole folios, up to 2 MiB for a block of 4 KiB.
    pub fn written(&self) -> Result<u64> {
        let device = fs::metadata(&self.directory)?.dev();
        let (major, minor) = (nix::sys::stat::major(device), nix::sys::stat::minor(device));
        // Documentation/block/stat.rst: the seventh is sectors of 512 bytes written.
        let stat = fs::read_to_string(format!("/sys/dev/block/{major}:{minor}/stat")).context("the state is on no disk")?;
        let sectors: u64 = stat.split_whitespace().nth(6).context("no such field")?.parse()?;
        Ok(sectors * 512)
    }

    /// Resident memory in kB.
    pub fn memory(&self) -> Result<u64> {
        self.number("status", "VmRSS:")
    }

    fn number(&self, file: &str, key: &str) -> Result<u64> {
        let text = fs::read_to_string(format!("/proc/{}/{file}", self.daemon.pid()))?;
        let line = text.lines().find_map(|line| line.strip_prefix(key)).context("no such line")?;
        Ok(line.split_whitespace().next().unwrap_or_default().parse()?)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.directory);
    }
}

/// Binds the calling thread to one CPU, where there are two.
pub fn pin(cpu: usize) -> nix::Result<()> {
    let mut set = CpuSet::new();
    set.set(cpu)?;
    sched_setaffinity(Pid::from_raw(0), &set)
}

fn command(server: Server, edge: &Host, peers: &Path, directory: &Path) -> Result<Command> {
    let here = |name: &str| directory.join(name).display().to_string();
    let peer = |program: &str| {
        let mut command = edge.command(peers.join(program));
        command.env("LD_LIBRARY_PATH", peers.join("usr/lib/x86_64-linux-gnu"));
        command
    };
    let write = |name: &str, text: String| fs::write(directory.join(name), text);
    Ok(match server {
        Server::Ours { probe } => {
            let range = format!("from = \"{FROM}\", to = \"{TO}\", lease = \"12h\"");
            let dhcp = format!("{{ {range}, probe = {probe}, relays = [\"{RELAY}\"] }}");
            let network = format!("name = \"lan\"\nports = [\"srv0\"]\naddress = \"{SUBNET}\"\ndhcp = {dhcp}\n");
            write("edge-router.toml", format!("[[network]]\n{network}"))?;
            let mut command = edge.command(env::current_exe()?.with_file_name("../edge-router"));
            command.args([
                "daemon",
                "--config",
                &here("edge-router.toml"),
                "--state-dir",
                &here("state"),
                "--run-dir",
                &here("run"),
            ]);
            command.env("RUST_LOG", "warn");
            command
        }
        Server::Kea { threads } => {
            let threading = format!("\"enable-multi-threading\": {}, \"thread-pool-size\": {threads}", threads > 1);
            let config = format!(
                "{{ \"Dhcp4\": {{ \"interfaces-config\": {{ \"interfaces\": [\"br-lan\"], \"dhcp-socket-type\": \"raw\" }},
                 \"multi-threading\": {{ {threading} }}, \"valid-lifetime\": {LEASE}, \"authoritative\": true,
                 \"lease-database\": {{ \"type\": \"memfile\", \"persist\": true, \"name\": \"{}\" }},
                 \"loggers\": [{{ \"name\": \"kea-dhcp4\", \"severity\": \"WARN\", \"output_options\": [{{ \"output\": \"stdout\" }}] }}],
                 \"subnet4\": [{{ \"subnet\": \"10.64.0.0/12\", \"pools\": [{{ \"pool\": \"{FROM} - {TO}\" }}],
                 \"option-data\": [{{ \"name\": \"routers\", \"data\": \"10.64.0.1\" }}] }}] }} }}",
                here("leases.csv")
            );
            write("kea.json", config)?;
            let mut command = peer("usr/sbin/kea-dhcp4");
            command.args(["-c", &here("kea.json")]).env("KEA_PIDFILE_DIR", directory).env("KEA_LOCKFILE_DIR", directory);
            // It starts this from time to time, and does not start itself without.
            command.env("KEA_LFC_EXECUTABLE", peers.join("usr/sbin/kea-lfc"));
            command
        }
        Server::Dnsmasq { ping } => {
            let mut command = peer("usr/sbin/dnsmasq");
            command.args(["--keep-in-foreground", "--port=0", "--conf-file=/dev/null", "--interface=br-lan", "--user=root"]);
            command.args(["--quiet-dhcp", "--dhcp-authoritative", "--dhcp-lease-max=1000000", "--log-facility=-", "--pid-file="]);
            command.arg(format!("--dhcp-leasefile={}", here("leases")));
            command.arg(format!("--dhcp-range={FROM},{TO},255.240.0.0,{LEASE}"));
            command.args((!ping).then_some("--no-ping"));
            command
        }
        Server::Isc { sync } => {
            let fast = if sync { "" } else { "dont-use-fsync true; ping-check false;" };
            let config = format!(
                "authoritative; default-lease-time {LEASE}; max-lease-time {LEASE}; {fast}
                 subnet 10.64.0.0 netmask 255.240.0.0 {{ range {FROM} {TO}; option routers 10.64.0.1; }}"
            );
            write("dhcpd.conf", config)?;
            write("leases", String::new())?;
            let mut command = peer("usr/sbin/dhcpd");
            command.args(["-4", "-f", "-q", "-cf", &here("dhcpd.conf"), "-lf", &here("leases"), "-pf", &here("pid"), "br-lan"]);
            command
        }
        Server::Udhcpd => {
            let config = format!(
                "start {FROM}\nend {TO}\ninterface br-lan\nmax_leases 260000\nlease_file {}\npidfile {}\n\
                 option subnet 255.240.0.0\noption router 10.64.0.1\noption lease {LEASE}\n",
                here("leases"),
                here("pid")
            );
            write("udhcpd.conf", config)?;
            write("leases", String::new())?;
            let mut command = edge.command("busybox");
            command.args(["udhcpd", "-f", &here("udhcpd.conf")]);
            command
        }
        Server::Echo => {
            let mut command = edge.command(env::current_exe()?);
            command.args(["echo", "br-lan"]);
            command
        }
    })
}
