//! The article's table against the booted card image: its trunk and its uplink are cables to this machine (the lab VM), where the
//! devices, the switch and the Internet are. Run by `scripts/image-fire-truck`, which has applied the configuration on the box.
//!
//! The box is driven by ssh from device1, through the trunk, as `ssh-from` allows. What is in there is counted by the kernel's own
//! ICMP counters (`/proc/net/snmp`) in the namespace in question: an echo that was not let in is not in them.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test ends where it fails")]

use anyhow::{Context, Result, ensure};
use edge_lab::{Client, Host, Lab, wait_until};
use std::{env, path::Path, process::Stdio, time::Duration};

const TABLE: &str = include_str!("../../lab/scenarios/fire-truck/expect.csv");
const ROUTER: &str = "/run/netns/router";

#[test]
fn twenty_eight_pings_against_the_booted_image() {
    let lab = Lab::new().unwrap();
    let bench = Bench::new(&lab).unwrap();
    let mut wrong = Vec::new();
    let rows: Vec<Vec<&str>> = TABLE.lines().skip(1).map(|line| line.split(',').collect()).collect();
    assert_eq!(rows.len(), 28);
    for row in rows {
        let outcome = bench.try_row(row[0], row[1], row[2] == "yes");
        println!("{} {:12} {:12} {:4} {}", if outcome.is_ok() { "ok   " } else { "WRONG" }, row[0], row[1], row[2], row[3]);
        if let Err(error) = outcome {
            wrong.push(format!("{row:?}: {error:#}"));
        }
    }
    println!("{}", bench.on_box("routerctl status").unwrap());
    assert!(wrong.is_empty(), "{} of 28 rows are wrong:\n{}", wrong.len(), wrong.join("\n"));
    println!("28 of 28 rows right");
}

struct Bench {
    device1: Host,
    device2: Host,
    internet: Host,
    key: String,
    control: tempfile::TempDir,
    container1: String,
    container2: String,
}

