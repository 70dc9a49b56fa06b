//! ARP before a first offer, on a real link.
#![allow(clippy::expect_used, clippy::panic, reason = "a test's helpers fail the test")]

mod lab;

use edge_dhcp::{Claim, Server};
use lab::{
    Lab, eventually, ip,
    message::{DISCOVER, Message, OFFER, REQUEST},
    pool_of,
    wire::Wire,
};
use std::{
    net::Ipv4Addr,
    time::{Duration, Instant},
};

/// It is sent 200 ms after the first.
const SECOND_PROBE: Duration = Duration::from_millis(180);
/// How often a test tries to be faster than that.
const TRIES: u8 = 10;
const CLIENT: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 250);

async fn lab() -> (Lab, Wire, Server) {
    let lab = Lab::new();
    ip(&format!("-n {} address add {CLIENT}/24 dev eth0", lab.client()));
    let mut service = lab.service();
    pool_of(&mut service).probe = true;
    let server = lab.serve(service).await;
    let wire = Wire::open(&lab.client_netns(), "eth0");
    (lab, wire, server)
}

fn pool(host: u8) -> Ipv4Addr {
    Ipv4Addr::new(10, 77, 0, host)
}

fn new(kind: u8, last: u8, xid: u32) -> Message {
    Message::new(kind, [2, 0, 0, 0, 0, last], xid).broadcast()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_that_somebody_uses_is_not_offered_and_rests() {
    let (lab, wire, server) = lab().await;
    ip(&format!("-n {} address add {}/24 dev eth0", lab.client(), pool(100)));
    assert_eq!(wire.ask(&new(DISCOVER, 9, 1)).expect("an offer").yiaddr, pool(101));
    let counters = &server.counters().networks[&lab.service().network];
    assert_eq!((counters.conflicts, counters.pool_used, counters.offers), (1, 1, 1));
    assert_eq!(counters.discovers, 1, "however often it was looked at");
    assert_eq!(wire.ask(&new(DISCOVER, 10, 2)).expect("an offer").yiaddr, pool(102), "nobody is offered it");
    let resting = server.resting();
    assert_eq!(resting.iter().map(|(_, address, _)| *address).collect::<Vec<_>>(), [pool(100)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_uses_the_address_itself_is_no_conflict() {
    let (lab, wire, server) = lab().await;
    ip(&format!("-n {} address add {}/24 dev eth0", lab.client(), pool(100)));
    let own = Message::new(DISCOVER, [2, 0, 0, 0, 1, 5], 1).broadcast();
    assert_eq!(wire.ask(&own).expect("an offer").yiaddr, pool(100));
    assert_eq!(server.counters().networks[&lab.service().network].conflicts, 0);
}

/// A client that takes another server's offer lets its address go while that is still asked for.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_is_given_the_address_meanwhile_keeps_it() {
    let (lab, wire, server) = lab().await;
    let name = lab.service().network;
    let counters = || server.counters().networks[&name].clone();
    for round in 1..=TRIES {
        let start = Instant::now();
        wire.send(&new(DISCOVER, round, 1));
        eventually("it is asked for", || counters().discovers == u64::from(round)).await;
        wire.send(&new(REQUEST, round, 2).option(50, &[10, 77, 0, 200]).option(54, &[10, 77, 0, 77]));
        eventually("the client has gone elsewhere", || counters().requests == u64::from(round)).await;
        let web = Claim { name: format!("web{round}"), address: None };
        let given = server.claim(&name, web.clone()).await.expect("an address").address;
        ip(&format!("-n {} address add {given}/24 dev eth0", lab.client()));
        let is_in_time = start.elapsed() < SECOND_PROBE;
        tokio::time::sleep(Duration::from_millis(600)).await;
        assert_eq!(server.claim(&name, web).await.expect("its address").address, given);
        assert_eq!((server.resting().len(), counters().conflicts), (0, 0));
        if is_in_time {
            return;
        }
    }
    panic!("too slow a machine: never before the second probe");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_answers_only_the_second_probe_is_seen() {
    let (lab, wire, server) = lab().await;
    for round in 1..=TRIES {
        let (start, used) = (Instant::now(), pool(99 + round));
        wire.send(&new(DISCOVER, round, 1));
        // Time for the first probe.
        tokio::time::sleep(Duration::from_millis(50)).await;
        ip(&format!("-n {} address add {used}/24 dev eth0", lab.client()));
        let is_in_time = start.elapsed() < SECOND_PROBE;
        let (offer, _) = wire.receive(Duration::from_secs(10)).expect("an offer");
        if offer.yiaddr != used {
            assert_eq!((offer.yiaddr, server.resting().len()), (pool(100 + round), 1));
            return;
        }
        assert!(!is_in_time, "{used} is offered");
    }
    panic!("too slow a machine: never before the second probe");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_else_waits_for_a_probe() {
    let (lab, wire, server) = lab().await;
    let boot = |last| {
        let offer = wire.ask(&new(DISCOVER, last, 1)).expect("an offer");
        wire.ask(&new(REQUEST, last, 2).option(50, &offer.yiaddr.octets()).option(54, &offer.options[&54])).expect("an ACK");
    };
    boot(9);
    let offered = || {
        let (offer, _) = wire.receive(Duration::from_secs(10)).expect("an offer");
        assert_eq!(offer.kind, OFFER);
        offer.xid
    };
    // A machine that is busy may have more time between two messages than a probe takes: then another client tries.
    // One that must be probed for, and then one that is known.
    let is_overtaken = |last| {
        wire.send(&new(DISCOVER, last, 77));
        wire.send(&new(DISCOVER, 9, 78));
        [offered(), offered()] == [78, 77]
    };
    assert!((10..15).any(is_overtaken));
    // The same message three times while it is asked for is answered once.
    let is_answered_once = |last| {
        (0..3).for_each(|xid| wire.send(&new(DISCOVER, last, 90 + xid)));
        let first = offered();
        let more = std::iter::from_fn(|| wire.receive(Duration::from_millis(500))).count();
        (first, more) == (92, 0)
    };
    assert!((20..25).any(is_answered_once));
    drop(server);
    drop(lab);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_is_offered_addresses_without_a_probe_once_too_many_wait() {
    let lab = Lab::new();
    ip(&format!("-n {} address add {CLIENT}/16 dev eth0", lab.client()));
    ip(&format!("-n {} address flush dev lan0", lab.server()));
    ip(&format!("-n {} address add {}/16 dev lan0", lab.server(), lab::ROUTER));
    let mut service = lab.service();
    service.address = edge_net::Interface::new("10.77.0.1/16".parse().expect("a net")).expect("an address");
    let pool = pool_of(&mut service);
    (pool.probe, pool.from, pool.to) = (true, Ipv4Addr::new(10, 77, 1, 0), Ipv4Addr::new(10, 77, 9, 0));
    let name = service.network.clone();
    let server = lab.serve(service).await;
    let wire = Wire::open(&lab.client_netns(), "eth0");
    for number in 0..400u32 {
        wire.send(&Message::new(DISCOVER, [2, 9, 0, 0, (number >> 8) as u8, number as u8], number).broadcast());
        if number % 50 == 49 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
    eventually("each gets its offer", || server.counters().networks[&name].offers == 400).await;
}
