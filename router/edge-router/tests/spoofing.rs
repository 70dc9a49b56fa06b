//! A neighbour on an uplink who claims to be inside: the table drops it, whatever the kernel's own filters are set to. On any kernel: no
//! VLANs here.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test ends where it fails")]

mod truck;

use anyhow::{Result, ensure};
use edge_lab::{Host, same, wait_until};
use std::time::Duration;
use truck::Truck;

const CONFIG: &str = r#"
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
address = "10.0.2.1/28"

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

/// Nothing of the kernel's own is left between the uplink and the networks.
const OPEN: &str = "
    for link in all default lo wlp3s0f0 br-cabin br-hold; do
        sysctl -qw net.ipv4.conf.$link.rp_filter=0 net.ipv4.conf.$link.accept_local=1 net.ipv4.conf.$link.route_localnet=1
    done";

/// FROM TO SOURCE-PORT PORT: one UDP packet from any address at all.
const FORGE: &str = r#"
import socket, struct, sys
source, target, sport, dport = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
udp = struct.pack("!HHHH", sport, dport, 12, 0) + b"edge"
ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 1, 0, 64, 17, 0, socket.inet_aton(source), socket.inet_aton(target))
s = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
s.sendto(ip + udp, (target, 0))
"#;

fn send(from: &Host, source: &str, target: &str, ports: [u16; 2]) -> Result<()> {
    let [sport, dport] = ports.map(|port| port.to_string());
    from.run("python3", ["-c", FORGE, source, target, &sport, &dport]).map(drop)
}

/// A device at the end of a wire to the port.
fn device(truck: &Truck, port: &str, address: &str, gateway: &str) -> Result<Host> {
    let device = truck.device(port, port, address, gateway)?;
    device.sh("nft 'add table inet seen; add chain inet seen input { type filter hook input priority -200; }'")?;
    device.sh("nft 'add rule inet seen input udp length 12 counter'")?;
    Ok(device)
}

fn received(device: &Host) -> Result<u64> {
    let text = device.run("nft", ["list", "table", "inet", "seen"])?;
    Ok(text.split("counter packets ").nth(1).and_then(|rest| rest.split(' ').next()).unwrap_or("x").parse()?)
}

fn receives(device: &Host, packets: u64) -> Result<()> {
    wait_until("the packet", Duration::from_secs(30), || Ok(received(device)? == packets))
}

#[test]
fn no_packet_with_an_inside_or_own_address_comes_in_by_an_uplink() -> Result<()> {
    let mut truck = Truck::without_trunk()?;
    let cabin = device(&truck, "eth1", "10.0.1.5/24", "10.0.1.1")?;
    let hold = device(&truck, "eth2", "10.0.2.5/28", "10.0.2.1")?;
    truck.start(CONFIG)?;
    truck.internet.ip("route replace 10.0.0.0/8 via 192.168.50.2")?;
    // It would put the settings back.
    truck.kill()?;
    truck.edge.sh(OPEN)?;

    let flow = [5000, 7777];
    send(&cabin, "10.0.1.5", "10.0.2.5", flow)?;
    receives(&hold, 1)?;
    send(&hold, "10.0.2.5", "10.0.1.5", [7777, 5000])?;
    receives(&cabin, 1)?;
    let forged = || -> Result<()> {
        send(&truck.internet, "10.0.2.5", "10.0.1.5", [7777, 5000])?;
        send(&truck.internet, "10.0.1.5", "10.0.2.5", flow)?;
        for own in ["192.168.50.2", "10.0.1.1", "10.0.2.1", "10.0.2.4"] {
            send(&truck.internet, own, "192.168.50.2", [1, 9999])?;
        }
        Ok(())
    };
    forged()?;
    // An honest packet by the same way is the last: those before it had their time.
    send(&truck.internet, "192.168.50.1", "192.168.50.2", [1, 9999])?;
    receives(&hold, 2)?;
    same(received(&cabin)?, 1)?;
    let dropped = truck.edge.run("nft", ["list", "chain", "inet", "edge-router", "source-outside"])?;
    ensure!(dropped.contains("counter packets"), "{dropped}");
    let count = |line: &str| line.split("counter packets ").nth(1)?.split(' ').next()?.parse::<u64>().ok();
    same(dropped.lines().filter_map(count).sum::<u64>(), 6)?;

    // Without that chain they come through: the test's forger can forge, and nothing else of the box stops it.
    truck.edge.run("nft", ["flush", "chain", "inet", "edge-router", "source-outside"])?;
    forged()?;
    receives(&cabin, 2)
}
