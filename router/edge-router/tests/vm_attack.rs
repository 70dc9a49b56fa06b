//! Ways around the policy that a node of a network, or root in a container, might try.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test ends where it fails")]

mod truck;

use anyhow::{Result, ensure};
use edge_lab::{Client, Host, Outcome, probe, same};
use std::time::Duration;
use truck::{FIRE_TRUCK, Truck, fire_truck_on_the_host};

/// Packets an nftables counter on `host` has seen; `rule` says which are counted.
fn count(host: &Host, rule: &str) -> Result<()> {
    host.sh("nft 'add table inet seen; add chain inet seen input { type filter hook input priority -200; }'")?;
    host.sh(&format!("nft 'add rule inet seen input {rule} counter'")).map(drop)
}

fn counted(host: &Host) -> Result<u64> {
    let text = host.run("nft", ["list", "table", "inet", "seen"])?;
    let number = text.split("counter packets ").nth(1).and_then(|rest| rest.split(' ').next());
    Ok(number.unwrap_or("x").parse()?)
}

#[test]
fn ipv6_neither_crosses_nor_reaches_the_router() -> Result<()> {
    for config in [FIRE_TRUCK.to_owned(), fire_truck_on_the_host()] {
        let (truck, device1, device2) = Truck::with_devices(&config)?;
        let router = truck.router()?;
        // The most open a box can be by mistake: addresses on the legs, forwarding on.
        let leg = |network: &str, bridge: &str| {
            if router.name() == truck.edge.name() { bridge.to_owned() } else { format!("gw-{network}") }
        };
        router.sh(&format!(
            "sysctl -qw net.ipv6.conf.all.forwarding=1; ip address add fd01::1/64 dev {} nodad; ip address add fd02::1/64 dev {} nodad",
            leg("vehicle", "br0"),
            leg("equipment", "br1")
        ))?;
        device1.sh("ip address add fd01::5/64 dev eth0 nodad; ip route add default via fd01::1")?;
        device2.sh("ip address add fd02::5/64 dev eth0 nodad; ip route add default via fd02::1")?;
        count(&device2, "ip6 saddr fd01::/64")?;
        for goal in ["fd01::1", "fd02::1", "fd02::5"] {
            ensure!(device1.run("ping", ["-6", "-c", "2", "-W", "1", goal]).is_err(), "{goal} answers over IPv6");
        }
        same(counted(&device2)?, 0)?;
    }
    Ok(())
}

#[test]
fn the_routers_address_in_another_network_answers_nothing() -> Result<()> {
    let (truck, device1, _) = Truck::with_devices(FIRE_TRUCK)?;
    let before = drops(&truck)?;
    // From the DHCP client's port to the server's, which is open at device1's own router.
    let script = "import socket; s = socket.socket(type=socket.SOCK_DGRAM); s.bind(('', 68)); [s.sendto(b'x', ('10.0.2.3', 67)) for _ in range(3)]";
    device1.run("python3", ["-c", script])?;
    std::thread::sleep(Duration::from_millis(500));
    let dropped = drops(&truck)? - before;
    ensure!(dropped >= 3, "the three packets must be dropped at the input, {dropped} were");
    ensure!(device1.run("busybox", ["nc", "-w", "2", "10.0.2.3", "22"]).is_err(), "ssh in another network");
    Ok(())
}

/// What the last rule of the router's input chain has dropped.
fn drops(truck: &Truck) -> Result<u64> {
    let text = truck.router()?.run("nft", ["list", "chain", "inet", "edge-router", "input"])?;
    Ok(text.split("counter packets ").nth(1).and_then(|rest| rest.split(' ').next()).unwrap_or("x").parse()?)
}

/// An ICMP error belongs to the flow it quotes, and conntrack lets it follow that flow: from a network that has no way to the
/// flow's end it must not.
#[test]
fn a_forged_icmp_error_does_not_cross() -> Result<()> {
    let (_truck, device1, device2) = Truck::with_devices(FIRE_TRUCK)?;
    device1.sh("echo x | busybox nc -u -w 1 -p 5555 8.8.8.8 9999 || true")?;
    count(&device1, "ip saddr 10.0.2.0/24")?;
    // Port unreachable, quoting the flow as it looks beyond the uplink.
    let script = r#"
import socket, struct
def checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    total = (total >> 16) + (total & 0xffff)
    return ~((total >> 16) + total) & 0xffff
quoted = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 30, 0, 0, 64, 17, 0, socket.inet_aton("192.168.50.2"), socket.inet_aton("8.8.8.8"))
quoted = quoted[:10] + struct.pack("!H", checksum(quoted)) + quoted[12:]
body = quoted + struct.pack("!HHHH", 5555, 9999, 10, 0)
error = struct.pack("!BBHI", 3, 3, checksum(struct.pack("!BBHI", 3, 3, 0, 0) + body), 0) + body
s = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
for _ in range(3):
    s.sendto(error, ("192.168.50.2", 0))
