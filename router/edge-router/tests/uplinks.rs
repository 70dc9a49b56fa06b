//! Uplinks on the real kernel, against real DHCP servers. Runs wherever there are network namespaces.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test ends where it fails")]

use anyhow::{Context, Result, ensure};
use edge_lab::{Provider, Rig, longest_gap, lost_in_a_row, pinging, same, wait_until};
use std::{fs, os::unix::fs::PermissionsExt, thread, time::Duration};

const PROGRAM: &str = env!("CARGO_BIN_EXE_edge-router");
const LAN: &str = "
[[network]]
name = \"lan\"
address = \"10.77.0.1/24\"
[[allow]]
from = \"lan\"
to = \"wan\"
";
const HOST: &str = "";
const NAMESPACE: &str = "[router]\nnamespace = \"router\"\n";

fn uplink(name: &str, device: &str, more: &str) -> String {
    format!("[[uplink]]\nname = \"{name}\"\ndevice = \"{device}\"\naddress = \"dhcp\"\n{more}\n")
}

#[test]
fn a_direct_uplink_of_the_host_keeps_its_address_over_a_kill() {
    outlives_the_daemon(HOST, "").unwrap();
}

#[test]
fn a_macvlan_uplink_of_the_namespace_keeps_its_address_over_a_kill() {
    outlives_the_daemon(NAMESPACE, "link = \"macvlan\"").unwrap();
}

#[test]
fn a_direct_uplink_of_the_namespace_keeps_its_address_over_a_kill() {
    outlives_the_daemon(NAMESPACE, "").unwrap();
}

/// Not one packet is lost, nothing is written, and the server is asked whether the lease still holds.
fn outlives_the_daemon(place: &str, link: &str) -> Result<()> {
    let mut site = Rig::new(PROGRAM)?;
    let mut isp = site.provider("eth1", "192.0.2")?;
    isp.dnsmasq(50, &["--dhcp-option=option:dns-server,9.9.9.9", "--dhcp-option=option:domain-search,site.example"])?;
    let config = format!("[system]\nhostname = \"truck\"\n{place}{}{LAN}", uplink("wan", "eth1", link));
    site.start(&config)?;
    same(site.online("wan")?.as_str(), "192.0.2.50/24")?;
    ensure!(isp.log().contains("client provides name: truck"), "{}", isp.log());
    let container = site.attached("c1", "lan")?;
    let file = site.path("state/uplinks/wan.json");
    same(fs::metadata(&file)?.permissions().mode() & 0o777, 0o600)?;
    let resolvers = site.path("run/resolv.conf");
    wait_until("the resolvers", Duration::from_secs(30), || {
        Ok(fs::read_to_string(&resolvers).is_ok_and(|text| text == "nameserver 9.9.9.9\nsearch site.example\n"))
    })?;

    let asked = |isp: &Provider| isp.log().matches("DHCPREQUEST").count();
    let discovers = |isp: &Provider| isp.log().matches("DHCPDISCOVER").count();
    let before = (asked(&isp), discovers(&isp));
    let mut notices = String::new();
    let answers = pinging(&container, |_| {
        let router = site.router()?;
        let addresses = router.ip("-o -4 address show")?;
        site.kill()?;
        let monitor = router.daemon(router.command("ip").args(["-4", "monitor", "address", "route"]))?;
        thread::sleep(Duration::from_millis(300));
        site.start(&config)?;
        wait_until("the confirmation", Duration::from_secs(30), || Ok(asked(&isp) > before.0))?;
        same(site.online("wan")?.as_str(), "192.0.2.50/24")?;
        thread::sleep(Duration::from_millis(500));
        notices = monitor.log()?;
        // The kernel counts seconds of its own for nobody: an address has none.
        same(router.ip("-o -4 address show")?, addresses)
    })?;
    same(notices.as_str(), "").context("something was rewritten")?;
    same(discovers(&isp), before.1).with_context(|| isp.log())?;
    same(site.apply(&config)?["writes"].as_u64(), Some(0))?;
    let lost = lost_in_a_row(&answers);
    ensure!(lost < 50, "{lost} pings in a row without an answer over the restart");
    Ok(())
}

