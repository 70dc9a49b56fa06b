//! What `routerctl reachability` says is what packets do: generated configurations, every pair of hosts, router addresses and
//! the Internet, by ping, TCP and UDP.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test ends where it fails")]

mod truck;

use anyhow::{Context, Result, ensure};
use edge_lab::{Host, generate};
use serde_json::{Value, json};
use std::{collections::BTreeMap, env, net::Ipv4Addr};
use truck::Truck;

/// Drawn once, and since then the same on every run; `EDGE_SEEDS="5 6 7"` tries others.
const SEEDS: &str = "2 4";
/// Allowed by some generated lines (7, 8005), by `ssh-from` (22) and by none (9).
const PORTS: [u16; 4] = [7, 9, 22, 8005];
/// Tries every pair of goal and service at once. A refusal is an answer: the packet was let through and so was its reply.
const TRY: &str = r#"
import concurrent.futures, errno, json, socket, subprocess, sys

def tcp(address, port):
    with socket.socket() as s:
        s.settimeout(3)
        return s.connect_ex((address, port)) in (0, errno.ECONNREFUSED)

def udp(address, port):
    with socket.socket(type=socket.SOCK_DGRAM) as s:
        s.settimeout(1)
        s.connect((address, port))
        for _ in range(3):
            try:
                s.send(b"?")
                s.recv(1)
            except ConnectionRefusedError:
                return True
            except OSError:
                pass
        return False

def icmp(address, _):
    return subprocess.run(["ping", "-c", "3", "-i", "0.3", "-W", "1", address], capture_output=True).returncode == 0

goals = json.loads(sys.argv[1])
how = {"tcp": tcp, "udp": udp, "icmp": icmp}
with concurrent.futures.ThreadPoolExecutor(64) as pool:
    answers = pool.map(lambda goal: how[goal[0]](goal[1], goal[2]), goals)
    print(json.dumps(list(answers)))
"#;

/// Somebody who sends and is sent to.
struct Node {
    label: String,
    host: Host,
    address: Ipv4Addr,
}

#[test]
fn packets_do_what_reachability_says() {
    let seeds = env::var("EDGE_SEEDS").unwrap_or_else(|_| SEEDS.to_owned());
    let mut let_through = 0;
    for seed in seeds.split_whitespace() {
        let config = generate::config(seed.parse().unwrap());
        let_through += check(&config).unwrap_or_else(|error| panic!("seed {seed}: {error:#}\n{config}"));
    }
    assert!(let_through > 0, "nothing at all is let through: the bench is dead");
}

/// How many tries were let through, as the matrix says of each.
fn check(config: &str) -> Result<usize> {
    let mut truck = Truck::wired(&[1, 2, 3, 4, 5])?;
    // The Internet knows the way in, so that only the policy keeps it out.
    truck.internet.ip("route add 10.0.0.0/8 via 192.168.50.2")?;
    truck.start(config)?;
    let matrix = truck.ctl_json(&["reachability"])?;
    let nodes = nodes(&truck, &matrix)?;
    let rows: BTreeMap<(&str, &str), &Value> =
        array(&matrix, "rows").map(|row| ((text(row, "from"), text(row, "to")), row)).collect();

    let (mut tried, mut let_through) = (0, 0);
    for from in nodes.iter().filter(|node| !node.label.starts_with("router")) {
        let goals: Vec<(&Node, &str, u16)> = nodes.iter().filter(|to| to.label != from.label).flat_map(services).collect();
        let script: Vec<Value> =
            goals.iter().map(|(to, protocol, port)| json!([protocol, to.address.to_string(), port])).collect();
        let answers: Vec<bool> = serde_json::from_str(&from.host.run("python3", ["-c", TRY, &Value::from(script).to_string()])?)?;
        for ((to, protocol, port), answered) in goals.iter().zip(answers) {
            let row = rows.get(&(from.label.as_str(), to.label.as_str())).context("no such row")?;
            ensure!(
                answered == allows(row, protocol, *port),
                "{} -> {} {protocol} {port}: answered {answered}, but the matrix says {row}",
                from.label,
                to.label
            );
            (tried, let_through) = (tried + 1, let_through + usize::from(answered));
        }
    }
    println!("{} nodes, {tried} tries, {let_through} let through", nodes.len());
    Ok(let_through)
}

fn services(to: &Node) -> Vec<(&Node, &'static str, u16)> {
    let ports = PORTS.iter().flat_map(|port| [(to, "tcp", *port), (to, "udp", *port)]);
    ports.chain([(to, "icmp", 0)]).collect()
}

/// Every host and every router address of the matrix, one more node in each network, and the Internet.
fn nodes(truck: &Truck, matrix: &Value) -> Result<Vec<Node>> {
    let mut nodes = Vec::new();
    for label in array(matrix, "nodes").filter_map(Value::as_str) {
        let node = |host, address| Node { label: label.to_owned(), host, address };
        if label == "wan" {
            nodes.push(node(truck.internet.clone(), Ipv4Addr::new(8, 8, 8, 8)));
        } else if let Some(network) = label.strip_prefix("router in n") {
            nodes.push(node(truck.router()?, Ipv4Addr::new(10, 0, network.parse()?, 1)));
        } else if let Some(network) = label.strip_prefix('n').and_then(|rest| rest.strip_suffix("-h1")) {
            let number: u8 = network.parse()?;
            let device = truck.lab.host(label)?;
            truck.switch.access(number.into(), &device, "eth0", &format!("02:00:00:00:{number:02x}:11"))?;
            device.ip(&format!("address add 10.0.{number}.11/24 dev eth0"))?;
            device.ip(&format!("route add default via 10.0.{number}.1"))?;
            nodes.push(node(device, Ipv4Addr::new(10, 0, number, 11)));
        } else if let Some(network) = label.strip_prefix('n').and_then(|rest| rest.strip_suffix("-h2")) {
            nodes.push(node(truck.attached(label, &format!("n{network}"))?, Ipv4Addr::new(10, 0, network.parse()?, 12)));
        } else if let Some(number) = label.strip_prefix('n').and_then(|number| number.parse::<u8>().ok()) {
            // Somebody whom the file does not name.
            let stranger = truck.lab.host(label)?;
            truck.switch.access(number.into(), &stranger, "eth0", &format!("02:00:00:00:{number:02x}:77"))?;
            stranger.ip(&format!("address add 10.0.{number}.77/24 dev eth0"))?;
            stranger.ip(&format!("route add default via 10.0.{number}.1"))?;
            nodes.push(node(stranger, Ipv4Addr::new(10, 0, number, 77)));
        }
    }
    for node in &nodes {
        // So that a refusal answers every packet: the kernel says few unreachables a second by default.
        node.host.sh("echo 0 > /proc/sys/net/ipv4/icmp_ratelimit")?;
    }
    Ok(nodes)
}

fn allows(row: &Value, protocol: &str, port: u16) -> bool {
    let only: Vec<&str> = array(row, "only").filter_map(Value::as_str).collect();
    let reachable = row["reachable"].as_bool().unwrap_or_default();
    reachable && only.is_empty() || only.iter().any(|service| admits(service, protocol, port))
}

/// `icmp`, `tcp 443`, `udp 8000-8010`
fn admits(service: &str, protocol: &str, port: u16) -> bool {
    let (named, ports) = service.split_once(' ').unwrap_or((service, "1-65535"));
    let (first, last) = ports.split_once('-').unwrap_or((ports, ports));
    named == protocol && (protocol == "icmp" || (first.parse().unwrap()..=last.parse().unwrap()).contains(&port))
}

fn array<'a>(value: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    value[key].as_array().into_iter().flatten()
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}
