//! The server on a real link, asked by hand-made messages.
#![allow(clippy::expect_used, clippy::panic, reason = "a test's helpers fail the test")]

mod lab;

use edge_config::Host;
use edge_dhcp::{Claim, ClaimError, Identity, Import, LeaseKind, LeaseState, OpenError, Server};
use edge_net::Name;
use lab::{
    Lab, ROUTER, eventually, ip,
    message::{ACK, Answer, DISCOVER, INFORM, Message, NAK, OFFER, RELEASE, REQUEST},
    only_lease,
    wire::{Wire, frame_of},
};
use std::{net::Ipv4Addr, process::Command, time::Duration};

const MAC: [u8; 6] = [2, 0, 0, 0, 0, 9];
/// The client's interface's own.
const INTERFACE: [u8; 6] = [2, 0, 0, 0, 1, 5];
const CLIENT: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 250);

fn lab() -> (Lab, Wire) {
    let lab = Lab::new();
    ip(&format!("-n {} address add {CLIENT}/24 dev eth0", lab.client()));
    let wire = Wire::open(&lab.client_netns(), "eth0");
    (lab, wire)
}

fn vehicle() -> Name {
    "vehicle".parse().expect("a name")
}

fn new(kind: u8, xid: u32) -> Message {
    Message::new(kind, MAC, xid).broadcast()
}