/// The server's mind changes: the old address goes with its flows, the new one is masqueraded to.
#[test]
fn another_address_is_followed_and_a_denial_obeyed() -> Result<()> {
    let mut site = Rig::new(PROGRAM)?;
    let mut isp = site.provider("eth1", "192.0.2")?;
    isp.dnsmasq(50, &[])?;
    // The uplink is followed, and nothing else that is otherwise.
    site.start(&format!("[router]\ndrift = \"report\"\n{}{LAN}", uplink("wan", "eth1", "")))?;
    same(site.online("wan")?.as_str(), "192.0.2.50/24")?;
    site.edge.ip("address delete 10.77.0.1/24 dev br-lan")?;
    site.edge.ip("address add 10.77.0.1/24 dev br-lan")?;
    let container = site.attached("c1", "lan")?;
    pinging(&container, |pings| {
        // Another pool; the cable out and in lets the client ask. It is denied, and asks anew.
        isp.dnsmasq(60, &[])?;
        isp.host.ip("link set eth0 down")?;
        site.until("wan", 30, |row| row["state"] == "down")?;
        isp.host.ip("link set eth0 up")?;
        site.until("wan", 60, |row| row["address"] == "192.0.2.60/24" && row["state"] == "online")?;
        pings.go_on(100).with_context(|| format!("the flow does not go on\n{}", site.log()))
    })?;
    ensure!(isp.log().contains("DHCPNAK"), "{}", isp.log());
    let addresses = site.edge.ip("-o -4 address show dev eth1")?;
    ensure!(!addresses.contains("192.0.2.50"), "{addresses}");
    ensure!(site.ctl(&["diff"]).is_err(), "what was done by hand is still there");
    Ok(())
}

#[test]
fn a_lease_that_runs_out_takes_address_and_route_along() -> Result<()> {
    let mut site = Rig::new(PROGRAM)?;
    let mut isp = site.provider("eth1", "192.0.2")?;
    isp.udhcpd(50, 12)?;
    site.start(&format!("{}{LAN}", uplink("wan", "eth1", "")))?;
    same(site.online("wan")?.as_str(), "192.0.2.50/24")?;
    let acks = || isp.log().matches("sending ACK to").count();
    wait_until("the second renewal", Duration::from_secs(60), || Ok(acks() > 2)).with_context(|| isp.log())?;
    same(site.online("wan")?.as_str(), "192.0.2.50/24")?;
    isp.silence();
    let row = site.until("wan", 60, |row| row["state"] == "no-lease")?;
    ensure!(row["why"].as_str().is_some_and(|why| why.starts_with("192.0.2.50 ran out, no server answers for")), "{row}");
    wait_until("address and default route to go", Duration::from_secs(60), || {
        Ok(site.edge.ip("-4 address show dev eth1")?.is_empty() && !site.edge.ip("route")?.contains("default"))
    })?;
    isp.udhcpd(70, 60)?;
    site.until("wan", 120, |row| row["state"] == "online")?;
    Ok(())
}

/// What a fleet of boxes meets: a site whose network has the numbers of the box's own.
#[test]
fn a_site_with_our_own_numbers_breaks_nothing() -> Result<()> {
    let mut site = Rig::new(PROGRAM)?;
    let mut isp = site.provider("eth1", "10.77.0")?;
    isp.udhcpd(50, 600)?;
    let lan = LAN.replace("[[allow]]", "[[host]]\nname = \"c1\"\nnetwork = \"lan\"\naddress = \"10.77.0.50\"\n[[allow]]");
    site.start(&format!("{}{lan}", uplink("wan", "eth1", "")))?;
    let container = site.attached("c1", "lan")?;
    let row = site.until("wan", 60, |row| row["why"].as_str().is_some_and(|why| why.contains("overlaps network lan")))?;
    same((row["state"].as_str(), row["address"].as_str()), (Some("no-lease"), None))?;
    container.run("ping", ["-c", "1", "-w", "10", "10.77.0.1"])?;
    same(site.edge.ip("-4 address show dev eth1")?.as_str(), "")?;
    // Renumbered, the same lease is used.
    let moved = "10.78.0";
    site.apply(&format!("{}{}", uplink("wan", "eth1", ""), lan.replace("10.77.0", moved)))?;
    same(site.online("wan")?.as_str(), "10.77.0.50/24").map(drop)
}

