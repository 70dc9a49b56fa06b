//! A thousand networks are served by as many threads and sockets as one is.
#![allow(clippy::expect_used, clippy::panic, reason = "a test's helpers fail the test")]

mod lab;

use edge_dhcp::NetworkService;
use edge_net::Interface;
use lab::{
    Lab, eventually,
    message::{DISCOVER, Message, OFFER},
    wire::Wire,
};
use std::{fs, net::Ipv4Addr};

const NETWORKS: u16 = 1000;

fn count(directory: &str) -> usize {
    fs::read_dir(format!("/proc/self/{directory}")).expect("it is this process's").count()
}

/// The lab's own, and others whose interface is still to come.
fn services(lab: &Lab) -> Vec<NetworkService> {
    let others = (1..NETWORKS).map(|number| {
        let [high, low] = number.to_be_bytes();
        let router = Interface::new(format!("10.{}.{low}.1/24", 100 + high).parse().expect("a subnet")).expect("an address");
        let [from, to] = [10, 200].map(|host| Ipv4Addr::new(10, 100 + high, low, host));
        NetworkService {
            network: format!("n{number}").parse().expect("a name"),
            link: format!("l{number}").parse().expect("an interface name"),
            address: router,
            dhcp: Some(edge_config::Dhcp::Server(edge_config::DhcpServer::new(from, to))),
            ..lab.service()
        }
    });
    others.chain([lab.service()]).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_networks_need_no_more_threads_and_sockets_than_one() {
    let lab = Lab::new();
    let wire = Wire::open(&lab.client_netns(), "eth0");
    let server = lab.serve(lab.service()).await;
    let discover = |xid| Message::new(DISCOVER, [2, 0, 0, 0, 0, 9], xid).broadcast();
    assert_eq!(wire.ask(&discover(1)).expect("an offer").kind, OFFER);
    let with_one = (count("task"), count("fd"));

    let services = services(&lab);
    assert_eq!(services.len(), usize::from(NETWORKS));
    assert!(server.configure(services).await.is_empty());
    assert_eq!(wire.ask(&discover(2)).expect("an offer").kind, OFFER);
    assert_eq!(server.counters().networks.len(), usize::from(NETWORKS));
    // A thread that has ended may still be listed.
    eventually("as many threads and sockets", || (count("task"), count("fd")) == with_one).await;
}
