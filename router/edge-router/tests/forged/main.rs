//! Every way to forge a frame, from every side: what arrives anywhere is what the policy says. On any kernel: no VLANs here.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test ends where it fails")]

#[path = "../truck/mod.rs"]
mod truck;

use anyhow::{Context, Result, ensure};
use edge_lab::{Daemon, Host, same, wait_until};
use serde_json::json;
use std::{collections::BTreeSet, time::Duration};
use truck::Truck;

const SEND: &str = include_str!("send.py");
const HEAR: &str = include_str!("hear.py");

const CONFIG: &str = r#"
[system]
unnamed = "untouched"
[router]
# NAMESPACE
[[uplink]]
name = "wan"
device = "wlp3s0f0"
address = "192.168.50.2/24"
gateway = "192.168.50.1"
[[network]]
name = "cabin"
ports = ["eth1"]
address = "10.0.1.1/24"
[[network]]
name = "hold"
ports = ["eth2"]
address = "10.0.2.1/24"
[[allow]]
from = "cabin"
to = "wan"
[[allow]]
from = "cabin"
to = "hold"
protocol = "udp"
ports = [7777]
[[forward]]
uplink = "wan"
protocol = "udp"
port = 9999
to = "10.0.2.5:7777"
"#;

const KINDS: [&str; 8] = ["udp 7777", "udp 9999", "syn 22", "ack 80", "echo", "error", "source route", "fragment"];
/// Whose they are is in [`Attacker`]; the last five are nobody's.
const SOURCES: [&str; 14] = [
    "10.0.1.5",
    "10.0.1.77",
    "10.0.2.5",
    "10.0.1.1",
    "10.0.2.1",
    "192.168.50.2",
    "192.168.50.1",
    "8.8.8.8",
    "172.20.1.2",
    "172.20.1.1",
    "127.0.0.1",
    "0.0.0.0",
    "255.255.255.255",
    "224.0.0.1",
];
const TARGETS: [&str; 14] = [
    "10.0.1.5",
    "10.0.2.5",
    "10.0.1.1",
    "10.0.2.1",
    "192.168.50.2",
    "192.168.50.1",
    "8.8.8.8",
    "172.20.1.2",
    "172.20.1.1",
    "127.0.0.1",
    "10.0.1.255",
    "10.0.2.255",
    "255.255.255.255",
    "224.0.0.1",
];

struct Attacker {
    host: Host,
    name: &'static str,
    /// Of the box, where it is connected.
    router: String,
    first: usize,
}

#[derive(Debug, PartialEq, Eq)]
enum Fate {
    Nowhere,
    /// Some host hears it.
    Heard,
    /// The router itself takes it.
    Taken,
}

/// What the file says, in the words of this test.
fn fate(is_apart: bool, attacker: &str, [source, target, kind]: [&str; 3]) -> Fate {
    // Nobody may say which way, and a fragment is not all; to what is not ours to judge an error is a packet as any other.
    if ["source route", "fragment"].contains(&kind) || (kind == "error" && attacker != "unnamed") {
        return Fate::Nowhere;
    }
    match (attacker, source, target) {
        ("cabin", "10.0.1.5" | "10.0.1.77", "8.8.8.8" | "192.168.50.1") => Fate::Heard,
        // The router in its namespace knows of no other way there than out.
        ("cabin", "10.0.1.5" | "10.0.1.77", "172.20.1.1" | "172.20.1.2") if is_apart => Fate::Heard,
        ("cabin", "10.0.1.5" | "10.0.1.77", "10.0.2.5") if kind == "udp 7777" => Fate::Heard,
        ("cabin", "10.0.1.5" | "10.0.1.77", "10.0.1.1") if kind == "echo" => Fate::Taken,
        ("wan", "192.168.50.1" | "8.8.8.8", "192.168.50.2") if kind == "udp 9999" => Fate::Heard,
        ("wan", "172.20.1.1" | "172.20.1.2", "192.168.50.2") if kind == "udp 9999" && is_apart => Fate::Heard,
        ("unnamed", "172.20.1.2", "172.20.1.1") => Fate::Taken,
        // As of one that has no address yet.
        ("unnamed", "172.20.1.2" | "0.0.0.0", "255.255.255.255" | "224.0.0.1") => Fate::Taken,
        _ => Fate::Nowhere,
    }
}

