//! What dhcpstarv and dhcpig do, against the server on a real link.
#![allow(clippy::expect_used, clippy::panic, reason = "a test's helpers fail the test")]

mod lab;

use edge_config::{DeviceId, Host};
use edge_dhcp::{Counters, NetworkService, Server};
use lab::{
    Lab, ROUTER, eventually, ip,
    message::{ACK, Answer, DISCOVER, Message, OFFER, REQUEST},
    wide_service,
    wire::Wire,
};
use std::{
    net::Ipv4Addr,
    time::{Duration, Instant},
};

const KNOWN: [u8; 6] = [2, 0, 0, 0, 0, 1];
const RESERVED: [u8; 6] = [2, 0, 0, 0, 0, 2];
const NEW: [u8; 6] = [2, 0, 0, 0, 0, 3];
const ATTACKER: [u8; 6] = [2, 66, 66, 66, 66, 66];
/// Puts its own hardware address on the frames of who is behind it.
const BRIDGE: [u8; 6] = [2, 0, 0, 0, 0, 4];
const BEHIND: [u8; 6] = [2, 0, 0, 0, 0, 5];

struct Scene {
    lab: Lab,
    wire: Wire,
    server: Server,
    known: Ipv4Addr,
}

impl Scene {
    /// A pool of 100, one known client with a lease in it, and one reserved address in it.
    async fn new() -> Self {
        Self::of(Lab::service).await
    }

    /// The same with a pool that nobody empties during a test.
    async fn wide() -> Self {
        Self::of(|lab| wide_service("lan0", Some(lab.netns()))).await
    }

    async fn of(service: fn(&Lab) -> NetworkService) -> Self {
        let lab = Lab::new();
        ip(&format!("-n {} address add 10.77.0.250/24 dev eth0", lab.client()));
        let mut service = service(&lab);
        service.reservations.push(Host {
            name: "reserved".parse().expect("a name"),
            network: service.network.clone(),
            device: Some(DeviceId::Mac(edge_net::Mac::new(RESERVED).expect("a MAC"))),
            address: Ipv4Addr::new(10, 77, 0, 150),
        });
        let server = lab.serve(service).await;
        let wire = Wire::open(&lab.client_netns(), "eth0");
        let known = boot(&wire, KNOWN).expect("an address");
        Self { lab, wire, server, known }
    }

    fn counters(&self) -> Counters {
        self.server.counters().networks.remove(&self.lab.service().network).expect("its counters")
    }

    /// So many messages of those who speak for others, sooner or later.
    async fn has_refused(&self, least: u64) {
        let refused = || self.counters().drops_by_name().get("too-many-for-others").copied().unwrap_or_default();
        eventually("the rest is refused", || refused() >= least).await;
    }

    /// What must go on whatever happens.
    fn check_the_known_and_the_reserved(&self) {
        let reboot = request(KNOWN, 1).option(50, &self.known.octets());
        let answer = answer_to(&self.wire, &reboot).expect("the known client is answered");
        assert_eq!((answer.kind, answer.yiaddr), (ACK, self.known));
        assert_eq!(boot(&self.wire, RESERVED), Some(Ipv4Addr::new(10, 77, 0, 150)));
    }
}

fn discover(mac: [u8; 6], xid: u32) -> Message {
    Message::new(DISCOVER, mac, xid).broadcast()
}

fn request(mac: [u8; 6], xid: u32) -> Message {
    Message::new(REQUEST, mac, xid).broadcast()
}

fn selecting(offer: &Answer) -> Message {
    request(offer.mac, offer.xid).option(50, &offer.yiaddr.octets()).option(54, &ROUTER.octets())
}

/// The answer to this client among all those to others.
fn answer_to(wire: &Wire, message: &Message) -> Option<Answer> {
    let mac = message.bytes()[28..34].try_into().expect("six bytes");
    answer_by(wire, mac, message)
}

/// The same for a message in a frame from `source`.
fn answer_by(wire: &Wire, source: [u8; 6], message: &Message) -> Option<Answer> {
    let mac: [u8; 6] = message.bytes()[28..34].try_into().expect("six bytes");
    wire.send_from(source, &message.bytes());
    let end = Instant::now() + Duration::from_secs(10);
    while let Some(left) = end.checked_duration_since(Instant::now()).filter(|left| !left.is_zero()) {
        if let Some((answer, _)) = wire.receive(left)
            && answer.mac == mac
        {
            return Some(answer);
        }
    }
    None
}

fn boot(wire: &Wire, mac: [u8; 6]) -> Option<Ipv4Addr> {
    boot_by(wire, mac, mac)
}

fn boot_by(wire: &Wire, source: [u8; 6], mac: [u8; 6]) -> Option<Ipv4Addr> {
    let offer = answer_by(wire, source, &discover(mac, 1)).filter(|answer| answer.kind == OFFER)?;
    answer_by(wire, source, &selecting(&offer)).filter(|answer| answer.kind == ACK).map(|ack| ack.yiaddr)
}

