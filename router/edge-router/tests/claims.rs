//! A device claims by ARP what is another's: the router's address, in vain, and a reserved one; who and where is told. On any kernel: no
//! VLANs here.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test ends where it fails")]

mod truck;

use anyhow::{Result, ensure};
use edge_lab::{Host, same, wait_until};
use serde_json::Value;
use std::time::Duration;
use truck::Truck;

const CONFIG: &str = r#"
[router]
namespace = "router"

[[network]]
name = "cabin"
ports = ["eth1", "eth2", "eth3"]
address = "10.0.1.1/24"

[[host]]
name = "printer"
network = "cabin"
mac = "02:00:00:00:01:06"
address = "10.0.1.6"
"#;

/// OPERATION SENDER TARGET TARGET-MAC [tagged]: one ARP frame of the device's own MAC; behind a VLAN tag of no VLAN where it says so.
const FORGE: &str = r#"
import socket, struct, sys
operation, sender, target, to = int(sys.argv[1]), *(socket.inet_aton(a) for a in sys.argv[2:4]), bytes.fromhex(sys.argv[4].replace(":", ""))
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
s.bind(("eth0", 0))
own = s.getsockname()[4]
tag = struct.pack("!HH", 0x8100, 0) if len(sys.argv) > 5 else b""
arp = struct.pack("!HHHBBH", 0x0806, 1, 0x0800, 6, 4, operation) + own + sender + to + target
s.send(to + own + tag + arp)
"#;

const EVERYBODY: &str = "ff:ff:ff:ff:ff:ff";
const FORGER: &str = "02:00:00:00:01:05";
const PRINTER: &str = "02:00:00:00:01:06";
const VICTIM: &str = "02:00:00:00:01:07";

fn forge(from: &Host, arguments: &[&str]) -> Result<()> {
    from.run("python3", ["-c", FORGE].iter().chain(arguments)).map(drop)
}

fn device(truck: &Truck, port: &str, mac: &str, address: &str) -> Result<Host> {
    let device = truck.lab.host(&format!("at-{port}"))?;
    truck.lab.wire(&truck.edge, port, &device, "eth0")?;
    device.ip(&format!("link set eth0 address {mac}"))?;
    device.ip(&format!("address add {address}/24 dev eth0"))?;
    // Else it believes no second answer within a second of the first, forged or not.
    device.run("sysctl", ["-qw", "net.ipv4.neigh.eth0.locktime=0"])?;
    Ok(device)
}

/// The MAC by which the device knows an address.
fn knows(device: &Host, address: &str) -> Result<Option<String>> {
    let listed: Value = serde_json::from_str(&device.run("ip", ["-j", "neighbour", "show", address])?)?;
    Ok(listed[0]["lladdr"].as_str().map(str::to_owned))
}

fn claims(truck: &Truck) -> Result<Vec<Value>> {
    Ok(truck.ctl_json(&["status"])?["claims"].as_array().cloned().unwrap_or_default())
}

/// Who claims which address where, and whether in vain.
fn told(claim: &Value) -> [String; 4] {
    ["address", "mac", "port", "dropped"].map(|key| claim[key].to_string().replace('"', ""))
}

fn rig() -> Result<(Truck, [Host; 3])> {
    let mut truck = Truck::without_trunk()?;
    let forger = device(&truck, "eth1", FORGER, "10.0.1.5")?;
    let printer = device(&truck, "eth2", PRINTER, "10.0.1.6")?;
    let victim = device(&truck, "eth3", VICTIM, "10.0.1.7")?;
    truck.start(CONFIG)?;
    Ok((truck, [forger, printer, victim]))
}

#[test]
fn who_claims_the_routers_address_is_told_and_misleads_nobody() -> Result<()> {
    let (truck, [forger, printer, victim]) = rig()?;
    for honest in [&forger, &printer, &victim] {
        honest.run("ping", ["-c1", "-W5", "10.0.1.1"])?;
    }
    let router = knows(&victim, "10.0.1.1")?.unwrap();
    same(claims(&truck)?, Vec::new())?;

    let everybody = ["2", "10.0.1.1", "10.0.1.1", EVERYBODY];
    let request = ["1", "10.0.1.1", "10.0.1.7", EVERYBODY];
    let one = ["2", "10.0.1.1", "10.0.1.7", VICTIM];
    for frame in [&everybody[..], &request[..], &one[..]] {
        forge(&forger, frame)?;
        forge(&forger, &[frame, &["tagged"]].concat())?;
    }
    // What comes after the forged frames has come by: the victim asks whom it knew, and nobody else.
    forger.run("ping", ["-c1", "-W5", "10.0.1.7"])?;
    same(knows(&victim, "10.0.1.1")?.unwrap(), router)?;
    victim.run("ping", ["-c1", "-W5", "10.0.1.1"])?;

    let found = claims(&truck)?;
    same(found.iter().map(told).collect::<Vec<_>>(), vec![["10.0.1.1", FORGER, "eth1", "true"].map(str::to_owned)])?;
    same(found[0]["frames"].as_u64(), Some(6))?;
    let screen = truck.ctl(&["status"])?.split_whitespace().collect::<Vec<_>>().join(" ");
    ensure!(screen.contains("10.0.1.1, the router's address in cabin, is claimed by 02:00:00:00:01:05 at port eth1"), "{screen}");
    same(truck.ctl_json(&["diff"])?["drifted"].as_u64(), Some(0))
}

#[test]
fn who_claims_a_reserved_address_is_told_and_let_through() -> Result<()> {
    let (truck, [forger, printer, victim]) = rig()?;
    victim.run("ping", ["-c1", "-W5", "10.0.1.6"])?;
    printer.run("ping", ["-c1", "-W5", "10.0.1.7"])?;
    same(claims(&truck)?, Vec::new())?;
    forge(&forger, &["2", "10.0.1.6", "10.0.1.7", VICTIM])?;
    wait_until("the victim is misled", Duration::from_secs(5), || Ok(knows(&victim, "10.0.1.6")?.as_deref() == Some(FORGER)))?;
    same(claims(&truck)?.iter().map(told).collect::<Vec<_>>(), vec![["10.0.1.6", FORGER, "eth1", "false"].map(str::to_owned)])?;
    let screen = truck.ctl(&["status"])?.split_whitespace().collect::<Vec<_>>().join(" ");
    ensure!(screen.contains("10.0.1.6, reserved for printer in cabin, is claimed by 02:00:00:00:01:05 at port eth1"), "{screen}");
    Ok(())
}

/// Of the table on the bridges, too, a change by others is undone, and a daemon that starts anew keeps what the old one's rules saw.
#[test]
fn the_table_on_the_bridges_is_put_back_and_outlives_the_daemon() -> Result<()> {
    let (mut truck, [forger, ..]) = rig()?;
    forge(&forger, &["2", "10.0.1.1", "10.0.1.1", EVERYBODY])?;
    truck.kill()?;
    truck.restart(&[])?;
    same(claims(&truck)?.len(), 1)?;
    truck.edge.run("nft", ["delete", "table", "bridge", "edge-router"])?;
    wait_until("the table is back", Duration::from_secs(10), || {
        Ok(truck.edge.run("nft", ["list", "tables", "bridge"])?.contains("edge-router"))
    })?;
    forge(&forger, &["2", "10.0.1.1", "10.0.1.1", EVERYBODY])?;
    same(claims(&truck)?.len(), 1)
}
