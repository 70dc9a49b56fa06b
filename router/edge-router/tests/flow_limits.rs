//! One host opens flows without end: it is held at its share, and nobody else is short of any. On any kernel: no VLANs here.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test ends where it fails")]

mod truck;

use anyhow::{Result, ensure};
use edge_lab::{Host, same, wait_until};
use std::time::Duration;
use truck::Truck;

const CONFIG: &str = r#"
[router]
namespace = "router"

[[uplink]]
name = "wan"
device = "wlp3s0f0"
address = "192.168.50.2/24"
gateway = "192.168.50.1"

[[network]]
name = "cabin"
ports = ["eth1", "eth3"]
address = "10.0.1.1/24"

[[network]]
name = "hold"
ports = ["eth2"]
address = "10.0.2.1/24"

[[allow]]
from = "cabin"
to = "wan"

[[allow]]
from = "hold"
to = "wan"

[[forward]]
uplink = "wan"
protocol = "udp"
port = 9999
to = "10.0.2.5:7777"
"#;

/// SOURCE TARGET PORT COUNT: as many UDP flows, from any source at all; `/24` behind it: from two hundred of its network in turn.
const OPEN: &str = r#"
import socket, struct, sys
source, target, port, count = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
own, many = socket.inet_aton(source.split("/")[0]), "/" in source
s = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
for n in range(count):
    udp = struct.pack("!HHHH", 1024 + n % 60000, port, 12, 0) + b"edge"
    sender = own[:3] + bytes([10 + n % 200]) if many else own
    ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 1, 0, 64, 17, 0, sender, socket.inet_aton(target))
    s.sendto(ip + udp, (target, 0))
"#;

/// What a source may have on any machine with 1 GB or more.
const OF_SOURCE: u64 = 2048;

fn open(from: &Host, source: &str, (target, port): (&str, u16), count: u64) -> Result<()> {
    from.run("python3", ["-c", OPEN, source, target, &port.to_string(), &count.to_string()]).map(drop)
}

fn flows(truck: &Truck) -> Result<u64> {
    Ok(truck.ctl_json(&["status"])?["flows"]["in_use"].as_u64().unwrap_or(0))
}

fn rig() -> Result<(Truck, [Host; 3])> {
    let mut truck = Truck::without_trunk()?;
    let flooder = truck.device("eth1", "eth1", "10.0.1.5/24", "10.0.1.1")?;
    let neighbour = truck.device("eth3", "eth3", "10.0.1.6/24", "10.0.1.1")?;
    let other = truck.device("eth2", "eth2", "10.0.2.5/24", "10.0.2.1")?;
    truck.start(CONFIG)?;
    Ok((truck, [flooder, neighbour, other]))
}

#[test]
fn a_host_that_opens_flows_without_end_is_held_at_its_share() -> Result<()> {
    let (truck, [flooder, neighbour, other]) = rig()?;
    flooder.run("ping", ["-c1", "-W5", "192.168.50.1"])?;
    same(truck.ctl_json(&["status"])?["flows"]["refused"].as_array().map(Vec::len), Some(0))?;

    // What it opened before goes on.
    let going_on = flooder.daemon(flooder.command("ping").args(["-i0.2", "192.168.50.1"]))?;
    open(&flooder, "10.0.1.5", ("8.8.8.8", 9), 2 * OF_SOURCE)?;
    let held = flows(&truck)?;
    ensure!((OF_SOURCE - 20..=OF_SOURCE + 20).contains(&held), "{held} flows of one host");
    let replies = going_on.log()?.lines().count();
    wait_until("replies in a flow from before", Duration::from_secs(30), || Ok(going_on.log()?.lines().count() > replies + 1))?;

    // It and nobody else is held back. Flows without an answer end after half a minute, so there is no waiting here.
    open(&flooder, "10.0.1.5", ("8.8.8.8", 10), 2 * OF_SOURCE)?;
    ensure!(flooder.run("ping", ["-c1", "-W1", "8.8.8.8"]).is_err(), "the host opened one more flow");
    for host in [&neighbour, &other] {
        host.run("ping", ["-c1", "-W5", "192.168.50.1"])?;
    }
    neighbour.run("ping", ["-c1", "-W5", "10.0.1.1"])?;
    truck.edge.run("ip", ["netns", "exec", "router", "ping", "-c1", "-W5", "10.0.1.5"])?;

    let status = truck.ctl_json(&["status"])?;
    let [refused] = status["flows"]["refused"].as_array().unwrap().as_slice() else { panic!("{status}") };
    same(refused["for"].as_str(), Some("network cabin"))?;
    same(refused["sources"].as_array().unwrap().as_slice(), &["10.0.1.5".into()][..])?;
    ensure!(refused["packets"].as_u64().unwrap() >= OF_SOURCE - 20, "{refused}");
    let screen = truck.ctl(&["status"])?;
    ensure!(screen.contains("! network cabin has used up its share of flows, most from 10.0.1.5"), "{screen}");

    // All that is in the table is as it was wanted.
    same(truck.ctl_json(&["diff"])?["drifted"].as_u64(), Some(0))
}

/// The sources of a network are bounded together, and so is what an uplink brings.
#[test]
fn forged_sources_and_the_internet_have_a_share_too() -> Result<()> {
    let (truck, [flooder, _, other]) = rig()?;
    let max = truck.ctl_json(&["status"])?["flows"]["max"].as_u64().unwrap();
    let share = (max - max / 8) / 4;
    open(&flooder, "10.0.1.0/24", ("8.8.8.8", 9), share + share / 4)?;
    let held = flows(&truck)?;
    ensure!((share * 8 / 10..=share + 100).contains(&held), "{held} flows of a network whose share is {share}");
    other.run("ping", ["-c1", "-W5", "192.168.50.1"])?;

    open(&truck.internet, "192.168.50.1", ("192.168.50.2", 9999), 2 * OF_SOURCE)?;
    let status = truck.ctl_json(&["status"])?;
    let owners: Vec<_> = status["flows"]["refused"].as_array().unwrap().iter().filter_map(|one| one["for"].as_str()).collect();
    same(owners, vec!["network cabin", "uplink wan"])?;
    other.run("ping", ["-c1", "-W5", "192.168.50.1"])?;
    Ok(())
}