/// Every frame of an attacker, by its number.
fn frames(attacker: &Attacker) -> impl Iterator<Item = (usize, [&'static str; 3])> {
    let targets = |source| TARGETS.into_iter().map(move |target| (source, target));
    let pairs = SOURCES.into_iter().flat_map(targets);
    let all = pairs.flat_map(|(source, target)| KINDS.into_iter().map(move |kind| [source, target, kind]));
    (attacker.first..).zip(all)
}

fn hear(host: &Host) -> Result<Daemon> {
    let ear = host.daemon(host.command("python3").args(["-c", HEAR, "eth0"]))?;
    wait_until("an ear", Duration::from_secs(60), || Ok(ear.log()?.contains("ready")))?;
    Ok(ear)
}

fn heard(ear: &Daemon) -> Result<BTreeSet<usize>> {
    Ok(ear.log()?.lines().filter_map(|line| line.parse().ok()).collect())
}

fn taken(router: &Host) -> Result<usize> {
    let text = router.run("nft", ["list", "table", "inet", "seen"])?;
    text.split("counter packets ")
        .nth(1)
        .and_then(|rest| rest.split(' ').next())
        .context("a counter")?
        .parse()
        .context(text.clone())
}

fn mac(router: &Host, link: &str) -> Result<String> {
    Ok(router.sh(&format!("cat /sys/class/net/{link}/address"))?.trim().to_owned())
}

fn forge(namespace: &str) -> Result<()> {
    let mut truck = Truck::without_trunk()?;
    let cabin = truck.device("cabin", "eth1", "10.0.1.5/24", "10.0.1.1")?;
    let hold = truck.device("hold", "eth2", "10.0.2.5/24", "10.0.2.1")?;
    let unnamed = truck.device("unnamed", "eth8", "172.20.1.2/24", "172.20.1.1")?;
    truck.edge.sh("ip address add 172.20.1.1/24 dev eth8; ip link set eth8 up")?;
    truck.start(&CONFIG.replace("# NAMESPACE", namespace))?;
    truck.edge.sh("sysctl -qw net.ipv4.conf.eth8.rp_filter=1 net.ipv4.conf.eth8.accept_source_route=0")?;
    truck.internet.sh("ip route replace 10.0.0.0/8 via 192.168.50.2; ip route replace 172.20.0.0/16 via 192.168.50.2")?;
    let router = truck.router()?;
    router.sh("nft 'table inet seen { chain input { type filter hook input priority 10; iifname != \"lo\" counter; }; }'")?;
    let is_host = router.name() == truck.edge.name();
    let leg = |network: &str| format!("{}{network}", if is_host { "br-" } else { "gw-" });

    let hosts = [&cabin, &truck.internet, &unnamed, &hold];
    for host in hosts {
        // It would answer for whom it only pretends to be.
        host.sh("sysctl -qw net.ipv4.icmp_echo_ignore_all=1")?;
    }
    let ears = hosts.map(hear).into_iter().collect::<Result<Vec<_>>>()?;
    let count = KINDS.len() * SOURCES.len() * TARGETS.len();
    let attacker =
        |host: &Host, name, router: String, number: usize| Attacker { host: host.clone(), name, router, first: number * count };
    let mut attackers = vec![
        attacker(&cabin, "cabin", mac(&router, &leg("cabin"))?, 0),
        attacker(&truck.internet, "wan", mac(&router, "wlp3s0f0")?, 1),
    ];
    if is_host {
        attackers.push(attacker(&unnamed, "unnamed", mac(&router, "eth8")?, 2));
    }
    let before = taken(&router)?;
    let wanted = json!({ "sources": SOURCES, "targets": TARGETS, "kinds": KINDS }).to_string();
    for attacker in &attackers {
        attacker.host.run("python3", ["-c", SEND, "eth0", &attacker.router, &attacker.first.to_string(), &wanted])?;
    }
    for (number, attacker) in attackers.iter().enumerate() {
        let may_pass = frames(attacker).filter(|(_, frame)| fate(!is_host, attacker.name, *frame) == Fate::Heard);
        let expected: BTreeSet<usize> = may_pass.map(|(id, _)| id).collect();
        let arrived = || -> Result<BTreeSet<usize>> {
            // The ears are in the order of the attackers.
            let others = ears.iter().enumerate().filter(|(at, _)| *at != number);
            let heard = others.map(|(_, ear)| heard(ear)).collect::<Result<Vec<_>>>()?;
            Ok(heard.into_iter().flatten().filter(|id| id / count == number).collect())
        };
        wait_until("what may pass", Duration::from_secs(30), || Ok(arrived()?.is_superset(&expected)))?;
        let arrived = arrived()?;
        let surplus: Vec<_> = frames(attacker).filter(|(id, _)| arrived.contains(id) && !expected.contains(id)).collect();
        ensure!(surplus.is_empty(), "{namespace}: from {} came through: {surplus:?}", attacker.name);
        println!("{}: {count} frames, {} let through", attacker.name, expected.len());
    }
    let fates = attackers.iter().flat_map(|attacker| frames(attacker).map(|(_, frame)| fate(!is_host, attacker.name, frame)));
    same(taken(&router)? - before, fates.filter(|fate| *fate == Fate::Taken).count())
}

#[test]
fn of_all_forged_frames_none_arrives_that_the_policy_forbids() -> Result<()> {
    forge("")
}

#[test]
fn nor_where_the_router_has_a_namespace_of_its_own() -> Result<()> {
    forge("namespace = \"router\"")
}
