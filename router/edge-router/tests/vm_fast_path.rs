//! The flowtable: what goes past the rules, and what must not.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test ends where it fails")]

mod truck;

use anyhow::{Context, Result, ensure};
use edge_lab::{Daemon, Host, same, wait_until};
use std::time::Duration;
use truck::{FIRE_TRUCK, Truck, fire_truck_on_the_host};

const OPEN: &str = "\n[[allow]]\nfrom = \"vehicle\"\nto = \"equipment\"\n";
/// Echoes datagrams, from the address they came to.
const ECHO: &str = "import socket, sys; s = socket.socket(type=socket.SOCK_DGRAM); s.bind((sys.argv[1], 4000))\nwhile True: s.sendto(*s.recvfrom(99))";
/// One packet with any source, as root in a container could send it.
const FORGE: &str = r#"
import socket, struct, sys
source, destination, sport, dport = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
body = struct.pack("!HHHH", sport, dport, 8 + 64, 0) + b"f" * 64
header = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 0, 0, 0, 64, 17, 0, socket.inet_aton(source), socket.inet_aton(destination))
s = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
for _ in range(5): s.sendto(header + body, (destination, 0))
"#;

struct Scene {
    truck: Truck,
    device1: Host,
    device2: Host,
    _echoes: [Daemon; 2],
}

fn scene(config: &str) -> Result<Scene> {
    let (truck, device1, device2) = Truck::with_devices(config)?;
    let echo = |host: &Host, address: &str| host.daemon(host.command("python3").args(["-c", ECHO, address]));
    let _echoes = [echo(&device2, "10.0.2.5")?, echo(&truck.internet, "8.8.8.8")?];
    for host in [&truck.router()?, &device1, &device2, &truck.internet] {
        host.sh("nft 'table inet seen { chain input { type filter hook input priority -200; }; chain forward { type filter hook forward priority -200; }; }'")?;
    }
    Ok(Scene { truck, device1, device2, _echoes })
}

/// Counts from now on what matches.
fn count(host: &Host, chain: &str, rule: &str) -> Result<()> {
    host.sh(&format!("nft flush chain inet seen {chain}; nft 'add rule inet seen {chain} {rule} counter'")).map(drop)
}

fn counted(host: &Host, chain: &str) -> Result<u64> {
    let text = host.run("nft", ["list", "chain", "inet", "seen", chain])?;
    Ok(text.split("counter packets ").nth(1).and_then(|rest| rest.split(' ').next()).unwrap_or("x").parse()?)
}

/// Sends that many datagrams of one flow and waits for each to come back; how many did.
fn echoed(from: &Host, to: &str, packets: u32) -> Result<u32> {
    let script = format!(
        "import socket\ns = socket.socket(type=socket.SOCK_DGRAM); s.settimeout(5); s.bind(('', 4001)); n = 0\nfor _ in range({packets}):\n \
         s.sendto(b'x', ('{to}', 4000))\n try: s.recv(99); n += 1\n except OSError: pass\nprint(n)"
    );
    Ok(from.run("python3", ["-c", &script])?.trim().parse()?)
}

fn forge(at: &Host, source: &str, destination: &str, ports: [&str; 2]) -> Result<()> {
    at.run("python3", ["-c", FORGE, source, destination, ports[0], ports[1]]).map(drop)
}

#[test]
fn an_established_flow_goes_past_the_rules_and_nothing_else_does() {
    for config in [FIRE_TRUCK.to_owned(), fire_truck_on_the_host()] {
        past(&format!("{config}{OPEN}")).with_context(|| config.lines().take(9).collect::<String>()).unwrap();
    }
}

fn past(config: &str) -> Result<()> {
    let Scene { truck, device1, device2, _echoes } = scene(config)?;
    let router = truck.router()?;
    for (target, address, source) in [(&device2, "10.0.2.5", "10.0.1.5"), (&truck.internet, "8.8.8.8", "192.168.50.2")] {
        wait_until("the first echo", Duration::from_secs(60), || Ok(echoed(&device1, address, 3)? == 3))?;
        count(&router, "forward", "udp dport 4000")?;
        // A hop less, and masqueraded where it must be.
        count(target, "input", &format!("ip saddr {source} ip ttl 63 udp sport 4001 udp dport 4000"))?;
        same(echoed(&device1, address, 50)?, 50)?;
        same(counted(target, "input")?, 50)?;
        let slow = counted(&router, "forward")?;
        ensure!(slow < 5, "{slow} of 50 packets to {address} went through the rules");
    }

    // The flows' own addresses and ports, from where they do not come from.
    count(&device2, "input", "udp length 72")?;
    truck.internet.ip("route add 10.0.2.0/24 via 192.168.50.2")?;
    forge(&truck.internet, "10.0.1.5", "10.0.2.5", ["4001", "4000"])?;
    count(&device1, "input", "udp length 72")?;
    forge(&device2, "8.8.8.8", "192.168.50.2", ["4000", "4001"])?;
    std::thread::sleep(Duration::from_millis(500));
    same(counted(&device2, "input")?, 0).context("a forged packet came in by the uplink")?;
    same(counted(&device1, "input")?, 0).context("a forged packet came from the other network")?;

    count(&device2, "input", "udp dport 4000")?;
    truck.apply(&config.replace(OPEN, ""))?;
    same(echoed(&device1, "10.0.2.5", 3)?, 0)?;
    same(counted(&device2, "input")?, 0).context("the flow outlives its permission")?;
    same(echoed(&device1, "8.8.8.8", 5)?, 5)?;
    truck.apply(config)?;
    same(echoed(&device1, "10.0.2.5", 5)?, 5)?;
    same(truck.ctl_json(&["apply"])?["writes"].as_u64(), Some(0))
}

#[test]
fn an_uplink_that_goes_and_comes_is_bound_again() -> Result<()> {
    let Scene { truck, device1, _echoes, .. } = scene(FIRE_TRUCK)?;
    let router = truck.router()?;
    let bound = || -> Result<bool> { Ok(router.run("nft", ["list", "flowtables"])?.contains("up-wan")) };
    ensure!(bound()?, "bound at first");
    truck.edge.ip("link delete wlp3s0f0")?;
    wait_until("the uplink gone", Duration::from_secs(60), || Ok(!bound()?))?;
    truck.apply(&format!("{FIRE_TRUCK}{OPEN}")).context("an apply without the uplink")?;
    truck.lab.wire(&truck.edge, "wlp3s0f0", &truck.internet, "eth0")?;
    truck.internet.ip("address add 192.168.50.1/24 dev eth0")?;
    wait_until("the uplink bound again", Duration::from_secs(60), bound)?;
    wait_until("an echo", Duration::from_secs(60), || Ok(echoed(&device1, "8.8.8.8", 1)? == 1))
}
