//! What is known of the uplinks, in routes.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test ends where it fails")]

use edge_net::Interface;
use edge_plan::{Facts, Op, Space, State, UplinkLease, desired, diff};
use ipnet::Ipv4Net;

const CONFIG: &str = "
[[uplink]]
name = \"wan\"
device = \"eth0\"
address = \"dhcp\"
[[uplink]]
name = \"lte\"
device = \"eth1\"
address = \"198.51.100.2/24\"
gateway = \"198.51.100.1\"
[[uplink]]
name = \"dsl\"
device = \"eth2\"
address = \"203.0.113.2/24\"
gateway = \"203.0.113.1\"
metric = 1000000
";

fn wanted(facts: &Facts) -> State {
    let config = edge_config::parse("x", CONFIG).unwrap_or_else(|errors| panic!("{}", errors.render(false)));
    desired(&config, facts)
}

/// `DESTINATION DEVICE METRIC`, the way that is taken first.
fn routes(state: &State) -> Vec<String> {
    let mut routes: Vec<_> = state.spaces[&Space::Host].routes.iter().collect();
    routes.sort_by_key(|route| route.metric);
    routes.iter().map(|route| format!("{} {} {}", route.destination, route.link, route.metric)).collect()
}

fn leased() -> Facts {
    let net = |text: &str| text.parse::<Ipv4Net>().unwrap();
    let lease = UplinkLease {
        interface: Interface::new(net("192.0.2.50/24")).unwrap(),
        gateway: Some([192, 0, 2, 1].into()),
        dns: Vec::new(),
        routes: vec![(net("10.0.0.0/8"), Some([192, 0, 2, 3].into()))],
    };
    let mut facts = Facts::default();
    facts.uplink_leases.insert("wan".parse().unwrap(), lease);
    facts
}

#[test]
fn a_lease_brings_its_address_and_its_routes() {
    assert_eq!(routes(&wanted(&Facts::default())), ["0.0.0.0/0 eth1 200", "0.0.0.0/0 eth2 1000000"]);
    let state = wanted(&leased());
    let found = routes(&state);
    assert_eq!(found, ["0.0.0.0/0 eth0 100", "10.0.0.0/8 eth0 100", "0.0.0.0/0 eth1 200", "0.0.0.0/0 eth2 1000000"]);
    assert!(state.spaces[&Space::Host].addresses.iter().any(|address| address.interface.to_string() == "192.0.2.50/24"));
}

/// Behind every healthy one, whatever their metrics are, and still there to be asked through.
#[test]
fn an_unhealthy_uplink_stands_back() {
    let mut facts = leased();
    facts.unhealthy.extend(["wan", "lte"].map(|name| name.parse().unwrap()));
    let found = routes(&wanted(&facts));
    let default: Vec<&String> = found.iter().filter(|route| route.starts_with("0.0.0.0/0")).collect();
    assert_eq!(default, ["0.0.0.0/0 eth2 1000000", "0.0.0.0/0 eth0 1000101", "0.0.0.0/0 eth1 1000201"]);
}

/// No metric would make anybody go by another's default route while there is a narrower one.
#[test]
fn what_a_lease_leads_to_goes_by_another_while_its_uplink_is_unhealthy() {
    let narrow = |facts: &Facts| routes(&wanted(facts)).into_iter().filter(|route| route.starts_with("10.")).collect::<Vec<_>>();
    let mut facts = leased();
    facts.unhealthy.insert("wan".parse().unwrap());
    assert!(narrow(&facts).is_empty());
    facts.unhealthy.extend(["lte", "dsl"].map(|name| name.parse().unwrap()));
    assert_eq!(narrow(&facts), ["10.0.0.0/8 eth0 1000101"], "where none is well it is the best there is");

    let mut facts = leased();
    facts.unhealthy.insert("wan".parse().unwrap());
    let probing = CONFIG.replacen("\"dhcp\"", "\"dhcp\"\nprobe = [\"10.9.9.9\"]", 1);
    let config = edge_config::parse("x", &probing).unwrap_or_else(|errors| panic!("{}", errors.render(false)));
    assert!(routes(&desired(&config, &facts)).contains(&"10.0.0.0/8 eth0 1000101".to_owned()), "it is asked by that");
}

/// Nothing but its own routes is touched: the networks and the other uplinks go on.
#[test]
fn a_failover_moves_routes_and_nothing_else() {
    let healthy = wanted(&leased());
    let mut facts = leased();
    facts.unhealthy.insert("wan".parse().unwrap());
    let ops = diff(&wanted(&facts), &healthy).ops;
    assert_eq!(ops.len(), 3, "{ops:?}");
    for op in &ops {
        let (Op::AddRoute { route, .. } | Op::DeleteRoute { route, .. }) = op else { panic!("{op:?}") };
        assert_eq!(route.link.as_str(), "eth0");
    }
}