"#;
    device2.run("python3", ["-c", script])?;
    std::thread::sleep(Duration::from_millis(500));
    same(counted(&device1)?, 0)
}

/// Root in a container can do anything to its own namespace, our mark on it included.
#[test]
fn a_marked_container_is_still_a_container() -> Result<()> {
    let (truck, _, device2) = Truck::with_devices(FIRE_TRUCK)?;
    let container1 = truck.attached("container1", "vehicle")?;
    container1.ip("link set lo group 25956")?;
    container1.ip("link add enp9s9 type veth peer name inside")?;
    container1.ip("link set eth0 down")?;
    container1.ip("link set eth0 up")?;
    container1.ip("route replace default via 10.0.1.3")?;
    std::thread::sleep(Duration::from_secs(1));
    let port = "\n[[network]]\nname = \"third\"\naddress = \"10.0.3.1/24\"\nports = [\"enp9s9\"]\n";
    truck.apply(&format!("{FIRE_TRUCK}{port}"))?;
    ensure!(truck.edge.ip("netns list")?.contains("container1"), "the container's namespace lost its name");
    ensure!(container1.ip("link")?.contains("enp9s9"), "a link of the container was taken out of it");
    same(probe(&container1, &device2, [10, 0, 2, 5].into())?.outcome(), Outcome::Isolated)
}

#[test]
fn a_flushed_table_is_put_back() -> Result<()> {
    let (truck, device1, device2) = Truck::with_devices(FIRE_TRUCK)?;
    let router = truck.router()?;
    router.run("nft", ["flush", "ruleset"])?;
    edge_lab::wait_until("the table", Duration::from_secs(60), || {
        Ok(router.run("nft", ["list", "ruleset"])?.contains("policy drop"))
    })?;
    same(probe(&device1, &device2, [10, 0, 2, 5].into())?.outcome(), Outcome::Isolated)?;
    same(probe(&device1, &truck.internet, [8, 8, 8, 8].into())?.outcome(), Outcome::Reached)
}

/// The kernel refuses a part at a restart: what worked goes on working, and is mended when it can be.
#[test]
fn a_refusal_at_a_restart_takes_nothing_down() -> Result<()> {
    let (mut truck, device1, _) = Truck::with_devices(&fire_truck_on_the_host())?;
    truck.kill()?;
    truck.edge.ip("route delete default")?;
    truck.edge.ip("route add default via 192.168.50.1 dev up-wan metric 100")?;
    truck.start(&fire_truck_on_the_host())?;
    let status = truck.ctl_json(&["status"])?;
    ensure!(status["problems"].as_array().is_some_and(|problems| !problems.is_empty()), "the refusal must be told");
    same(probe(&device1, &truck.internet, [8, 8, 8, 8].into())?.outcome(), Outcome::Reached)?;
    truck.edge.ip("route delete default")?;
    edge_lab::wait_until("the mend", Duration::from_secs(60), || {
        Ok(truck.ctl_json(&["status"])?["problems"].as_array().is_some_and(Vec::is_empty))
    })?;
    same(probe(&device1, &truck.internet, [8, 8, 8, 8].into())?.outcome(), Outcome::Reached)
}

/// A port that cannot be bridged costs its own network that port, and nobody else anything.
#[test]
fn a_refused_port_costs_the_others_nothing() -> Result<()> {
    let mut truck = Truck::wired(&[1, 2])?;
    truck.edge.ip("link add other type bridge")?;
    let third = "\n[[network]]\nname = \"aaa\"\naddress = \"10.0.3.1/24\"\nports = [\"other\"]\n";
    truck.start(&format!("{FIRE_TRUCK}{third}"))?;
    let device1 = truck.lab.host("device1")?;
    truck.switch.access(1, &device1, "eth0", "02:00:00:00:01:05")?;
    device1.dhcp(Client::Udhcpc, "eth0")?;
    same(probe(&device1, &truck.internet, [8, 8, 8, 8].into())?.outcome(), Outcome::Reached)?;
    let problems = truck.ctl_json(&["status"])?["problems"].to_string();
    ensure!(problems.contains("other"), "{problems}");
    Ok(())
}
