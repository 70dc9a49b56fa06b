//! DHCP as the daemon and its ruleset make it: a network we serve, beside one whose addresses come from a server in the first.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test ends where it fails")]

mod truck;

use anyhow::{Context, Result, bail, ensure};
use edge_lab::{Client, Daemon, Host, same, wait_until};
use serde_json::Value;
use std::{fs, net::Ipv4Addr, os::unix::fs::PermissionsExt, path::Path, time::Duration};
use truck::Truck;

const CONFIG: &str = r#"
[[network]]
name = "cabin"
ports = ["eth1"]
address = "10.0.1.1/24"
dhcp = { relay-to = "10.0.2.9" }

[[network]]
name = "hold"
ports = ["eth2"]
address = "10.0.2.1/24"
dhcp = { from = "10.0.2.100", to = "10.0.2.109" }

[[host]]
name = "server"
network = "hold"
mac = "02:00:00:00:02:09"
address = "10.0.2.9"
"#;

/// udhcpc opens its socket after it has sent a renewal: an answer that is quicker is lost, and it broadcasts. So often it may be unlucky.
const RENEWALS: usize = 10;

#[test]
fn a_network_is_served_and_another_relayed_by_the_host() {
    served_and_relayed("").unwrap();
}

#[test]
fn a_network_is_served_and_another_relayed_by_the_namespace() {
    served_and_relayed("[router]\nnamespace = \"router\"\n").unwrap();
}

fn served_and_relayed(place: &str) -> Result<()> {
    let mut truck = Truck::without_trunk()?;
    let (device, server) = (truck.lab.host("device")?, truck.lab.host("server")?);
    truck.lab.wire(&truck.edge, "eth1", &device, "eth0")?;
    truck.lab.wire(&truck.edge, "eth2", &server, "eth0")?;
    server.ip("link set eth0 address 02:00:00:00:02:09")?;
    truck.start(&format!("{place}{CONFIG}"))?;

    // Ours: who is reserved gets its address, and who knocks with what only relay agents send gets none.
    let lease = server.dhcp(Client::Udhcpc, "eth0")?;
    same((lease.address, lease.server), (Ipv4Addr::new(10, 0, 2, 9), Ipv4Addr::new(10, 0, 2, 1)))?;
    server
        .run("busybox", ["udhcpc", "-n", "-q", "-t", "1", "-T", "1", "-x", "82:0101ff", "-i", "eth0", "-s", "/bin/true"])
        .unwrap_err();
    // A client that is in a hurry asks more than once.
    let hold = counters(&truck, "hold")?;
    let counted = |name: &str| hold[name].as_u64().unwrap_or(0);
    ensure!(["discovers", "offers", "requests", "acks"].iter().all(|name| counted(name) > 0), "{hold}");
    let drops = hold["drops"].as_object().context("no drops")?;
    ensure!(counted("relayed") == 0 && drops.len() == 1 && drops.contains_key("relay-options"), "{hold}");

    // Theirs: its messages go there and back; it is to renew through us as well (RFC 5107), and does.
    let directory = tempfile::tempdir()?;
    let dnsmasq = dnsmasq(&server, directory.path())?;
    let script = directory.path().join("script");
    fs::write(&script, "#!/bin/sh\n[ $1 != bound ] || ip address replace $ip/24 dev $interface\n")?;
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755))?;
    let mut udhcpc = device.command("busybox");
    udhcpc.args(["udhcpc", "-f", "-t", "10", "-T", "3", "-i", "eth0", "-s"]).arg(script);
    let client = device.daemon(&mut udhcpc)?;
    let obtained = "lease of 10.0.1.150 obtained from 10.0.1.1";
    let told = || format!("{}\n{}\n{}", client.log().unwrap_or_default(), dnsmasq.log().unwrap_or_default(), truck.log());
    wait_until("a relayed lease", Duration::from_secs(90), || Ok(client.log()?.contains(obtained))).with_context(told)?;
    ensure!(relayed(&truck)? >= 4, "{}", told());
    for _ in 0..RENEWALS {
        let (before, leases) = (relayed(&truck)?, client.log()?.matches(obtained).count());
        let broadcasts = client.log()?.matches("broadcasting renew").count();
        client.signal(nix::sys::signal::Signal::SIGUSR1)?;
        let is_renewed = || Ok(client.log()?.matches(obtained).count() > leases);
        wait_until("its renewal", Duration::from_secs(90), is_renewed).with_context(told)?;
        let renewal = relayed(&truck)? - before;
        ensure!(renewal >= 2, "{renewal} messages: {}", told());
        if client.log()?.matches("broadcasting renew").count() == broadcasts {
            return Ok(());
        }
    }
    bail!("no renewal was answered at once: {}", told())
}

fn relayed(truck: &Truck) -> Result<u64> {
    counters(truck, "cabin")?["relayed"].as_u64().context("a number")
}

fn counters(truck: &Truck, network: &str) -> Result<Value> {
    let status = truck.ctl_json(&["status"])?;
    let networks = status["networks"].as_array().cloned().unwrap_or_default();
    let row = networks.into_iter().find(|row| row["name"] == network);
    Ok(row.with_context(|| format!("no {network} in {status}"))?["dhcp"].take())
}

/// One address for the network behind the agent.
fn dnsmasq(server: &Host, directory: &Path) -> Result<Daemon> {
    let file = directory.join("dnsmasq.conf");
    let leases = directory.join("leases");
    let text = format!(
        "port=0\nlog-facility=-\nlog-dhcp\nuser=root\ninterface=eth0\nbind-interfaces\nno-ping\npid-file=\ndhcp-leasefile={}\n\
         dhcp-range=10.0.1.150,10.0.1.150,255.255.255.0,3600\n",
        leases.display()
    );
    fs::write(&file, text)?;
    let mut command = server.command("dnsmasq");
    let daemon = server.daemon(command.arg("--keep-in-foreground").arg(format!("--conf-file={}", file.display())))?;
    wait_until("dnsmasq", Duration::from_secs(60), || Ok(daemon.log()?.contains("IP range")))?;
    Ok(daemon)
}
