//! How long an apply takes, against `ip -batch` doing the same, and how long it takes to look, the table for as many networks
//! included. As root:
//!
//!     cargo run --release -p edge-kernel --example apply [NETWORKS]
//!
//! Runs in namespaces of its own that nobody else sees. A network is a bridge with an address (router in the
//! host), or a bridge and a veth pair into the router's namespace with an address there (router in a namespace).

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use edge_kernel::Kernel;
use edge_net::{Interface, Mac};
use edge_plan::{Address, Facts, Link, LinkConf, LinkKind, Op, Owner, RpFilter, Space, desired, link::Veth};
use nix::{
    mount::{MsFlags, mount},
    sched::{CloneFlags, unshare},
};
use std::{
    fmt::Write,
    fs,
    process::Command,
    thread,
    time::{Duration, Instant},
};

const ROUNDS: usize = 5;

fn main() {
    let networks = std::env::args().nth(1).map_or(500, |count| count.parse().expect("a number of networks"));
    into_a_box();
    println!("{networks} networks, median of {ROUNDS}, ms");
    let router = Space::Named("router".parse().unwrap());
    let cases = [
        ("router in the host", Space::Host, in_host(networks), host_batch(networks)),
        ("router in a namespace", router, in_namespace(networks), namespace_batch(networks)),
    ];
    for (name, space, ops, batch) in cases {
        let table = set_table(networks, space);
        let rounds: Vec<_> = (0..ROUNDS).map(|_| (ours(&ops, &table), theirs(&batch))).collect();
        let median = |pick: fn(&(Times, Duration)) -> Duration| {
            let mut times: Vec<_> = rounds.iter().map(pick).collect();
            times.sort();
            times[ROUNDS / 2].as_secs_f64() * 1000.0
        };
        let (apply, observe, ip) = (median(|(times, _)| times.apply), median(|(times, _)| times.observe), median(|(_, ip)| *ip));
        println!("{name:22} apply {apply:7.1}   ip -batch {ip:7.1}   ratio {:.2}   observe {observe:6.1}", apply / ip);
    }
}

struct Times {
    apply: Duration,
    observe: Duration,
}

fn ours(ops: &[Op], table: &Op) -> Times {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let times = runtime.block_on(async {
        let kernel = Kernel::open().await.unwrap();
        let start = Instant::now();
        kernel.execute(ops).await.unwrap();
        let apply = start.elapsed();
        kernel.execute(std::slice::from_ref(table)).await.unwrap();
        let start = Instant::now();
        kernel.observe().await.unwrap();
        Times { apply, observe: start.elapsed() }
    });
    drop(runtime);
    clean();
    times
}

/// The lines behind a `#` are for the router's namespace.
fn theirs(batch: &str) -> Duration {
    let inside: String = batch.lines().filter_map(|line| line.strip_prefix('#')).map(|line| format!("{line}\n")).collect();
    fs::write("/run/netns/.batch", batch).unwrap();
    fs::write("/run/netns/.inside", &inside).unwrap();
    let start = Instant::now();
    if !inside.is_empty() {
        ip("netns add router");
    }
    ip("-batch /run/netns/.batch");
    if !inside.is_empty() {
        ip("-n router -batch /run/netns/.inside");
    }
    let time = start.elapsed();
    clean();
    time
}

fn ip(arguments: &str) {
    let status = Command::new("ip").args(arguments.split(' ')).status();
    assert!(status.expect("ip (iproute2) is needed").success(), "ip {arguments}");
}

/// Everything is gone before the next round: the kernel's own cleaning up of a namespace would be in its way.
fn clean() {
    ip("link delete group 25956");
    if fs::exists("/run/netns/router").unwrap() {
        ip("netns del router");
    }
    thread::sleep(Duration::from_millis(500));
}

/// Namespaces of our own, for the main thread before it has any other.
fn into_a_box() {
    unshare(CloneFlags::CLONE_NEWNET | CloneFlags::CLONE_NEWNS).expect("unshare; run as root");
    mount(None::<&str>, "/", None::<&str>, MsFlags::MS_PRIVATE | MsFlags::MS_REC, None::<&str>).unwrap();
    fs::create_dir_all("/run/netns").unwrap();
    mount(Some("tmpfs"), "/run/netns", Some("tmpfs"), MsFlags::empty(), None::<&str>).unwrap();
}

