//! Relay agents: others' that ask this server, and ours that asks another.
#![allow(clippy::expect_used, clippy::panic, reason = "a test's helpers fail the test")]

mod lab;

use edge_config::{Dhcp, DhcpRelay};
use edge_dhcp::{NetworkService, Server};
use lab::{
    Lab, ROUTER, WAIT_FOR, eventually, ip,
    message::{ACK, DISCOVER, Message, NAK, OFFER, REQUEST},
    pool_of,
    wire::Wire,
};
use std::{net::Ipv4Addr, time::Duration};

const MAC: [u8; 6] = [2, 0, 0, 0, 0, 9];
const AGENT: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 250);
const CIRCUIT: &[u8] = &[1, 4, 0, 0, 0, 7, 2, 2, 9, 9];

async fn served() -> (Lab, Wire, Server) {
    let lab = Lab::new();
    ip(&format!("-n {} address add {AGENT}/24 dev eth0", lab.client()));
    let mut service = lab.service();
    pool_of(&mut service).relays = vec![AGENT];
    let server = lab.serve(service).await;
    let agent = Wire::agent(&lab.client_netns(), "eth0");
    (lab, agent, server)
}

fn relayed(kind: u8, xid: u32) -> Message {
    Message::new(kind, MAC, xid).giaddr(AGENT).option(82, CIRCUIT)
}

