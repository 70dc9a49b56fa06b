#![no_main]

use edge_config::{Dhcp, Host, Interface};
use edge_dhcp::Service;
use std::{net::Ipv4Addr, time::Duration};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| edge_dhcp::fuzz_packet(service(), bytes));

/// With everything a reply can carry, and long.
fn service() -> Service {
    let network: edge_config::Name = "vehicle".parse().unwrap();
    let pool = Dhcp {
        from: Ipv4Addr::new(10, 0, 1, 1),
        to: Ipv4Addr::new(10, 0, 1, 254),
        lease: Duration::from_secs(3600),
        dns: vec![Ipv4Addr::new(10, 0, 1, 3); 20],
        domain: Some("d.".repeat(120)),
    };
    let mac = Some("02:00:00:00:01:05".parse().unwrap());
    let host = Host { name: "h".repeat(63).parse().unwrap(), network: network.clone(), mac, address: Ipv4Addr::new(10, 0, 1, 5) };
    Service {
        network,
        link: "br0".parse().unwrap(),
        netns: None,
        address: Interface::new("10.0.1.3/24".parse().unwrap()).unwrap(),
        pool: Some(pool),
        dns: Vec::new(),
        reservations: vec![host],
    }
}
