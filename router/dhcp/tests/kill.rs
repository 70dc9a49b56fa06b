//! `kill -9` under load: what a client was told is what the next start knows.
//!
//! `EDGE_KILLS` says how many times; `EDGE_SEED` repeats a run.
#![allow(clippy::expect_used, clippy::panic, reason = "a test's helpers fail the test")]

mod lab;

use edge_dhcp::Server;
use lab::{
    Lab,
    crowd::{Crowd, Mac, number, read_known, say_known, seed},
    wide_service,
    wire::Wire,
};
use std::{
    collections::HashMap,
    env,
    io::BufReader,
    net::Ipv4Addr,
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

const KILLS: u64 = 250;
/// So many kills share a state: enough that logs fill up and generations pass, and not so many that starts get slow.
const KILLS_OF_A_STATE: u64 = 125;

/// The process to be killed: this test binary again. It says what it knows, then serves.
#[test]
#[ignore = "run by the test below"]
fn serve_until_killed() {
    let variable = |name| env::var_os(name).expect("set by the test below");
    let (state, netns) = (variable("LAB_STATE"), variable("LAB_NETNS"));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let server = Server::open(state.as_ref()).expect("the log opens");
        let errors = server.configure(vec![wide_service("lan0", Some(netns.into()))]).await;
        assert!(errors.is_empty(), "{errors:?}");
        say_known(&server);
        std::future::pending::<()>().await;
    });
}

/// Starts it on that state; returns what it knows.
fn start(lab: &Lab, state: &Path) -> (Child, HashMap<Mac, Ipv4Addr>) {
    let mut daemon = Command::new(env::current_exe().expect("this program"))
        .args(["--ignored", "--exact", "serve_until_killed"])
        .env("LAB_STATE", state)
        .env("LAB_NETNS", lab.netns())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("this program can be run");
    let known = read_known(BufReader::new(daemon.stdout.take().expect("piped")), false);
    (daemon, known)
}

#[test]
fn a_lease_outlives_a_daemon_killed_under_load() {
    let kills = number("EDGE_KILLS").unwrap_or(KILLS);
    let seed = seed();
    let begun = Instant::now();
    let lab = Lab::new();
    lab::ip(&format!("-n {} address add 10.77.0.250/24 dev eth0", lab.client()));
    let mut crowd = Crowd::new(Wire::open(&lab.client_netns(), "eth0"), seed);
    let (mut done, mut acks, mut cut_off) = (0, 0, 0);
    while done < kills {
        let state = lab.directory.path().join(format!("state{done}"));
        crowd.acked.clear();
        for _ in 0..KILLS_OF_A_STATE.min(kills - done) {
            let (mut daemon, known) = start(&lab, &state);
            crowd.check(&known, &format!("after {done} kills"));
            let enough = 1 + crowd.below(40);
            acks += crowd.talk(|acks| acks >= enough);
            std::thread::sleep(Duration::from_micros(crowd.below(2000)));
            daemon.kill().expect("it is ours");
            cut_off += crowd.waiting.len();
            daemon.wait().expect("it is ours");
            acks += crowd.hear_the_last();
            done += 1;
        }
        let (mut daemon, known) = start(&lab, &state);
        daemon.kill().expect("it is ours");
        daemon.wait().expect("it is ours");
        crowd.check(&known, &format!("after {done} kills"));
    }
    let took = begun.elapsed().as_secs_f64();
    println!("{done} kills in {took:.0} s: {acks} acknowledgements, none lost; {cut_off} requests were under way at a kill");
}