/// ISC forge: test_v4_request_relay_selecting_success_chaddr, ..._second_request_fail, initreboot; test_v4_rai_options.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn forge_v4_request_relay_and_rai_options() {
    let (_lab, agent, server) = served().await;
    let offer = agent.ask(&relayed(DISCOVER, 1)).expect("an offer, to the agent's port");
    assert_eq!((offer.kind, offer.giaddr, &offer.options[&82][..]), (OFFER, AGENT, CIRCUIT));
    let request = |xid, mac: [u8; 6]| {
        let message = Message::new(REQUEST, mac, xid).giaddr(AGENT).option(82, CIRCUIT);
        message.option(50, &offer.yiaddr.octets()).option(54, &offer.options[&54])
    };
    let ack = agent.ask(&request(2, MAC)).expect("an ACK");
    assert_eq!((ack.kind, ack.yiaddr, &ack.options[&82][..]), (ACK, offer.yiaddr, CIRCUIT));
    let nak = agent.ask(&request(3, [2, 0, 0, 0, 0, 10])).expect("a NAK");
    assert_eq!((nak.kind, nak.flags, &nak.options[&82][..]), (NAK, 0x80, CIRCUIT), "the agent is to broadcast it");
    let reboot = agent.ask(&relayed(REQUEST, 4).option(50, &offer.yiaddr.octets())).expect("an ACK");
    assert_eq!((reboot.kind, reboot.yiaddr), (ACK, offer.yiaddr));
    let elsewhere = relayed(REQUEST, 5).option(50, &[10, 78, 0, 9]);
    assert_eq!(agent.ask(&elsewhere).expect("a NAK").kind, NAK);
    assert_eq!(server.counters().networks.values().map(|counters| counters.acks).sum::<u64>(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_agent_may_name_the_link_and_the_server_and_must_be_known() {
    let (_lab, agent, server) = served().await;
    let with = |xid, information: &[u8]| Message::new(DISCOVER, MAC, xid).giaddr(AGENT).option(82, information);
    let own_link = agent.ask(&with(1, &[5, 4, 10, 77, 0, 0])).expect("an offer");
    assert_eq!(own_link.options[&54], ROUTER.octets());
    let renamed = agent.ask(&with(2, &[11, 4, 10, 77, 0, 250])).expect("an offer");
    assert_eq!(renamed.options[&54], AGENT.octets(), "RFC 5107");
    assert!(agent.is_not_answered(&with(3, &[5, 4, 10, 78, 0, 0])), "RFC 3527: a link that is not served here");
    assert!(agent.is_not_answered(&Message::new(DISCOVER, MAC, 4).giaddr([10, 77, 0, 251].into())));
    let drops = || server.counters().networks.values().next().expect("the network").drops_by_name();
    eventually("both are counted", || drops().values().sum::<u64>() >= 2).await;
    assert_eq!((drops().get("relayed-from-elsewhere"), drops().get("relay-not-allowed")), (Some(&1), Some(&1)));
}

/// The box relays from `lan0`; the server is this one too, in a third namespace, and knows the box for an agent.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_network_served_elsewhere() {
    let lab = Lab::new();
    let (there, box_) = (lab.upstream(), lab.server());
    let far = Ipv4Addr::new(10, 77, 0, 2);
    ip(&format!("netns add {there}"));
    for line in [
        format!("link add wan0 netns {box_} type veth peer name up0 netns {there}"),
        format!("-n {box_} address add 10.78.0.1/24 dev wan0"),
        format!("-n {there} address add 10.78.0.2/24 dev up0"),
        format!("-n {there} address add {far}/32 dev up0"),
        format!("-n {box_} link set wan0 up"),
        format!("-n {there} link set up0 up"),
        format!("-n {box_} route add {far}/32 via 10.78.0.2"),
        format!("-n {there} route add 10.77.0.0/24 via 10.78.0.1"),
    ] {
        ip(&line);
    }
    let state = tempfile::tempdir().expect("a directory");
    let remote = Server::open(state.path()).expect("the log opens");
    let mut service = Lab::plain_service();
    service.netns = Some(format!("/run/netns/{there}").into());
    service.link = "up0".parse().expect("a name");
    service.address = edge_net::Interface::new(format!("{far}/24").parse().expect("a net")).expect("an address");
    pool_of(&mut service).relays = vec![ROUTER];
    assert!(remote.configure(vec![service]).await.is_empty());

    let relay = NetworkService { dhcp: Some(Dhcp::Relay(DhcpRelay { servers: vec![far] })), ..lab.service() };
    let server = lab.serve(relay).await;
    lab.script(
        "udhcpc",
        "echo \"$1 $ip server=$serverid\" >> $dir/events; case $1 in bound) ip address add $ip/24 dev $interface;; esac",
    );
    lab.must(&format!(
        "{WAIT_FOR} busybox udhcpc -f -i eth0 -s $dir/udhcpc &
        client=$!
        wait_for bound
        kill -USR1 $client; wait_for renew
        kill $client"
    ));
    let events = lab.kept("events");
    let got = format!("10.77.0.100 server={ROUTER}");
    assert!(events.contains(&format!("bound {got}")) && events.contains(&format!("renew {got}")), "{events}");
    assert!(server.leases().is_empty() && lab::is_bound(&lab::only_lease(&remote)));
    let counters = || server.counters().networks.remove(&lab.service().network).expect("its counters");
    // Three questions and their answers, and more of both where the client repeats itself for a slow disk.
    eventually("all is relayed", || counters().relayed >= 6 && counters().relayed.is_multiple_of(2)).await;

    // A client cannot be an agent, and nobody else can be the server.
    ip(&format!("-n {} address add {AGENT}/24 dev eth0", lab.client()));
    let wire = Wire::open(&lab.client_netns(), "eth0");
    assert!(wire.is_not_answered(&relayed(DISCOVER, 1)));
    let mut forged = Message::new(OFFER, MAC, 2).broadcast().giaddr(ROUTER).bytes();
    forged[0] = 2;
    wire.send_bytes(&forged);
    eventually("both are counted", || counters().drops.values().sum::<u64>() >= 2).await;
    assert!(wire.receive(Duration::from_millis(300)).is_none());
    let drops = counters().drops_by_name();
    assert_eq!((drops.get("relay-not-allowed"), drops.get("not-the-relays-server")), (Some(&1), Some(&1)));
}
