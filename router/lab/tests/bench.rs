//! The bench without a switch, on any kernel with namespaces and veth: what it makes works, and nothing of it remains.

use anyhow::Result;
use edge_lab::{Client, Host, Lab, Outcome, probe};
use std::{fs, net::Ipv4Addr, os::unix::fs::MetadataExt};

const INTERNET: Ipv4Addr = Ipv4Addr::new(8, 8, 8, 8);

/// A box at 192.168.50.2 with an uplink, and a device behind it at 10.0.1.5.
fn edge_with_a_device(lab: &Lab) -> Result<(Host, Host, Host)> {
    let edge = lab.host("edge")?;
    let device = lab.host("device1")?;
    lab.wire(&edge, "lan", &device, "eth0")?;
    let internet = lab.internet(&edge, "wan", "192.168.50.1/24")?;
    edge.sh("ip address add 192.168.50.2/24 dev wan; ip route add default via 192.168.50.1; ip address add 10.0.1.3/24 dev lan")?;
    device.sh("ip address add 10.0.1.5/24 dev eth0; ip route add default via 10.0.1.3")?;
    Ok((edge, device, internet))
}

#[test]
fn a_box_reaches_the_internet_and_a_device_only_when_masqueraded() -> Result<()> {
    let lab = Lab::new()?;
    let (edge, device, internet) = edge_with_a_device(&lab)?;
    assert_eq!(probe(&edge, &internet, INTERNET)?.outcome(), Outcome::Reached);
    assert_eq!(probe(&device, &internet, INTERNET)?.outcome(), Outcome::Isolated, "nothing is forwarded yet");
    edge.sh("echo 1 >/proc/sys/net/ipv4/ip_forward")?;
    assert_eq!(probe(&device, &internet, INTERNET)?.outcome(), Outcome::OneWay, "the Internet has no route to 10.0.1.5");
    edge.sh("nft 'table ip nat { chain out { type nat hook postrouting priority srcnat; oifname wan masquerade; }; }'")?;
    let seen = probe(&device, &internet, INTERNET)?;
    assert_eq!((seen.outcome(), seen.arrived_from), (Outcome::Reached, Some(Ipv4Addr::new(192, 168, 50, 2))));
    Ok(())
}

#[test]
fn a_routers_own_address_is_told_open_from_closed() -> Result<()> {
    let lab = Lab::new()?;
    let (edge, device, _internet) = edge_with_a_device(&lab)?;
    let far_side = Ipv4Addr::new(192, 168, 50, 2);
    edge.sh("echo 1 >/proc/sys/net/ipv4/ip_forward")?;
    assert_eq!(probe(&device, &edge, far_side)?.outcome(), Outcome::Reached);
    edge.sh("nft 'table ip t { chain in { type filter hook input priority 0; iifname lan ip daddr 192.168.50.2 drop; }; }'")?;
    assert_eq!(probe(&device, &edge, far_side)?.outcome(), Outcome::Isolated);
    Ok(())
}

#[test]
fn a_dead_cable_or_sender_is_not_isolation() -> Result<()> {
    let lab = Lab::new()?;
    let (edge, device, internet) = edge_with_a_device(&lab)?;
    device.ip("link set eth0 down")?;
    assert!(matches!(probe(&device, &internet, INTERNET)?.outcome(), Outcome::Unknown(_)), "no route");
    device.sh("ip link set eth0 up; ip route replace default via 10.0.1.99")?;
    let outcome = probe(&device, &edge, INTERNET)?.outcome();
    assert!(matches!(&outcome, Outcome::Unknown(why) if why.contains("ARP")), "{outcome:?}");
    Ok(())
}

#[test]
fn a_container_lives_inside_its_machine() -> Result<()> {
    let lab = Lab::new()?;
    let edge = lab.host("edge")?;
    let container = edge.container("container1")?;
    edge.sh(
        "ip link add plug type veth peer name eth0 netns container1; ip link set plug up; ip address add 10.0.1.3/24 dev plug",
    )?;
    container.sh("ip link set eth0 up; ip address add 10.0.1.4/24 dev eth0; test -d /sys/class/net/eth0")?;
    assert_eq!(probe(&container, &edge, Ipv4Addr::new(10, 0, 1, 3))?.outcome(), Outcome::Reached);
    assert_eq!(edge.run("hostname", [""; 0])?.trim(), "edge");
    assert!(!std::path::Path::new("/run/netns/container1").exists(), "the name is inside only");
    Ok(())
}

/// BusyBox's server, because this bench must not depend on the product.
#[test]
fn every_client_takes_a_lease_up() -> Result<()> {
    let lab = Lab::new()?;
    let (edge, device) = (lab.host("edge")?, lab.host("device1")?);
    lab.wire(&edge, "lan", &device, "eth0")?;
    edge.ip("address add 10.0.1.3/24 dev lan")?;
    let directory = tempfile::tempdir()?;
    let config = directory.path().join("udhcpd.conf");
    let leases = directory.path().join("leases");
    fs::write(&leases, "")?;
    let lines =
        "interface lan\nstart 10.0.1.5\nend 10.0.1.5\noption subnet 255.255.255.0\noption router 10.0.1.3\noption dns 10.0.1.3\n";
    fs::write(&config, format!("{lines}option lease 600\nlease_file {}\npidfile /run/udhcpd.pid\n", leases.display()))?;
    let _server = edge.daemon(edge.command("busybox").args(["udhcpd", "-f"]).arg(&config))?;
    for client in [Client::Udhcpc, Client::Dhclient, Client::Dhcpcd] {
        let start = std::time::Instant::now();
        let lease = device.dhcp(client, "eth0")?;
        println!("{client:?}: {} ms", start.elapsed().as_millis());
        assert_eq!(lease.address, Ipv4Addr::new(10, 0, 1, 5), "{client:?}");
        assert_eq!((lease.router, lease.seconds), (Some(Ipv4Addr::new(10, 0, 1, 3)), 600), "{client:?}");
        assert_eq!(probe(&device, &edge, Ipv4Addr::new(10, 0, 1, 3))?.outcome(), Outcome::Reached, "{client:?}");
        device.sh("ip address flush dev eth0")?;
    }
    Ok(())
}

#[test]
fn nothing_remains_even_after_a_panic() -> Result<()> {
    let outcome = std::panic::catch_unwind(|| {
        let lab = Lab::new().unwrap();
        let edge = lab.host("edge").unwrap();
        edge.sh("(ip netns add router; ip netns exec router sleep 1000; sleep 1000) >/dev/null 2>&1 &").unwrap();
        let namespace = edge.sh("readlink /proc/self/ns/uts").unwrap();
        std::panic::panic_any(namespace);
    });
    let namespace = *outcome.unwrap_err().downcast::<String>().unwrap();
    let inode: u64 = namespace.trim().trim_start_matches("uts:[").trim_end_matches(']').parse()?;
    let member = |entry: fs::DirEntry| fs::metadata(entry.path().join("ns/uts")).is_ok_and(|meta| meta.ino() == inode);
    assert!(!fs::read_dir("/proc")?.filter_map(Result::ok).any(member), "a process is left in {namespace}");
    Ok(())
}

#[test]
fn a_missing_program_is_an_error() -> Result<()> {
    let lab = Lab::new()?;
    let error = lab.host("edge")?.run("no-such-program", [""; 0]).unwrap_err();
    assert!(format!("{error:#}").contains("is it installed?"), "{error:#}");
    Ok(())
}
