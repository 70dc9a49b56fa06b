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
fn a_lease_outlives_the_daemon_killed_at_any_moment() {
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
        let killer = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(700 + u64::from(round) * 137));
            nix::sys::signal::kill(id, nix::sys::signal::Signal::SIGKILL).expect("it is ours");
        });
        let before = acked.len();
        load(&wire, round, &mut acked);
        killer.join().expect("no panic there");
        daemon.wait().expect("it is ours");
        assert!(acked.len() > before + 50, "round {round}: only {} leases were given before the kill", acked.len() - before);

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

/// New clients, many at a time, until nobody answers any more; notes what was acknowledged.
fn load(wire: &Wire, round: u32, acked: &mut HashMap<[u8; 6], Ipv4Addr>) {
    let mac = |number: u32| [2, 7, round as u8, (number >> 16) as u8, (number >> 8) as u8, number as u8];
    let start = Instant::now();
    let (mut next, mut quiet) = (0, false);
    while !quiet || start.elapsed() < Duration::from_millis(1500) {
        for _ in 0..16 {
            wire.send(&Message::new(DISCOVER, mac(next), next).broadcast());
            next += 1;
        }
        quiet = true;
        let mut expected = 32;
        while expected > 0
            && let Some((answer, _)) = wire.receive(Duration::from_millis(60))
        {
            quiet = false;
            expected -= 1;
            match answer.kind {
                OFFER => wire.send(&request(&answer)),
                ACK => drop(acked.insert(answer.mac, answer.yiaddr)),
                kind => panic!("an answer of kind {kind}"),
            }
        }
    }
}

fn request(offer: &Answer) -> Message {
    let message = Message::new(REQUEST, offer.mac, offer.xid).broadcast();
    message.option(50, &offer.yiaddr.octets()).option(54, &offer.options[&54])
}