fn boot(wire: &Wire) -> Answer {
    let offer = wire.ask(&new(DISCOVER, 1)).expect("an offer");
    let ack = wire.ask(&new(REQUEST, 2).option(50, &offer.yiaddr.octets()).option(54, &offer.options[&54])).expect("an ACK");
    assert_eq!((offer.kind, ack.kind, ack.yiaddr), (OFFER, ACK, offer.yiaddr));
    ack
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reply_has_what_was_asked_for_and_what_must_be() {
    let (lab, wire) = lab();
    let server = lab.serve(lab.service()).await;
    let asked = new(DISCOVER, 1).option(61, b"\xff id").option(55, &[1, 3, 6, 15, 28, 58, 59, 42, 121]);
    let offer = wire.ask(&asked).expect("an offer");
    let codes: Vec<u8> = offer.options.keys().copied().collect();
    assert_eq!(codes, [1, 3, 6, 15, 28, 51, 53, 54, 58, 59, 61]);
    let router = ROUTER.octets();
    let want: [(u8, &[u8]); 9] = [
        (1, &[255, 255, 255, 0]),
        (3, &router),
        (6, &[10, 77, 0, 2]),
        (15, b"truck.example"),
        (28, &[10, 77, 0, 255]),
        (51, &3600u32.to_be_bytes()),
        (58, &1800u32.to_be_bytes()),
        (59, &3150u32.to_be_bytes()),
        (61, b"\xff id"),
    ];
    want.iter().for_each(|(code, value)| assert_eq!(offer.options[code], *value, "option {code}"));
    let bare = wire.ask(&new(DISCOVER, 2).option(55, &[1])).expect("an offer");
    assert_eq!(bare.options.keys().copied().collect::<Vec<_>>(), [1, 51, 53, 54]);
    let counters = &server.counters().networks[&vehicle()];
    assert_eq!((counters.discovers, counters.offers, counters.pool_size), (2, 2, 100));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn naks_are_broadcast_and_informs_answered_to_their_address() {
    let (lab, wire) = lab();
    let _server = lab.serve(lab.service()).await;
    let elsewhere = Message::new(REQUEST, MAC, 5).ciaddr(Ipv4Addr::new(10, 78, 0, 9));
    assert_eq!(wire.ask(&elsewhere).expect("a NAK").kind, NAK, "to a renewal, and without the broadcast flag");
    let options = wire.ask(&Message::new(INFORM, INTERFACE, 6).ciaddr(CLIENT).option(55, &[1, 6, 51])).expect("options");
    assert_eq!((options.kind, options.yiaddr), (ACK, Ipv4Addr::UNSPECIFIED));
    assert_eq!(options.options.keys().copied().collect::<Vec<_>>(), [1, 6, 53, 54], "no lease time (RFC 2131, 4.3.5)");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_interface_may_come_go_and_come_back() {
    let lab = Lab::new();
    ip(&format!("-n {} link delete lan0", lab.server()));
    let server = lab.serve(lab.service()).await;
    for _ in 0..2 {
        ip(&format!("link add lan0 netns {} type veth peer name eth0 netns {}", lab.server(), lab.client()));
        ip(&format!("-n {} address add {ROUTER}/24 dev lan0", lab.server()));
        ip(&format!("-n {} link set lan0 up", lab.server()));
        ip(&format!("-n {} address add {CLIENT}/24 dev eth0", lab.client()));
        ip(&format!("-n {} link set eth0 up", lab.client()));
        let wire = Wire::open(&lab.client_netns(), "eth0");
        assert!(wire.ask_again(&new(DISCOVER, 3)).is_some());
        assert_eq!(boot(&wire).yiaddr, Ipv4Addr::new(10, 77, 0, 100));
        ip(&format!("-n {} link delete lan0", lab.server()));
    }
    assert!(lab::is_bound(&only_lease(&server)));
}

/// Its name says which network it is, and names move.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_interface_may_be_renamed() {
    let (lab, wire) = lab();
    let server = lab.serve(lab.service()).await;
    assert_eq!(wire.ask(&new(DISCOVER, 1)).expect("an offer").kind, OFFER);
    let rename = |from: &str, to: &str| {
        ip(&format!("-n {} link set {from} down", lab.server()));
        ip(&format!("-n {} link set {from} name {to} up", lab.server()));
        lab.wait_for_carrier();
    };
    rename("lan0", "other0");
    assert!(wire.is_not_answered(&new(DISCOVER, 2)), "nothing is served there");
    eventually("it is heard", || server.counters().stray == 1).await;
    rename("other0", "lan0");
    assert_eq!(wire.ask_again(&new(DISCOVER, 3)).expect("an offer").kind, OFFER);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_namespace_may_come_later() {
    let (lab, wire) = lab();
    let there = lab.netns();
    let later = lab.directory.path().join("later");
    let server = Server::open(&lab.state()).expect("the log opens");
    let mut service = lab.service();
    service.netns = Some(later.clone());
    let errors = server.configure(vec![service.clone()]).await;
    assert!(errors.len() == 1 && errors[0].to_string().contains("vehicle"), "{errors:?}");
    std::os::unix::fs::symlink(&there, &later).expect("a link");
    assert_eq!(wire.ask_again(&new(DISCOVER, 3)).expect("it is tried again").kind, OFFER);
    assert_eq!(boot(&wire).kind, ACK);
    assert!(server.configure(Vec::new()).await.is_empty());
    assert!(wire.is_not_answered(&new(DISCOVER, 9)), "nothing is configured any more");
    assert!(server.leases().is_empty());
    assert!(server.configure(vec![service]).await.is_empty());
    assert!(lab::is_bound(&only_lease(&server)), "a network that comes back finds its leases");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn malformed_messages_are_counted_and_nothing_else() {
    let (lab, wire) = lab();
    let server = lab.serve(lab.service()).await;
    let good = new(DISCOVER, 1).bytes();
    let changed = |at: usize, byte: u8| {
        let mut bytes = good.clone();
        bytes[at] = byte;
        bytes
    };
    let cases = [
        ("not-a-request", changed(0, 2)),
        ("not-ethernet", changed(1, 6)),
        ("not-ethernet", changed(2, 0)),
        ("not-ethernet", changed(2, 7)),
        ("not-ethernet", changed(2, 17)),
        ("not-ethernet", changed(2, 255)),
        ("relay-not-allowed", changed(24, 10)),
        ("relay-options", new(DISCOVER, 1).option(82, &[1, 1, 1]).bytes()),
        ("bad-mac", changed(28, 3)),
        ("no-magic-cookie", changed(236, 0)),
        ("bad-message-type", changed(242, 2)),
        ("bad-message-type", changed(242, 0)),
        ("bootp", changed(240, 0)),
        ("relay-options", new(DISCOVER, 1).option(118, &[10, 0, 0, 0]).bytes()),
        ("too-short", good[..239].to_vec()),
        ("too-short", Vec::new()),
    ];
    cases.iter().for_each(|(_, bytes)| wire.send_bytes(bytes));
    let dropped = || server.counters().networks[&vehicle()].drops.values().sum::<u64>();
    eventually("all are counted", || dropped() >= cases.len() as u64).await;
    assert!(wire.receive(Duration::from_millis(300)).is_none());
    let counters = server.counters().networks.remove(&vehicle()).expect("its counters");
    for (reason, _) in &cases {
        let sent = cases.iter().filter(|(other, _)| other == reason).count() as u64;
        assert_eq!(counters.drops_by_name().get(reason), Some(&sent), "{reason}");
    }
    assert_eq!(counters.discovers, 0);
    assert!(boot(&wire).kind == ACK);
}

/// Of a network it was in before, of its own choice (RFC 3927), and what some stacks send from (RFC 2131, 4.1 asks for 68). On a router
/// neither the kernel's reverse path filter nor the policy lets those through to a UDP socket.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_speaks_from_another_address_or_port_is_answered_once() {
    let (lab, wire) = lab();
    let policy = "table inet strict { chain spoofing { type filter hook prerouting priority raw; udp sport != 68 drop; ip saddr != 0.0.0.0 drop; }; }";
    let policed = Command::new("ip").args(["netns", "exec"]).arg(lab.server()).args(["nft", policy]).status().expect("nft runs");
    assert!(policed.success());
    let server = lab.serve(lab.service()).await;
    for (xid, from) in (1..).zip(["192.168.77.64:68", "169.254.7.7:68", "0.0.0.0:1068", "10.77.0.250:68", "127.0.0.1:68"]) {
        wire.send_frame(&frame_of(MAC, from.parse().expect("an address"), &new(DISCOVER, xid).bytes()));
        let (offer, _) = wire.receive(Duration::from_secs(10)).unwrap_or_else(|| panic!("no offer to {from}"));
        assert_eq!((offer.kind, offer.xid), (OFFER, xid), "{from}");
    }
    assert!(wire.receive(Duration::from_millis(300)).is_none(), "each is answered once");
    let counters = &server.counters().networks[&vehicle()];
    assert_eq!((counters.discovers, counters.offers), (5, 5));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_mac_cannot_take_all_the_time() {
    let (lab, wire) = lab();
    let server = lab.serve(lab.service()).await;
    (0..200).for_each(|xid| wire.send(&new(DISCOVER, xid)));
    let name = vehicle();
    eventually("it is limited", || {
        server.counters().networks[&name].drops_by_name().get("too-many").is_some_and(|count| *count >= 100)
    })
    .await;
    let other = Message::new(DISCOVER, [2, 0, 0, 0, 0, 10], 1000).broadcast();
    assert_eq!(wire.ask(&other).expect("another's is answered").kind, OFFER);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn devices_and_containers_share_one_store_that_outlives_the_process() {
    let (lab, wire) = lab();
    let name = vehicle();
    let mut service = lab.service();
    let address = Ipv4Addr::new(10, 77, 0, 4);
    service.reservations.push(Host {
        name: "container1".parse().expect("a name"),
        network: service.network.clone(),
        device: None,
        address,
    });
    let claim = |name: &str| Claim { name: name.to_owned(), address: None };

    let server = lab.serve(service.clone()).await;
    assert!(matches!(Server::open(&lab.state()), Err(OpenError::InUse(_))));
    let permanent = server.claim(&name, claim("container1")).await.expect("its reservation");
    assert_eq!((permanent.address, permanent.permanent, permanent.kind), (address, true, LeaseKind::Container));
    let dynamic = server.claim(&name, claim("web")).await.expect("a free address");
    assert_eq!((dynamic.address, dynamic.state), (Ipv4Addr::new(10, 77, 0, 100), LeaseState::Held));
    let ack = boot(&wire);
    assert_eq!(ack.yiaddr, Ipv4Addr::new(10, 77, 0, 101));
    wire.send(&Message::new(RELEASE, [2, 0, 0, 0, 0, 66], 3).ciaddr(ack.yiaddr).option(54, &ROUTER.octets()));
    let taken = server.claim(&name, Claim { name: "thief".to_owned(), address: Some(ack.yiaddr) }).await;
    assert!(matches!(taken, Err(ClaimError::InUse { .. })), "{taken:?}");
    let before = server.leases();
    assert!(server.configure(Vec::new()).await.is_empty());
    drop(server);

    let server = lab.serve(service).await;
    let after = server.leases();
    let key = |lease: &edge_dhcp::Lease| (lease.address, lease.identity.clone(), lease.name.clone());
    assert_eq!(before.iter().map(key).collect::<Vec<_>>(), after.iter().map(key).collect::<Vec<_>>());
    server.release(&name, "web").await.expect("it is let go");
    server.release(&name, "nobody").await.expect("nothing to do");
    let web = server.leases().into_iter().find(|lease| lease.identity == Identity::Container("web".to_owned())).expect("sticky");
    assert!(matches!(web.state, LeaseState::Released { .. }));
    assert_eq!(server.claim(&name, claim("web")).await.expect("its own").address, dynamic.address);
    assert!(matches!(server.claim(&"nowhere".parse().expect("a name"), claim("web")).await, Err(ClaimError::NoNetwork(_))));
    // Its address is not on the link, so the answer cannot arrive; the server's count says that it was given.
    assert!(wire.is_not_answered(&new(REQUEST, 4).ciaddr(ack.yiaddr)));
    eventually("it is given", || server.counters().networks[&name].acks == 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn leases_move_from_one_box_to_another() {
    let (lab, wire) = lab();
    let name = vehicle();
    let old = lab.serve(lab.service()).await;
    boot(&wire);
    old.claim(&name, Claim { name: "web".to_owned(), address: None }).await.expect("a free address");
    let leases: Vec<Import> = old.leases().into_iter().map(Import::from).collect();
    assert_eq!(leases.len(), 2);
    drop(old);

    std::fs::remove_dir_all(lab.state()).expect("it is there");
    let server = lab.serve(lab.service()).await;
    let wrong = |address: [u8; 4]| Import { address: address.into(), ..leases[0].clone() };
    let other = Import { mac: Some("02:00:00:00:00:77".parse().expect("a MAC")), ..leases[0].clone() };
    let nobody = Import { mac: None, ..wrong([10, 77, 0, 120]) };
    let elsewhere = Import { network: "nowhere".parse().expect("a name"), ..leases[0].clone() };
    let all = leases.iter().cloned().chain([
        wrong([10, 78, 0, 1]),
        wrong([10, 77, 0, 1]),
        wrong([10, 77, 0, 121]),
        other,
        nobody,
        elsewhere,
    ]);
    let left_out = server.import(all.collect()).await.expect("it is logged");
    let whys: Vec<&str> = left_out.iter().map(|(_, why)| *why).collect();
    assert_eq!(
        whys,
        [
            "it is no node's address in this network",
            "it is no node's address in this network",
            "its owner has another address here",
            "somebody else has it here",
            "it says neither a MAC address nor a container's name",
            "there is no such network",
        ]
    );
    drop(server);
    let server = lab.serve(lab.service()).await;
    assert_eq!(boot(&wire).yiaddr, leases[0].address, "the device has its lease");
    let web = server.claim(&name, Claim { name: "web".to_owned(), address: None }).await.expect("its own");
    assert_eq!(web.address, leases[1].address);
}