/// Where packets of a name in the table start or end.
enum Place<'a> {
    Here(&'a Host),
    /// A network namespace on the box, by its file.
    Box(&'a str),
}

impl Bench {
    fn new(lab: &Lab) -> Result<Self> {
        let key = env::var("EDGE_BOX_KEY").context("EDGE_BOX_KEY must name the ssh key; run scripts/image-fire-truck")?;
        let switch = lab.switch("switch")?;
        take(switch.host(), "eth0")?;
        let internet = lab.host("internet")?;
        take(&internet, "eth1")?;
        internet.sh("ip address add 192.168.50.1/24 dev eth1; ip address add 8.8.8.8/32 dev lo")?;
        let (device1, device2) = (lab.host("device1")?, lab.host("device2")?);
        switch.access(1, &device1, "eth0", "02:00:00:00:01:05")?;
        switch.access(2, &device2, "eth0", "02:00:00:00:02:05")?;
        // The switch has its bridge since its first port.
        switch.host().sh("ip link set eth0 master switch; bridge vlan add dev eth0 vid 1; bridge vlan add dev eth0 vid 2")?;
        let (container1, container2) = (String::new(), String::new());
        let mut bench = Self { device1, device2, internet, key, control: tempfile::tempdir()?, container1, container2 };
        ensure!(bench.device1.dhcp(Client::Udhcpc, "eth0")?.address.octets() == [10, 0, 1, 5]);
        ensure!(bench.device2.dhcp(Client::Dhcpcd, "eth0")?.address.octets() == [10, 0, 2, 5]);
        wait_until("ssh to the box", Duration::from_secs(60), || Ok(bench.on_box("true").is_ok()))?;
        bench.container1 = bench.attach("container1", "vehicle")?;
        bench.container2 = bench.attach("container2", "equipment")?;
        Ok(bench)
    }

    /// One connection for all commands: a login takes a second under emulation.
    fn on_box(&self, command: &str) -> Result<String> {
        let control = format!("ControlPath={}/ssh", self.control.path().display());
        let options = ["BatchMode=yes", "StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "LogLevel=ERROR"];
        let more = ["ControlMaster=auto", "ControlPersist=600", "ConnectTimeout=10", "IdentitiesOnly=yes", &control];
        let mut ssh = self.device1.command("ssh");
        ssh.arg("-i").arg(Path::new(&self.key)).args(options.iter().chain(&more).flat_map(|option| ["-o", option]));
        // The connection that stays must not keep our pipes.
        let output = ssh.arg("root@10.0.1.3").arg(command).stdin(Stdio::null()).stderr(Stdio::null()).output()?;
        ensure!(output.status.success(), "on the box: {command}: {}", output.status);
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// A process that has nothing but a network namespace of its own, plugged in as a container is.
    fn attach(&self, name: &str, network: &str) -> Result<String> {
        let pid = self.on_box("unshare -n sleep 100000 >/dev/null 2>&1 & echo $!")?;
        let netns = format!("/proc/{}/ns/net", pid.trim());
        // The shell says the number before the namespace is made.
        let made = format!("until [ \"$(readlink {netns})\" != \"$(readlink /proc/self/ns/net)\" ]; do sleep 1; done");
        self.on_box(&format!("{made}; routerctl attach --netns {netns} --name {name} --network {network}"))?;
        Ok(netns)
    }

    fn place(&self, name: &str) -> Place<'_> {
        match name {
            "device1" => Place::Here(&self.device1),
            "device2" => Place::Here(&self.device2),
            "container1" => Place::Box(&self.container1),
            "container2" => Place::Box(&self.container2),
            "8.8.8.8" => Place::Here(&self.internet),
            _ => Place::Box(ROUTER),
        }
    }

    fn run(&self, place: &Place, command: &str) -> Result<String> {
        match place {
            Place::Here(host) => host.sh(command),
            Place::Box(netns) => self.on_box(&format!("nsenter --net={netns} sh -c '{command}'")),
        }
    }

    /// Echo requests sent and received in the place's namespace.
    fn echoes(&self, place: &Place) -> Result<(u64, u64)> {
        let text = self.run(place, "cat /proc/thread-self/net/snmp")?;
        let mut lines = text.lines().filter(|line| line.starts_with("Icmp:")).map(|line| line.split(' '));
        let (names, values) = (lines.next().context("no Icmp line")?, lines.next().context("no Icmp values")?);
        let columns: Vec<(&str, &str)> = names.zip(values).collect();
        let column = |name: &str| columns.iter().find(|(column, _)| *column == name).and_then(|(_, value)| value.parse().ok());
        Ok((column("OutEchos").context("OutEchos")?, column("InEchos").context("InEchos")?))
    }

    fn try_row(&self, source: &str, target: &str, reachable: bool) -> Result<()> {
        let address = match target {
            "device1" => "10.0.1.5",
            "container1" => "10.0.1.4",
            "device2" => "10.0.2.5",
            "container2" => "10.0.2.4",
            address => address,
        };
        let (from, to) = (self.place(source), self.place(target));
        let (sent_before, _) = self.echoes(&from)?;
        let (_, received_before) = self.echoes(&to)?;
        let answered = self.run(&from, &format!("ping -c 3 -W 1 {address} >/dev/null && echo yes || echo no"))?.trim() == "yes";
        let (sent, _) = self.echoes(&from)?;
        let (_, received) = self.echoes(&to)?;
        ensure!(sent > sent_before, "the sender sent nothing");
        let arrived = received > received_before;
        ensure!((answered, arrived) == (reachable, reachable), "answered: {answered}, arrived at the target: {arrived}");
        Ok(())
    }
}

/// A card of the machine itself goes into a test machine, by way of a process that lives there.
fn take(host: &Host, device: &str) -> Result<()> {
    let resident = host.daemon(host.command("sleep").arg("60"))?;
    let moved = std::process::Command::new("ip").args(["link", "set", device, "netns", &resident.pid().to_string()]).status()?;
    ensure!(moved.success(), "{device} is not here: is this the lab VM, with two cables?");
    host.ip(&format!("link set {device} up")).map(drop)
}
