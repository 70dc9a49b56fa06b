//! Devices that the file does not name: left as they are, or closed. On any kernel: no VLANs here.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test ends where it fails")]

mod truck;

use anyhow::{Result, ensure};
use edge_lab::{Host, same};
use serde_json::json;
use std::thread;
use truck::Truck;

const CONFIG: &str = r#"
[system]
unnamed = "UNNAMED"
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
[[allow]]
from = "cabin"
to = "wan"
"#;
/// Of the box, each on a device of its own.
const OWN: [&str; 2] = ["172.20.1.1", "172.20.2.1"];

struct Site {
    truck: Truck,
    left: Host,
    right: Host,
    cabin: Host,
}

impl Site {
    fn built() -> Result<Self> {
        let truck = Truck::without_trunk()?;
        let cabin = truck.device("on-eth1", "eth1", "10.0.1.5/24", "10.0.1.1")?;
        let (left, right) = (
            truck.device("on-eth8", "eth8", "172.20.1.2/24", OWN[0])?,
            truck.device("on-eth9", "eth9", "172.20.2.2/24", OWN[1])?,
        );
        for (port, own) in [("eth8", OWN[0]), ("eth9", OWN[1])] {
            truck.edge.ip(&format!("address add {own}/24 dev {port}"))?;
            truck.edge.ip(&format!("link set {port} up"))?;
        }
        truck.edge.sh("sysctl -qw net.ipv4.ip_forward=1")?;
        truck.internet.ip("route replace 172.20.0.0/16 via 192.168.50.2")?;
        Ok(Self { truck, left, right, cabin })
    }

    fn apply(&mut self, unnamed: &str, namespace: &str) -> Result<()> {
        let config = CONFIG.replace("UNNAMED", unnamed).replace("# NAMESPACE", namespace);
        self.truck.apply(&config).map(drop)
    }

    /// Whether two of nobody's devices reach each other and the box; and never what the file names.
    fn is_untouched(&self) -> Result<bool> {
        let named = ["10.0.1.5", "10.0.1.1", "192.168.50.1", "192.168.50.2"].map(|goal| (&self.left, goal));
        let unnamed = [(&self.left, "172.20.2.2"), (&self.left, OWN[0]), (&self.left, OWN[1]), (&self.right, "172.20.1.2")];
        let inside = [(&self.cabin, "172.20.1.2"), (&self.cabin, "10.0.1.1")];
        let answers = thread::scope(|scope| {
            let all = named.iter().chain(&unnamed).chain(&inside);
            let asked: Vec<_> = all.map(|(from, to)| scope.spawn(move || pings(from, to))).collect();
            asked.into_iter().map(|ping| ping.join().unwrap()).collect::<Vec<bool>>()
        });
        ensure!(answers[..4] == [false; 4], "from a device that nobody named to one that is: {answers:?}");
        ensure!(answers[4..8] == [answers[4]; 4], "all or none: {answers:?}");
        ensure!(
            answers[8..] == [false, true],
            "from a network to a device that nobody named, and to its own router: {answers:?}"
        );
        Ok(answers[4])
    }

    fn told(&self) -> Result<[serde_json::Value; 2]> {
        Ok([self.truck.ctl_json(&["status"])?["unnamed"].clone(), self.truck.ctl_json(&["plan"])?["unnamed"].clone()])
    }
}

fn pings(from: &Host, to: &str) -> bool {
    from.run("ping", ["-c", "2", "-i", "0.2", "-W", "1", to]).is_ok()
}

#[test]
fn what_the_file_does_not_name_is_untouched_or_closed_and_told() -> Result<()> {
    for namespace in ["", "namespace = \"router\""] {
        let mut site = Site::built()?;
        site.truck.start("")?;
        ensure!(pings(&site.left, OWN[0]), "before anything is applied");
        site.apply("untouched", namespace)?;
        ensure!(site.is_untouched()?, "untouched, {namespace}");
        let devices = json!({ "devices": ["eth8", "eth9"], "treatment": "untouched" });
        same(site.told()?, [devices.clone(), devices])?;
        let screen = site.truck.ctl(&["status"])?;
        ensure!(screen.contains("not in the file: eth8, eth9 (untouched: "), "{screen}");

        site.apply("closed", namespace)?;
        ensure!(!site.is_untouched()?, "closed, {namespace}");
        let devices = json!({ "devices": ["eth8", "eth9"], "treatment": "closed" });
        same(site.told()?, [devices.clone(), devices])?;
        // The table stays where its daemon does not.
        site.truck.kill()?;
        ensure!(!pings(&site.left, "172.20.2.2"), "closed, and the daemon is gone");
    }
    Ok(())
}

/// Forwarding is ours then, and not theirs.
#[test]
fn a_machine_that_was_no_gateway_is_none_for_what_nobody_named() -> Result<()> {
    let mut site = Site::built()?;
    site.truck.edge.sh("sysctl -qw net.ipv4.ip_forward=0")?;
    site.truck.start("")?;
    site.apply("untouched", "")?;
    ensure!(site.truck.edge.sh("cat /proc/sys/net/ipv4/ip_forward")?.trim() == "1", "the router forwards");
    ensure!(pings(&site.left, OWN[0]), "the box is reached");
    ensure!(!pings(&site.left, "172.20.2.2"), "and none beyond it");
    // It is known after a restart, too.
    site.truck.stop()?;
    site.truck.restart(&[])?;
    ensure!(!pings(&site.left, "172.20.2.2"), "nor after a restart");
    Ok(())
}

/// One that forges an address of a network would get into its flows.
#[test]
fn what_nobody_named_brings_no_inside_address() -> Result<()> {
    let mut site = Site::built()?;
    site.truck.start("")?;
    site.apply("untouched", "")?;
    site.truck.edge.sh("for l in all eth8 eth9; do sysctl -qw net.ipv4.conf.$l.rp_filter=0; done")?;
    site.truck.kill()?;
    site.left.ip("address add 10.0.1.77/32 dev eth0")?;
    let forged = site.left.run("ping", ["-c", "2", "-i", "0.2", "-W", "1", "-I", "10.0.1.77", OWN[0]]);
    ensure!(forged.is_err(), "a forged ping was answered: {forged:?}");
    let chain = site.truck.edge.run("nft", ["list", "chain", "inet", "edge-router", "source-outside"])?;
    ensure!(chain.contains("counter packets 2 "), "{chain}");
    Ok(())
}
