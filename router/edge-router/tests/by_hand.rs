//! What somebody else does on the machine: `routerctl diff` names it, an apply or the daemon mends it. On any kernel: no VLANs here.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test ends where it fails")]

mod truck;

use anyhow::{Context, Result, ensure};
use edge_lab::{same, wait_until};
use serde_json::Value;
use std::time::Duration;
use truck::{PROGRAM, Truck};

/// Two networks of one untagged port each, and an uplink whose device others may use too; the router in its own namespace.
const CONFIG: &str = r#"
[router]
namespace = "router"
drift = "report"

[[uplink]]
name = "wan"
device = "wlp3s0f0"
link = "macvlan"
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
"#;

fn running(config: &str) -> Result<Truck> {
    let mut truck = Truck::without_trunk()?;
    for port in ["eth1", "eth2"] {
        let device = truck.lab.host(port)?;
        truck.lab.wire(&truck.edge, port, &device, "eth0")?;
    }
    truck.start(config)?;
    Ok(truck)
}

/// What has drifted: `bridge br-cabin: link down`.
fn drifted(truck: &Truck) -> Result<Vec<String>> {
    // It says no by its exit status too, which `ctl` takes for a failure.
    let run_dir = truck.run_dir();
    let mut command = truck.edge.command(PROGRAM);
    let output = command.args(["ctl", "--json", "--run-dir"]).arg(run_dir).arg("diff").output()?;
    let report: Value = serde_json::from_slice(&output.stdout)?;
    same(output.status.code(), Some(i32::from(report["drifted"] != 0)))?;
    let text = |value: &Value| value.as_str().unwrap_or("none").to_owned();
    let mut lines = Vec::new();
    for object in report["parts"].as_array().into_iter().flatten().flat_map(|part| part["objects"].as_array().unwrap()) {
        let deviations = object["deviations"].as_array().unwrap().iter();
        let deviations: Vec<String> = deviations.map(|one| format!(" {} {}", text(&one["what"]), text(&one["is"]))).collect();
        lines.push(format!("{} {}{}", text(&object["drift"]), text(&object["object"]), deviations.join(",")));
    }
    for object in report["foreign"].as_array().into_iter().flatten() {
        lines.push(format!("foreign {} on {}", text(&object["object"]), text(&object["link"])));
    }
    Ok(lines)
}

#[test]
fn everything_done_by_hand_is_named_and_mended() -> Result<()> {
    let truck = running(CONFIG)?;
    same(drifted(&truck)?, vec![])?;
    same(truck.ctl(&["diff"])?.as_str(), "no drift\n")?;
    // What others put on links of ours is told of before and after.
    truck.edge.ip("address add 172.16.9.9/24 dev br-hold")?;
    truck.edge.ip("link add tap0 type veth peer name tap1")?;
    truck.edge.ip("link set tap0 master br-hold")?;
    truck.edge.ip("route add 172.17.0.0/16 via 172.16.9.1 dev br-hold")?;
    let strangers = ["port tap0 on br-hold", "address 172.16.9.9/24 on br-hold", "route 172.17.0.0/16 via 172.16.9.1 on br-hold"];
    let strangers = strangers.map(|stranger| format!("foreign {stranger}"));
    same(drifted(&truck)?, strangers.to_vec())?;

    let hands: [(&str, &[&str]); 7] = [
        ("ip link set br-cabin down", &["altered bridge br-cabin link down"]),
        ("ip link set br-cabin address 02:00:00:00:00:99", &["altered bridge br-cabin MAC 02:00:00:00:00:99"]),
        ("ip link set eth1 nomaster", &["altered device eth1 bridge none"]),
        ("ip -n router address delete 10.0.1.1/24 dev gw-cabin", &["missing address 10.0.1.1/24 on gw-cabin"]),
        ("ip -n router route delete default", &["missing route 0.0.0.0/0 on up-wan"]),
        (
            "ip -n router link set gw-hold group 0",
            &["taken veth rt-hold", "taken veth gw-hold", "extra address 10.0.2.1/24 on gw-hold"],
        ),
        (
            "ip link delete rt-cabin",
            &["missing veth rt-cabin", "missing veth gw-cabin", "missing address 10.0.1.1/24 on gw-cabin"],
        ),
    ];
    for (hand, told) in hands {
        truck.edge.sh(hand)?;
        let expected = told.iter().map(|line| (*line).to_owned()).chain(strangers.clone()).collect::<Vec<_>>();
        same(drifted(&truck)?, expected)?;
        let status = truck.ctl(&["status"])?;
        ensure!(status.contains("routerctl diff"), "after {hand}:\n{status}");
        if hand.ends_with("group 0") {
            // Not ours any more, so not ours to mend.
            truck.edge.sh(&hand.replace("group 0", "group 0x6564"))?;
        }
        truck.ctl(&["apply"])?;
        same(drifted(&truck)?, strangers.to_vec())?;
    }
    Ok(())
}

