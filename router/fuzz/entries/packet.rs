//! Any packet, against a network with everything a reply can carry, and long.

use edge_config::{DeviceId, Dhcp, DhcpOption, DhcpServer, Host};
use edge_dhcp::NetworkService;
use edge_net::Interface;
use std::{net::Ipv4Addr, time::Duration};

pub fn run(bytes: &[u8]) {
    edge_dhcp::fuzz_packet(service(), bytes);
}

fn service() -> NetworkService {
    let network: edge_net::Name = "vehicle".parse().unwrap();
    let options = [(26, 2), (43, 255), (66, 63), (67, 100), (114, 200), (119, 600), (121, 300)];
    let pool = DhcpServer {
        dns: vec![Ipv4Addr::new(10, 0, 1, 3); 20],
        domain: Some("d.".repeat(120)),
        options: options.map(|(code, size)| DhcpOption { code, value: vec![code; size], always: code == 119 }).to_vec(),
        relays: vec![Ipv4Addr::new(10, 0, 1, 2)],
        rapid_commit: true,
        lease: Duration::from_secs(3600),
        ..DhcpServer::new(Ipv4Addr::new(10, 0, 1, 10), Ipv4Addr::new(10, 0, 1, 254))
    };
    let device = Some(DeviceId::Mac("02:00:00:00:01:05".parse().unwrap()));
    let address = Ipv4Addr::new(10, 0, 1, 5);
    let host = Host { name: "h".repeat(63).parse().unwrap(), network: network.clone(), device, address };
    NetworkService {
        network,
        link: "br0".parse().unwrap(),
        netns: None,
        address: Interface::new("10.0.1.3/24".parse().unwrap()).unwrap(),
        dhcp: Some(Dhcp::Server(pool)),
        dns: Vec::new(),
        own_name: None,
        reservations: vec![host],
    }
}
