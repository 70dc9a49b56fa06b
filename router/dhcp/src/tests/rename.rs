//! A network that gets another name keeps its leases.

use super::*;
use crate::{lease::State, log::Record, network::Networks};
use edge_net::Name;

fn named(name: &str) -> NetworkService {
    NetworkService { network: name.parse().expect("a name"), ..service(1, 8) }
}

/// As elsewhere, so that it has no address of the others'.
fn elsewhere(name: &str) -> NetworkService {
    let address = edge_net::Interface::new("10.0.2.3/24".parse().expect("a subnet")).expect("a host's address");
    let pool = edge_config::DhcpServer::new(Ipv4Addr::new(10, 0, 2, 10), Ipv4Addr::new(10, 0, 2, 20));
    NetworkService { address, dhcp: Some(edge_config::Dhcp::Server(pool)), ..named(name) }
}

fn bind(network: &str, host: u8, owner: u8) -> Record {
    let mac = edge_net::Mac::new([2, 0, 0, 0, 1, owner]).expect("a MAC");
    let state = State::Bound { until: NOW + 100, logged: NOW + 150, lagging: false };
    let identity = Identity::Mac(mac);
    let binding = crate::lease::Binding { address: ip(host), identity, mac: Some(mac), hostname: None, state, direct: true };
    Record { network: network.parse().expect("a name"), at: NOW, change: Change::Bind(binding) }
}

fn networks(log: &[Record]) -> Networks {
    let mut networks = Networks::default();
    log.iter().for_each(|record| networks.replay(record.clone()));
    networks
}

fn hosts(networks: &Networks, name: &str) -> Vec<u8> {
    let network = networks.by_name.get(&name.parse::<Name>().expect("a name"));
    network.into_iter().flat_map(|network| network.table.bindings()).map(|binding| binding.address.octets()[3]).collect()
}

#[test]
fn a_renamed_network_keeps_its_leases_also_over_a_power_cut() {
    let log = [bind("vehicle", 1, 11), bind("vehicle", 2, 12), bind("vehicle", 5, 15)];
    let mut run = networks(&log);
    assert_eq!(run.configure(vec![named("vehicle")], NOW), []);
    let moved = run.configure(vec![named("truck"), elsewhere("other")], NOW + 1);
    assert_eq!(moved.len(), 6);
    assert_eq!((hosts(&run, "truck"), hosts(&run, "vehicle"), hosts(&run, "other")), (vec![1, 2, 5], vec![], vec![]));
    let truck = run.by_name.get(&"truck".parse::<Name>().expect("a name")).expect("it is configured");
    assert_eq!(truck.table.pick(NOW), Some(ip(4)), "none of theirs");
    for written in 0..=moved.len() {
        let mut again = networks(&[&log[..], &moved[..written]].concat());
        let rest = again.configure(vec![named("truck")], NOW + 2);
        assert_eq!(hosts(&again, "truck"), [1, 2, 5], "{written} written");
        assert_eq!(written < moved.len() - 1, !rest.is_empty(), "{written} written");
    }
    run.configure(vec![named("vehicle")], NOW + 3);
    assert_eq!((hosts(&run, "truck"), hosts(&run, "vehicle")), (vec![], vec![1, 2, 5]), "back again");
}

#[test]
fn a_network_takes_over_nothing_that_it_knows_itself() {
    let mut run = networks(&[bind("old", 1, 11), bind("old", 2, 12), bind("old", 5, 15), bind("new", 1, 20), bind("new", 7, 12)]);
    run.configure(vec![named("new")], NOW);
    assert_eq!((hosts(&run, "old"), hosts(&run, "new")), (vec![1, 2], vec![1, 5, 7]));
}

#[test]
fn what_a_change_moved_to_another_network_comes_back_when_it_is_undone() {
    let mut run = networks(&[bind("x", 1, 11), bind("x", 2, 12)]);
    let before = || vec![named("x"), elsewhere("y")];
    assert_eq!(run.configure(before(), NOW), []);
    for after in [vec![named("y")], vec![named("y"), elsewhere("x")]] {
        run.configure(after, NOW);
        assert_eq!((hosts(&run, "x"), hosts(&run, "y")), (vec![], vec![1, 2]), "it has their subnet");
        run.configure(before(), NOW);
        assert_eq!((hosts(&run, "x"), hosts(&run, "y")), (vec![1, 2], vec![]));
    }
}