fn invented(number: u32) -> [u8; 6] {
    [6, 1, 1, (number >> 16) as u8, (number >> 8) as u8, number as u8]
}

/// dhcpstarv: one machine asks for as many clients as there are addresses.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_machine_that_invents_clients_gets_little_and_honest_ones_are_served() {
    let scene = Scene::wide().await;
    let start = Instant::now();
    for number in 0..2_000 {
        scene.wire.send_from(ATTACKER, &discover(invented(number), number).bytes());
        if number % 500 == 250 {
            scene.check_the_known_and_the_reserved();
            assert!(
                boot_by(&scene.wire, BRIDGE, BEHIND).is_some(),
                "another that speaks for others is not counted with the attacker"
            );
        }
    }
    assert!(boot(&scene.wire, NEW).is_some(), "a new one that speaks for itself is served during the attack");
    scene.has_refused(1_000).await;
    // Fifty a second, and some for the honest; the disk may be slow to serve these.
    let most = 50 * (start.elapsed().as_secs() + 2) + 50;
    assert!(scene.counters().offers < most, "{most}: {:?}", scene.counters());
}

/// The same to the server alone, which would come by another socket.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unicast_is_no_way_around() {
    let scene = Scene::new().await;
    (0..1_000).for_each(|number| scene.wire.send_udp(&discover(invented(number), number).bytes(), ROUTER));
    scene.has_refused(500).await;
    // An address can also be taken without an offer, as by a client that renews what another server gave it.
    for number in 0..1_000 {
        let address = Ipv4Addr::new(10, 77, 0, 100 + (number % 100) as u8);
        scene.wire.send_udp(&request(invented(number), number).ciaddr(address).bytes(), ROUTER);
    }
    scene.has_refused(1_500).await;
    scene.check_the_known_and_the_reserved();
    let refused = scene.counters().drops_by_name().get("too-many-for-others").copied();
    let acks = scene.counters().acks;
    let renewal = Message::new(REQUEST, KNOWN, 7).ciaddr(scene.known);
    scene.wire.send_udp(&renewal.bytes(), ROUTER);
    let is_renewed = || scene.counters().acks > acks;
    eventually("a client that has its address is not counted with them", is_renewed).await;
    assert_eq!(scene.counters().drops_by_name().get("too-many-for-others").copied(), refused);
}

/// Who forges the source too, never twice the same, is not counted without end.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bridges_that_are_invented_share_what_one_gets() {
    let scene = Scene::new().await;
    for number in 0..2_000 {
        scene.wire.send_from(invented(10_000 + number), &discover(invented(number), number).bytes());
    }
    scene.has_refused(500).await;
    scene.check_the_known_and_the_reserved();
}

/// A frame with a tag that nobody takes off here is another network's.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_vlans_broadcast_is_not_heard() {
    let scene = Scene::new().await;
    let before = scene.counters().discovers;
    for source in [ATTACKER, NEW] {
        let mut frame = lab::wire::frame(source, &discover(NEW, 1).bytes());
        frame.splice(12..12, [0x81, 0, 0, 99]);
        scene.wire.send_frame(&frame);
    }
    assert!(boot_by(&scene.wire, BRIDGE, BEHIND).is_some());
    assert_eq!(scene.counters().discovers, before + 1);
}

/// Requests every address that is offered until nothing comes within that time; how many were acknowledged.
fn take_what_is_offered(wire: &Wire, within: Duration) -> u32 {
    let mut taken = 0;
    while let Some((answer, _)) = wire.receive(within) {
        match answer.kind {
            OFFER => wire.send(&selecting(&answer)),
            _ => taken += 1,
        }
    }
    taken
}

/// dhcpig: every invented client has a hardware address of its own, and takes its lease.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_emptied_pool_costs_neither_the_known_nor_the_reserved_their_addresses() {
    let scene = Scene::new().await;
    let mut taken = 0;
    let is_emptied = |taken| taken > 0 && scene.counters().pool_used == 99;
    let end = Instant::now() + Duration::from_secs(20);
    while !is_emptied(taken) && Instant::now() < end {
        for number in 0..200 {
            scene.wire.send(&discover(invented(number), number));
            taken += take_what_is_offered(&scene.wire, Duration::from_millis(2));
        }
        // The disk may be slow to write what they took.
        for _ in 0..10 {
            if !is_emptied(taken) {
                taken += take_what_is_offered(&scene.wire, Duration::from_millis(100));
            }
        }
    }
    assert!(is_emptied(taken), "the pool is empty: {taken} {:?}", scene.counters());
    assert!(scene.server.leases().len() <= 100);
    assert_eq!(boot(&scene.wire, NEW), None, "there is nothing left");
    scene.check_the_known_and_the_reserved();
    assert!(scene.counters().drops_by_name()["pool-exhausted"] > 0);
}
