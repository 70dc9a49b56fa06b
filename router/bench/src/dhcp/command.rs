//! How each server is asked for its version and started; what its file says is the same for all.

use crate::{
    peers::{Peers, Root, Suite},
    server::Server,
};
use anyhow::Result;
use edge_lab::Host;
use std::{
    env,
    ffi::OsString,
    fs::{self, Permissions},
    io,
    net::Ipv4Addr,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
};

/// In a subnet of 10.64.0.0/12: room for 260,000 clients.
pub const SUBNET: &str = "10.64.0.1/12";
const FROM: &str = "10.64.1.0";
const TO: &str = "10.67.254.255";
const LEASE: u32 = 43_200;
/// The server's address, and that of the relay agent among the clients.
pub const ROUTER: Ipv4Addr = Ipv4Addr::new(10, 64, 0, 1);
pub const RELAY: Ipv4Addr = Ipv4Addr::new(10, 64, 0, 2);

/// What prints the server's version, where it has one.
pub fn version(server: Server, peers: &Peers) -> Result<Option<Command>> {
    let (mut command, argument) = match server {
        Server::Ours { .. } => (Command::new(ours()?), "--version"),
        Server::Kea { suite, .. } => (peers.of(suite).command_here("kea-dhcp4"), "-v"),
        Server::Dnsmasq { suite, .. } => (peers.of(suite).command_here("dnsmasq"), "--version"),
        Server::Isc { .. } => (peers.of(Suite::Old).command_here("dhcpd"), "--version"),
        Server::Udhcpd => (Command::new("busybox"), "--help"),
        Server::Echo => return Ok(None),
    };
    command.arg(argument);
    Ok(Some(command))
}

/// The server at work on `edge`, its files in `directory`.
pub fn serve(server: Server, edge: &Host, peers: &Peers, directory: &Path) -> Result<Command> {
    let start = Start { edge, directory };
    Ok(match server {
        Server::Ours { probe } => start.ours(probe)?,
        Server::Kea { suite, threads } => start.kea(peers.of(suite), threads)?,
        Server::Dnsmasq { suite, ping } => start.dnsmasq(peers.of(suite), ping),
        Server::Isc { sync } => start.isc(peers.of(Suite::Old), sync)?,
        Server::Udhcpd => start.udhcpd()?,
        Server::Echo => start.echo()?,
    })
}

fn ours() -> io::Result<PathBuf> {
    Ok(env::current_exe()?.with_file_name("edge-router"))
}

struct Start<'a> {
    edge: &'a Host,
    directory: &'a Path,
}

