//! `kill -9` under load: what a client was told is what the next start knows.
#![allow(clippy::expect_used, clippy::panic, reason = "a test's helpers fail the test")]

mod lab;

use edge_dhcp::{LeaseState, Server, Service};
use lab::{
    Lab, ROUTER,
    message::{ACK, Answer, DISCOVER, Message, OFFER, REQUEST},
    wire::Wire,
};
use std::{
    collections::{HashMap, HashSet},
    net::Ipv4Addr,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

const ROUNDS: u32 = 4;

/// A pool that no round empties.
fn service(netns: std::path::PathBuf, mut service: Service) -> Service {
    service.netns = Some(netns);
    let net = format!("{ROUTER}/16").parse().expect("a subnet");
    service.address = edge_config::Interface::new(net).expect("a host's address");
    if let Some(pool) = &mut service.pool {
        (pool.from, pool.to) = (Ipv4Addr::new(10, 77, 1, 0), Ipv4Addr::new(10, 77, 250, 255));
    }
    service
}

/// The process to be killed: this test binary again.
#[test]
#[ignore = "run by the test below"]
fn serve_until_killed() {
    let variable = |name| std::env::var_os(name).expect("set by the test below");
    let (state, netns) = (variable("LAB_STATE"), variable("LAB_NETNS"));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let server = Server::open(state.as_ref()).expect("the log opens");
        let errors = server.configure(vec![service(netns.into(), Lab::plain_service())]).await;
        assert!(errors.is_empty(), "{errors:?}");
        std::future::pending::<()>().await;
    });
}

#[test]
fn a_lease_outlives_a_daemon_killed_under_load() {
    let lab = Lab::new();
    lab::ip(&format!("-n {} address add 10.77.0.250/24 dev eth0", lab.client()));
    let wire = Wire::open(&lab.client_netns(), "eth0");
    let mut acked: HashMap<[u8; 6], Ipv4Addr> = HashMap::new();
    for round in 0..ROUNDS {
        let program = std::env::current_exe().expect("this program");
        let mut daemon = Command::new(program)
            .args(["--ignored", "--exact", "serve_until_killed"])
            .env("LAB_STATE", lab.state())
            .env("LAB_NETNS", lab.netns())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("this program can be run");
        let id = nix::unistd::Pid::from_raw(daemon.id() as i32);
        let kill = || nix::sys::signal::kill(id, nix::sys::signal::Signal::SIGKILL).expect("it is ours");
        load(&wire, round, &mut acked, kill);
        daemon.wait().expect("it is ours");

        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let found = runtime.block_on(async {
            let server = Server::open(&lab.state()).expect("the log opens");
            assert_eq!(server.counters().recovery, Vec::<String>::new());
            server.configure(vec![service(lab.netns(), lab.service())]).await;
            server.leases()
        });
        let known: HashMap<_, _> = found.iter().map(|lease| (lease.mac.expect("a device's").bytes(), lease)).collect();
        for (mac, address) in &acked {
            let lease = known.get(mac).unwrap_or_else(|| panic!("round {round}: {address} was acknowledged and is lost"));
            assert!(lease.address == *address && matches!(lease.state, LeaseState::Bound { .. }), "{lease:?}, not {address}");
        }
        assert_eq!(acked.values().collect::<HashSet<_>>().len(), acked.len(), "an address was given twice");
    }
    println!("{} leases acknowledged in {ROUNDS} rounds, none lost", acked.len());
}

/// New clients, many at a time; `kill` is called while answers are under way. Notes what was acknowledged, to the last that
/// made it out.
fn load(wire: &Wire, round: u32, acked: &mut HashMap<[u8; 6], Ipv4Addr>, kill: impl Fn()) {
    let mac = |number: u32| [2, 7, round as u8, (number >> 16) as u8, (number >> 8) as u8, number as u8];
    let enough = acked.len() + 300 + 137 * round as usize;
    let (start, mut next) = (Instant::now(), 0);
    while acked.len() < enough {
        assert!(start.elapsed() < Duration::from_secs(30), "round {round}: only {} leases in half a minute", acked.len());
        for _ in 0..16 {
            wire.send(&Message::new(DISCOVER, mac(next), next).broadcast());
            next += 1;
        }
        take(wire, 32, Duration::from_millis(60), acked);
    }
    (next..next + 64).for_each(|number| wire.send(&Message::new(DISCOVER, mac(number), number).broadcast()));
    take(wire, 80, Duration::from_millis(60), acked);
    kill();
    take(wire, usize::MAX, Duration::from_millis(300), acked);
}

/// Takes up to so many answers, as long as none lets wait for that long; requests what is offered.
fn take(wire: &Wire, most: usize, quiet: Duration, acked: &mut HashMap<[u8; 6], Ipv4Addr>) {
    for _ in 0..most {
        let Some((answer, _)) = wire.receive(quiet) else { return };
        match answer.kind {
            OFFER => wire.send(&request(&answer)),
            ACK => drop(acked.insert(answer.mac, answer.yiaddr)),
            kind => panic!("an answer of kind {kind}"),
        }
    }
}

fn request(offer: &Answer) -> Message {
    let message = Message::new(REQUEST, offer.mac, offer.xid).broadcast();
    message.option(50, &offer.yiaddr.octets()).option(54, &offer.options[&54])
}
