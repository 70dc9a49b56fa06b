//! What a port scanner finds, from each side: every TCP port, and those of UDP that routers are known for.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test ends where it fails")]

mod truck;

use anyhow::{Context, Result, ensure};
use edge_lab::{Daemon, Host, wait_until};
use std::{thread, time::Duration};
use truck::Truck;

const CONFIG: &str = r#"
[system]
ssh-from = ["cabin"]
[[uplink]]
name = "wan"
device = "wlp3s0f0"
address = "192.168.50.2/24"
gateway = "192.168.50.1"
[[network]]
name = "cabin"
ports = ["eth1"]
address = "10.0.1.1/24"
dhcp = { from = "10.0.1.100", to = "10.0.1.199" }
[[network]]
name = "hold"
ports = ["eth2"]
address = "10.0.2.1/24"
dhcp = { from = "10.0.2.100", to = "10.0.2.199" }
[[allow]]
from = "cabin"
to = "wan"
[[forward]]
uplink = "wan"
protocol = "tcp"
port = 8080
to = "10.0.2.5:80"
"#;

/// Takes connections on each of the ports.
const LISTEN: &str = "
import socket, sys, time
ears = [socket.create_server(('', int(port))) for port in sys.argv[1:]]
print('ready', flush=True)
time.sleep(600)
";

fn listen(host: &Host, ports: &[&str]) -> Result<Daemon> {
    let ear = host.daemon(host.command("python3").args(["-c", LISTEN]).args(ports))?;
    wait_until("listeners", Duration::from_secs(60), || Ok(ear.log()?.contains("ready")))?;
    Ok(ear)
}

/// The ports that somebody answers, whether he takes the connection or refuses it.
fn answered(from: &Host, how: &[&str], target: &str) -> Result<Vec<String>> {
    let told = from.run("nmap", ["-n", "-Pn", "-oG", "-"].iter().chain(how).chain(&[target]))?;
    ensure!(told.contains("1 host up"), "{told}");
    // `22/open/tcp//ssh///, 80/…`, and after a tab the rest.
    let listed = told.lines().filter_map(|line| line.split_once("Ports: ")?.1.split('\t').next());
    let ports = listed.flat_map(|ports| ports.split(", ")).map(|port| port.split('/').collect::<Vec<_>>());
    let is_answer = |port: &Vec<&str>| port.len() > 2 && ["open", "closed", "unfiltered"].contains(&port[1]);
    let found = ports.filter(is_answer).map(|port| port[..3].join("/")).collect();
    // Where most ports say the same, only their number is told.
    let ignored = told.split("Ignored State: ").nth(1).and_then(|rest| rest.split(' ').next());
    ensure!(ignored.is_none_or(|state| state == "filtered" || state == "open|filtered"), "{told}");
    Ok(found)
}

#[test]
fn a_scanner_finds_what_the_file_opens_and_nothing_else() -> Result<()> {
    let mut truck = Truck::without_trunk()?;
    let cabin = truck.device("cabin", "eth1", "10.0.1.5/24", "10.0.1.1")?;
    let hold = truck.device("hold", "eth2", "10.0.2.5/24", "10.0.2.1")?;
    truck.start(CONFIG)?;
    truck.internet.ip("route replace 10.0.0.0/8 via 192.168.50.2")?;
    let _ears = [listen(&truck.edge, &["22", "80", "8443"])?, listen(&hold, &["22", "80"])?];

    // So fast that an answer may be lost: of these ports none but those may be found that a slow scan finds.
    let all = ["-sS", "-p-", "--min-rate", "20000", "--max-retries", "1"].as_slice();
    let ack = ["-sA", "-p", "1-1024", "--min-rate", "5000", "--max-retries", "1"].as_slice();
    let tcp = ["-sS", "-p", "22,80,8080,8443", "--max-retries", "5"].as_slice();
    let udp = ["-sU", "-p", "53,67,68,69,123,137,161,500,514,1900,4500,5353,51820", "--max-retries", "1"].as_slice();
    let scans: [(&Host, &[&str], &str, &[&str]); 15] = [
        (&truck.internet, tcp, "192.168.50.2", &["8080/open/tcp"]),
        (&truck.internet, all, "192.168.50.2", &["8080/open/tcp"]),
        (&truck.internet, ack, "192.168.50.2", &[]),
        (&truck.internet, udp, "192.168.50.2", &[]),
        (&truck.internet, tcp, "10.0.1.1", &[]),
        (&truck.internet, tcp, "10.0.2.5", &[]),
        (&cabin, tcp, "10.0.1.1", &["22/open/tcp"]),
        (&cabin, all, "10.0.1.1", &["22/open/tcp"]),
        (&cabin, udp, "10.0.1.1", &[]),
        (&cabin, tcp, "10.0.2.1", &[]),
        (&cabin, tcp, "10.0.2.5", &[]),
        (&cabin, tcp, "192.168.50.2", &[]),
        (&hold, tcp, "10.0.2.1", &[]),
        (&hold, all, "10.0.2.1", &[]),
        (&hold, udp, "10.0.2.1", &[]),
    ];
    let found = thread::scope(|scope| {
        let running: Vec<_> = scans.iter().map(|(from, how, target, _)| scope.spawn(|| answered(from, how, target))).collect();
        running.into_iter().map(|scan| scan.join().unwrap()).collect::<Vec<_>>()
    });
    for ((from, how, target, open), found) in scans.iter().zip(found) {
        let found = found.with_context(|| format!("{} {how:?} {target}", from.name()))?;
        let is_open = |port: &String| open.contains(&port.as_str());
        ensure!(
            found.iter().all(is_open) && (*how == all || found.len() == open.len()),
            "{} {how:?} {target}: {found:?}",
            from.name()
        );
    }
    Ok(())
}