/// Of two uplinks one has a server that names what is the other's, a network's, or half of everything, and itself for a name server.
#[test]
fn a_foreign_dhcp_server_takes_nothing_and_is_told() -> Result<()> {
    let mut site = Rig::new(PROGRAM)?;
    let _first = site.provider("eth1", "192.0.2")?;
    let mut second = site.provider("eth2", "198.51.100")?;
    let to =
        ["0.0.0.0/0", "11.0.0.0/9", "192.0.2.1/32", "9.9.9.0/24", "8.8.8.8/32", "10.77.0.128/25", "12.0.0.0/8", "64.0.0.0/2"];
    let routes = to.map(|to| format!("{to},198.51.100.1")).join(",");
    second.dnsmasq(
        50,
        &[&format!("--dhcp-option=option:classless-static-route,{routes}"), "--dhcp-option=option:dns-server,10.77.0.5"],
    )?;
    let wan = |dns: &str| {
        let wan = "[[uplink]]\nname = \"wan\"\ndevice = \"eth1\"\naddress = \"192.0.2.2/24\"\ngateway = \"192.0.2.1\"\nprobe = \"8.8.8.8\"";
        format!("{wan}\ndns = [\"{dns}\"]\n{}{LAN}", uplink("lte", "eth2", ""))
    };
    site.start(&wan("9.9.9.9"))?;
    same(site.online("lte")?.as_str(), "198.51.100.50/24")?;
    let routes = site.edge.ip("-4 route show dev eth2 proto 237")?;
    let led_to: Vec<&str> = routes.lines().filter_map(|line| line.split(' ').next()).collect();
    same(led_to, vec!["default", "11.0.0.0/9"])?;
    let status = site.ctl(&["status"])?.split_whitespace().collect::<Vec<_>>().join(" ");
    ensure!(status.contains("uplink lte: a part of what its DHCP server gives is not used"), "{status}");
    let refused = site.uplink("lte")?["refused"].to_string();
    for told in
        ["uplink wan (192.0.2.0/24)", "name server 9.9.9.9 of uplink wan", "probe 8.8.8.8", "network lan", "64.0.0.0/2 is wider"]
    {
        ensure!(refused.contains(told), "{told}: {refused}");
    }
    // What a resolver on the box reads follows an apply at once.
    let resolvers = || fs::read_to_string(site.path("run/resolv.conf"));
    same(resolvers()?.as_str(), "nameserver 9.9.9.9\n")?;
    site.apply(&wan("1.1.1.1"))?;
    same(resolvers()?.as_str(), "nameserver 1.1.1.1\n")
}

/// How many boxes lose an uplink at the same time, for the figures.
const BOXES: usize = 5;

/// The probe fails, or the cable is pulled: traffic takes the other uplink, and comes back once the first is trusted again.
#[test]
fn traffic_takes_the_other_uplink_and_comes_back() {
    let threads: Vec<_> = (0..BOXES).map(|number| thread::spawn(move || fails_over(number == 0))).collect();
    let gaps: Vec<(u64, u64)> = threads.into_iter().map(|thread| thread.join().unwrap().unwrap()).collect();
    let (dark, pulled) = gaps.into_iter().unzip();
    tell("a probe that is not answered any more", dark);
    tell("a cable that is pulled", pulled);
}

fn tell(what: &str, mut gaps: Vec<u64>) {
    gaps.sort_unstable();
    let (middle, last) = (gaps[gaps.len() / 2], gaps[gaps.len() - 1]);
    println!("{what}: other uplink after p50 {middle} ms, p99 (the longest of {}) {last} ms", gaps.len());
}

/// Milliseconds without an answer: by the probe, by the cable.
fn fails_over(and_back: bool) -> Result<(u64, u64)> {
    let mut site = Rig::new(PROGRAM)?;
    let mut first = site.provider("eth1", "192.0.2")?;
    let second = site.provider("eth2", "198.51.100")?;
    first.udhcpd(50, 600)?;
    let lte = "[[uplink]]\nname = \"lte\"\ndevice = \"eth2\"\naddress = \"198.51.100.2/24\"\ngateway = \"198.51.100.1\"\n";
    let probe = "probe = \"8.8.8.8\"";
    let allow = "[[allow]]\nfrom = \"lan\"\nto = \"lte\"\n";
    site.start(&format!("{}{lte}{probe}\n{LAN}{allow}", uplink("wan", "eth1", probe)))?;
    site.online("wan")?;
    site.online("lte")?;
    let container = site.attached("c1", "lan")?;
    let in_use = |name: &str, seconds| site.until(name, seconds, |row| row["in_use"] == true && row["state"] == "online");
    let dark = pinging(&container, |_| {
        first.cut_internet()?;
        in_use("lte", 60)?;
        let row = site.uplink("wan")?;
        let why = row["why"].as_str().unwrap_or_default();
        ensure!(why.starts_with("probe 8.8.8.8 fails since "), "{row}");
        Ok(())
    })?;
    first.restore_internet()?;
    let back = pinging(&container, |_| in_use("wan", 90).map(drop))?;
    ensure!(lost_in_a_row(&back) < 50, "coming back cost {} pings in a row", lost_in_a_row(&back));
    let pulled = pinging(&container, |_| {
        first.host.ip("link set eth0 down")?;
        in_use("lte", 60).map(drop)
    })?;
    if and_back {
        first.host.ip("link set eth0 up")?;
        // The second time it has to wait longer: held down, though it answers.
        site.until("wan", 60, |row| row["why"].as_str().is_some_and(|why| why.starts_with("answers again, trusted in ")))?;
        in_use("wan", 120)?;
        let routes = site.edge.ip("route show default")?;
        ensure!(routes.contains("dev eth1 proto 237 metric 100") && routes.contains("dev eth2 proto 237 metric 200"), "{routes}");
    }
    let _ = &second;
    Ok((longest_gap(&dark), longest_gap(&pulled)))
}