impl Start<'_> {
    fn here(&self, name: &str) -> String {
        self.directory.join(name).display().to_string()
    }

    fn write(&self, name: &str, text: &str) -> io::Result<()> {
        fs::write(self.directory.join(name), text)
    }

    fn ours(&self, probe: bool) -> io::Result<Command> {
        let range = format!("from = \"{FROM}\", to = \"{TO}\", lease = \"12h\"");
        let dhcp = format!("{{ {range}, probe = {probe}, relays = [\"{RELAY}\"] }}");
        let network = format!("name = \"lan\"\nports = [\"srv0\"]\naddress = \"{SUBNET}\"\ndhcp = {dhcp}\n");
        self.write("edge-router.toml", &format!("[[network]]\n{network}"))?;
        let mut command = self.edge.command(ours()?);
        command.args(["daemon", "--config", &self.here("edge-router.toml")]);
        command.args(["--state-dir", &self.here("state"), "--run-dir", &self.here("run")]);
        command.env("RUST_LOG", "warn");
        Ok(command)
    }

    fn kea(&self, root: &Root, threads: u32) -> io::Result<Command> {
        let threading = format!("\"enable-multi-threading\": {}, \"thread-pool-size\": {threads}", threads > 1);
        let config = format!(
            "{{ \"Dhcp4\": {{ \"interfaces-config\": {{ \"interfaces\": [\"br-lan\"], \"dhcp-socket-type\": \"raw\" }},
             \"multi-threading\": {{ {threading} }}, \"valid-lifetime\": {LEASE}, \"authoritative\": true,
             \"lease-database\": {{ \"type\": \"memfile\", \"persist\": true, \"name\": \"{}\" }},
             \"loggers\": [{{ \"name\": \"kea-dhcp4\", \"severity\": \"WARN\", \"output_options\": [{{ \"output\": \"stdout\" }}] }}],
             \"subnet4\": [{{ \"id\": 1, \"subnet\": \"10.64.0.0/12\", \"pools\": [{{ \"pool\": \"{FROM} - {TO}\" }}],
             \"option-data\": [{{ \"name\": \"routers\", \"data\": \"10.64.0.1\" }}] }}] }} }}",
            self.here("leases.csv")
        );
        self.write("kea.json", &config)?;
        self.script("kea-lfc", root.line("kea-lfc"))?;
        let mut command = root.command(self.edge, "kea-dhcp4");
        command.args(["-c", &self.here("kea.json")]);
        command.env("KEA_PIDFILE_DIR", self.directory).env("KEA_LOCKFILE_DIR", self.directory);
        // Kea 3 keeps leases nowhere else.
        command.env("KEA_DHCP_DATA_DIR", self.directory);
        // It starts this from time to time, and does not start itself without.
        command.env("KEA_LFC_EXECUTABLE", self.here("kea-lfc"));
        Ok(command)
    }

    /// An executable that is those words, with the arguments it is given.
    fn script(&self, name: &str, words: [OsString; 4]) -> io::Result<()> {
        let words = words.map(|word| format!("'{}'", word.display()));
        self.write(name, &format!("#!/bin/sh\nexec {} \"$@\"\n", words.join(" ")))?;
        fs::set_permissions(self.directory.join(name), Permissions::from_mode(0o755))
    }

    fn dnsmasq(&self, root: &Root, ping: bool) -> Command {
        let mut command = root.command(self.edge, "dnsmasq");
        command.args(["--keep-in-foreground", "--port=0", "--conf-file=/dev/null", "--interface=br-lan", "--user=root"]);
        command.args(["--quiet-dhcp", "--dhcp-authoritative", "--dhcp-lease-max=1000000", "--log-facility=-", "--pid-file="]);
        command.arg(format!("--dhcp-leasefile={}", self.here("leases")));
        command.arg(format!("--dhcp-range={FROM},{TO},255.240.0.0,{LEASE}"));
        command.args((!ping).then_some("--no-ping"));
        command
    }

    fn isc(&self, root: &Root, sync: bool) -> io::Result<Command> {
        let fast = if sync { "" } else { "dont-use-fsync true; ping-check false;" };
        let config = format!(
            "authoritative; default-lease-time {LEASE}; max-lease-time {LEASE}; {fast}
             subnet 10.64.0.0 netmask 255.240.0.0 {{ range {FROM} {TO}; option routers 10.64.0.1; }}"
        );
        self.write("dhcpd.conf", &config)?;
        self.write("leases", "")?;
        let mut command = root.command(self.edge, "dhcpd");
        let (config, leases, pid) = (self.here("dhcpd.conf"), self.here("leases"), self.here("pid"));
        command.args(["-4", "-f", "-q", "-cf", &config, "-lf", &leases, "-pf", &pid, "br-lan"]);
        Ok(command)
    }

    fn udhcpd(&self) -> io::Result<Command> {
        let config = format!(
            "start {FROM}\nend {TO}\ninterface br-lan\nmax_leases 260000\nlease_file {}\npidfile {}\n\
             option subnet 255.240.0.0\noption router 10.64.0.1\noption lease {LEASE}\n",
            self.here("leases"),
            self.here("pid")
        );
        self.write("udhcpd.conf", &config)?;
        self.write("leases", "")?;
        let mut command = self.edge.command("busybox");
        command.args(["udhcpd", "-f", &self.here("udhcpd.conf")]);
        Ok(command)
    }

    fn echo(&self) -> io::Result<Command> {
        let mut command = self.edge.command(env::current_exe()?);
        command.args(["echo", "br-lan"]);
        Ok(command)
    }
}