fn mac(kind: u8, n: usize) -> Mac {
    Mac::new([2, kind, 0, 0, (n >> 8) as u8, n as u8]).unwrap()
}

fn network(n: usize) -> String {
    format!("10.{}.{}.1/24", n >> 8, n & 255)
}

fn link(kind: LinkKind, mac: Mac, master: Option<String>) -> Link {
    let conf = Some(LinkConf { rp_filter: RpFilter::Strict, forwarding: false });
    Link { kind, owner: Owner::Plan, master: master.map(|master| master.parse().unwrap()), up: true, mac: Some(mac), conf }
}

fn bridge(n: usize) -> Op {
    Op::CreateLink {
        space: Space::Host,
        name: format!("br{n}").parse().unwrap(),
        link: link(LinkKind::Bridge, mac(0, n), None),
        peer: None,
    }
}

fn address(space: &Space, link: String, n: usize) -> Op {
    let interface = Interface::new(network(n).parse().unwrap()).unwrap();
    Op::AddAddress { space: space.clone(), address: Address { link: link.parse().unwrap(), interface } }
}

/// The table that a configuration of so many networks comes to.
fn set_table(networks: usize, space: Space) -> Op {
    let mut text =
        "[[uplink]]\nname = \"wan\"\ndevice = \"u0\"\naddress = \"192.168.50.2/24\"\ngateway = \"192.168.50.1\"\n".to_owned();
    for n in 1..=networks {
        let (name, address) = (format!("n{n}"), network(n));
        write!(text, "[[network]]\nname = \"{name}\"\naddress = \"{address}\"\n[[allow]]\nfrom = \"{name}\"\nto = \"wan\"\n")
            .unwrap();
    }
    let config = edge_config::parse("apply.toml", &text).unwrap_or_else(|errors| panic!("{}", errors.render(false)));
    let to = desired(&config, &Facts::default()).spaces.remove(&Space::Host).unwrap().table;
    Op::SetTable { space, family: edge_plan::nft::Family::Inet, from: None, to }
}

fn in_host(networks: usize) -> Vec<Op> {
    let bridges = (0..networks).map(bridge);
    bridges.chain((0..networks).map(|n| address(&Space::Host, format!("br{n}"), n))).collect()
}

fn in_namespace(networks: usize) -> Vec<Op> {
    let router = Space::Named("router".parse().unwrap());
    let veth = |space: &Space, peer: String| LinkKind::Veth(Veth { peer_space: space.clone(), peer: peer.parse().unwrap() });
    let pair = |n: usize| Op::CreateLink {
        space: Space::Host,
        name: format!("rt-{n}").parse().unwrap(),
        link: link(veth(&router, format!("gw-{n}")), mac(1, n), Some(format!("br{n}"))),
        peer: Some(link(veth(&Space::Host, format!("rt-{n}")), mac(2, n), None)),
    };
    let mut ops = vec![Op::CreateNamespace("router".parse().unwrap())];
    ops.extend((0..networks).map(bridge).chain((0..networks).map(pair)));
    ops.extend((0..networks).map(|n| address(&router, format!("gw-{n}"), n)));
    ops
}

/// What `ip` can do of the same: it can set neither `rp_filter` and `arp_ignore` nor (before 6.2) who an address is from.
fn host_batch(networks: usize) -> String {
    let mut batch = String::new();
    for n in 0..networks {
        bridge_lines(&mut batch, n);
        writeln!(batch, "addr add {} brd + dev br{n}", network(n)).unwrap();
    }
    batch
}

fn namespace_batch(networks: usize) -> String {
    let mut batch = String::new();
    for n in 0..networks {
        bridge_lines(&mut batch, n);
        let (port, leg) = (mac(1, n), mac(2, n));
        writeln!(
            batch,
            "link add rt-{n} group 25956 address {port} type veth peer name gw-{n} group 25956 address {leg} netns router"
        )
        .unwrap();
        writeln!(batch, "link set rt-{n} master br{n} addrgenmode none\nlink set rt-{n} up").unwrap();
        writeln!(batch, "#link set gw-{n} addrgenmode none\n#link set gw-{n} up\n#addr add {} brd + dev gw-{n}", network(n))
            .unwrap();
    }
    batch
}

fn bridge_lines(batch: &mut String, n: usize) {
    let mac = mac(0, n);
    writeln!(batch, "link add br{n} group 25956 address {mac} type bridge\nlink set br{n} addrgenmode none\nlink set br{n} up")
        .unwrap();
}