/// The name of the router's namespace is taken away: everything in it is made anew under that name, and nothing is left of the old one.
#[test]
fn a_deleted_namespace_is_made_anew() -> Result<()> {
    let truck = running(CONFIG)?;
    truck.edge.sh("ip netns delete router")?;
    // The kernel tells nobody that a name is gone; the next event brings it to light.
    truck.edge.sh("ip link add late type bridge")?;
    wait_until("the router to be there again", Duration::from_secs(30), || {
        Ok(truck.edge.ip("-n router address show up-wan").is_ok_and(|text| text.contains("192.168.50.2/24")))
    })
    .with_context(|| truck.log())?;
    wait_until("nothing to be wrong any more", Duration::from_secs(30), || Ok(drifted(&truck)?.is_empty()))?;
    Ok(())
}

/// What breaks the policy is not waited for.
#[test]
fn what_breaks_the_policy_is_mended_at_once_and_told() -> Result<()> {
    let truck = running(CONFIG)?;
    let hands = [
        ("ip netns exec router nft flush ruleset", "table inet edge-router"),
        ("ip netns exec router nft delete element inet edge-router masqueraded '{ \"up-wan\" }'", "table inet edge-router"),
        ("ip netns exec router sysctl -qw net.ipv4.ip_forward=0", "net.ipv4.ip_forward"),
        ("ip netns exec router sysctl -qw net.ipv4.conf.up-wan.rp_filter=0", "up-wan"),
        ("ip link set eth1 master br-hold", "eth1"),
    ];
    for (hand, named) in hands {
        let before = truck.log().len();
        truck.edge.sh(hand)?;
        wait_until("the daemon to mend it", Duration::from_secs(30), || {
            Ok(truck.log()[before..].lines().any(|line| line.contains("put back") && line.contains(named)))
        })
        .with_context(|| format!("after {hand}:\n{}", truck.log()))?;
        same(drifted(&truck)?, vec![])?;
    }
    // The rest is left as it is, told once, and mended by an apply.
    truck.edge.ip("link set br-cabin down")?;
    wait_until("the daemon to tell it", Duration::from_secs(30), || {
        Ok(truck.log().contains("bridge br-cabin") && truck.ctl(&["status"])?.contains("routerctl diff"))
    })?;
    truck.edge.ip("link set br-cabin alias touched")?;
    std::thread::sleep(Duration::from_millis(500));
    same(drifted(&truck)?, vec!["altered bridge br-cabin link down".to_owned()])?;
    same(truck.log().matches("1 object drifted").count(), 1)
}

/// What sysctl(8) says of `key` in the router's namespace.
fn setting(truck: &Truck, key: &str) -> Result<String> {
    Ok(truck.router()?.sh(&format!("sysctl -n {key}"))?.trim().to_owned())
}

/// Within ten seconds, and as many more where the machine is busy with others.
fn is_put_back(truck: &Truck, key: &str, to: &str) -> Result<()> {
    wait_until(&format!("{key} to be {to} again"), Duration::from_secs(20), || Ok(setting(truck, key)? == to))
        .with_context(|| truck.log())
}

/// Of some of them the kernel tells nobody.
#[test]
fn what_loosens_the_routers_settings_is_put_back_and_the_hosts_are_its_own() -> Result<()> {
    let truck = running(CONFIG)?;
    let on_the_host = "net.ipv4.conf.all.rp_filter=2 net.ipv4.conf.all.accept_local=1";
    truck.edge.sh(&format!("sysctl -qw {on_the_host}"))?;
    let hands = [
        ("net.ipv4.conf.all.rp_filter", "2", "0"),
        ("net.ipv4.conf.all.arp_ignore", "8", "0"),
        ("net.ipv4.conf.all.accept_local", "1", "0"),
        ("net.ipv4.conf.all.proxy_arp", "1", "0"),
        ("net.ipv4.conf.all.accept_redirects", "1", "0"),
        ("net.ipv4.conf.all.accept_source_route", "1", "0"),
        ("net.ipv4.conf.all.send_redirects", "1", "0"),
        ("net.ipv4.conf.up-wan.rp_filter", "0", "1"),
        ("net.ipv4.conf.gw-hold.forwarding", "0", "1"),
    ];
    for (key, loosened, wanted) in hands {
        same(setting(&truck, key)?.as_str(), wanted)?;
        truck.router()?.sh(&format!("sysctl -qw {key}={loosened}"))?;
        is_put_back(&truck, key, wanted)?;
    }
    let values = truck.edge.sh("sysctl -n net.ipv4.conf.all.rp_filter net.ipv4.conf.all.accept_local")?;
    same(values.split_whitespace().collect::<Vec<_>>(), vec!["2", "1"])
}

