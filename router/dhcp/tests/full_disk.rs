//! A disk that is full: nothing new is promised and it is told why, and who has a lease keeps it.
#![allow(clippy::expect_used, clippy::panic, reason = "a test's helpers fail the test")]

mod lab;

use edge_dhcp::{Claim, ClaimError, LeaseState, Server};
use lab::{
    Lab, eventually,
    message::{ACK, DISCOVER, Message, OFFER, REQUEST},
    wire::Wire,
};
use nix::{
    mount::{MsFlags, mount},
    sched::{CloneFlags, unshare},
};
use std::{fs, io::Write, net::Ipv4Addr, path::Path};

const OLD: [u8; 6] = [2, 0, 0, 0, 0, 1];
const NEW: [u8; 6] = [2, 0, 0, 0, 0, 2];

/// The address, if it is acknowledged.
fn dora(wire: &Wire, mac: [u8; 6]) -> Option<Ipv4Addr> {
    let offer = wire.ask(&Message::new(DISCOVER, mac, 1).broadcast()).expect("an offer");
    assert_eq!(offer.kind, OFFER);
    let request = Message::new(REQUEST, mac, 2).broadcast().option(51, &600_u32.to_be_bytes());
    let answer = wire.ask(&request.option(50, &offer.yiaddr.octets()).option(54, &offer.options[&54]));
    answer.map(|answer| {
        assert_eq!(answer.kind, ACK);
        answer.yiaddr
    })
}

fn fill(state: &Path) {
    let mut ballast = fs::File::create(state.join("ballast")).expect("room for a name");
    while ballast.write_all(&[1; 4096]).is_ok() {}
}

#[test]
fn who_has_a_lease_keeps_it_while_the_disk_is_full() {
    let lab = Lab::new();
    // A small file system that nobody else sees.
    fs::create_dir(lab.state()).expect("it is ours");
    unshare(CloneFlags::CLONE_NEWNS).expect("root may");
    let none: Option<&str> = None;
    mount(none, "/", none, MsFlags::MS_REC | MsFlags::MS_PRIVATE, none).expect("root may");
    mount(Some("tmpfs"), &lab.state(), Some("tmpfs"), MsFlags::empty(), Some("size=16m")).expect("root may");
    let wire = Wire::open(&lab.client_netns(), "eth0");
    tokio::runtime::Runtime::new().expect("a runtime").block_on(async {
        let server = lab.serve(lab.service()).await;
        let address = dora(&wire, OLD).expect("there is room");
        let network = "vehicle".parse().expect("a name");
        let web = |address| Claim { name: "web".to_owned(), address };
        let held = server.claim(&network, web(None)).await.expect("there is room").address;
        fill(&lab.state());
        exhaust(&server, &network).await;

        let elsewhere = Ipv4Addr::new(10, 77, 0, 240);
        assert!(matches!(server.claim(&network, web(Some(elsewhere))).await, Err(ClaimError::NotDurable(_))));
        let its: Vec<_> = server.leases().into_iter().filter(|lease| lease.name.as_deref() == Some("web")).collect();
        assert_eq!(its.iter().map(|lease| (lease.address, &lease.state)).collect::<Vec<_>>(), [(held, &LeaseState::Held)]);

        assert_eq!(dora(&wire, NEW), None, "it could not be kept");
        let why = server.counters().log_fault.broken.expect("an alarm");
        assert!(why.contains("No space left"), "{why}");
        // For longer than the log vouches for, which is 976 s.
        let again = Message::new(REQUEST, OLD, 3).broadcast().option(50, &address.octets()).option(51, &3600_u32.to_be_bytes());
        let answer = wire.ask(&again).expect("it was promised and is on disk");
        assert_eq!((answer.kind, answer.yiaddr), (ACK, address));
        let lease = answer.options[&51].iter().fold(0, |lease, byte| lease << 8 | u32::from(*byte));
        assert!((60..976).contains(&lease), "{lease} s");

        fs::remove_file(lab.state().join("ballast")).expect("it is ours");
        eventually("a lease is promised again", || dora(&wire, NEW).is_some()).await;
        eventually("the alarm ends", || server.counters().log_fault.broken.is_none()).await;
    });
}

/// Commits until the log is full too, which was written beforehand.
async fn exhaust(server: &Server, network: &edge_net::Name) {
    for _ in 0..10_000 {
        let claim = Claim { name: "c".to_owned(), address: None };
        if server.claim(network, claim).await.is_err() || server.release(network, "c").await.is_err() {
            return;
        }
    }
    panic!("the log is never full");
}