#[test]
fn a_setting_that_is_fought_for_is_left_and_told_until_an_apply() -> Result<()> {
    let truck = running(CONFIG)?;
    let (fought, other) = ("net.ipv4.conf.all.rp_filter", "net.ipv4.conf.all.accept_local");
    let loosen = |key: &str, to: &str| truck.router()?.sh(&format!("sysctl -qw {key}={to}"));
    for _ in 0..3 {
        loosen(fought, "2")?;
        is_put_back(&truck, fought, "0")?;
    }
    let told = || -> Result<bool> { Ok(truck.ctl(&["status"])?.contains("keeps changing")) };
    ensure!(!told()?, "it is as it should be");
    loosen(fought, "2")?;
    // All that is to be put back is put back in one go.
    loosen(other, "1")?;
    is_put_back(&truck, other, "0")?;
    same(setting(&truck, fought)?.as_str(), "2")?;
    ensure!(told()? && truck.ctl(&["status"])?.contains(fought), "{}", truck.ctl(&["status"])?);
    truck.ctl(&["apply"])?;
    same(setting(&truck, fought)?.as_str(), "0")?;
    ensure!(!told()?, "{}", truck.ctl(&["status"])?);
    loosen(fought, "2")?;
    is_put_back(&truck, fought, "0")
}

/// A card that is pulled and put back is no drift, whatever the mode.
#[test]
fn a_card_is_plugged_in_though_drift_is_only_reported() -> Result<()> {
    let truck = running(CONFIG)?;
    truck.edge.ip("link delete wlp3s0f0")?;
    wait_until("the uplink to wait", Duration::from_secs(30), || {
        Ok(truck.ctl_json(&["status"])?["waiting"][0]["device"] == "wlp3s0f0")
    })?;
    same(drifted(&truck)?, vec![])?;
    truck.lab.wire(&truck.edge, "wlp3s0f0", &truck.internet, "eth7")?;
    wait_until("the uplink", Duration::from_secs(30), || {
        Ok(truck.router()?.ip("address show dev up-wan").is_ok_and(|text| text.contains("192.168.50.2/24")))
    })?;
    wait_until("its routes too", Duration::from_secs(30), || Ok(drifted(&truck)?.is_empty()))
}

#[test]
fn without_a_word_everything_is_mended_and_named() -> Result<()> {
    let truck = running(&CONFIG.replace("drift = \"report\"", ""))?;
    truck.edge.ip("link set br-cabin down")?;
    wait_until("the daemon to mend it", Duration::from_secs(30), || {
        Ok(truck.log().lines().any(|line| line.contains("put back") && line.contains("bridge br-cabin")))
    })
    .with_context(|| truck.log())?;
    same(drifted(&truck)?, vec![])
}

/// An upgrade that marks its objects otherwise than the release before makes nothing anew.
#[test]
fn what_an_older_release_made_is_taken_over() -> Result<()> {
    let mut truck = running(CONFIG)?;
    truck.kill()?;
    truck.edge.sh("for link in br-cabin br-hold rt-cabin rt-hold; do ip link set $link group 0 alias edge-router; done
         for link in eth1 eth2; do ip link set $link group 0; ip link set $link alias 'edge-router lent'; done
         for link in lo gw-cabin gw-hold up-wan; do ip -n router link set $link group 0 alias edge-router; done
         ip -n router route replace default via 192.168.50.1 dev up-wan metric 100 proto 236")?;
    let numbers = "ip -o link | cut -d: -f1,2; ip -n router -o link | cut -d: -f1,2";
    let before = truck.edge.sh(numbers)?;
    truck.start(CONFIG)?;
    ensure!(truck.log().contains("took over 11 objects"), "{}", truck.log());
    same(truck.ctl_json(&["apply"])?["writes"].as_u64(), Some(0))?;
    same(drifted(&truck)?, vec![])?;
    same(truck.edge.sh(numbers)?, before)
}
