//! The core with the real leases and the real kernel, in network and mount namespaces of its own. Needs root, and `ip`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking, in its helper functions too"
)]

use edge_attach::{Attach, DetachTarget, Error, NetnsError, Plugged, Record, Request};
use edge_config::Config;
use edge_dhcp::{LeaseState, NetworkService, Server};
use edge_kernel::Kernel;
use edge_lab::{in_a_box, ip};
use edge_plan::{Facts, desired, diff, gateway_link};
use std::path::Path;

const CONFIG: &str = r#"
    [[network]]
    name = "vehicle"
    bridge = "br0"
    address = "10.0.1.3/24"
    [[network]]
    name = "equipment"
    attach = "macvlan"
    address = "10.0.2.3/24"
    [[host]]
    name = "c1"
    network = "vehicle"
    address = "10.0.1.4"
"#;

#[test]
fn a_container_comes_and_goes_and_comes_again() {
    in_a_box(async || {
        let state = tempfile::tempdir().unwrap();
        let config = config();
        let dhcp = box_with(&config, state.path()).await;
        let attach = Attach::open(state.path(), dhcp.clone()).unwrap();
        ip("netns add c1");
        let first = attach.attach(&config, &request("c1", "vehicle", "eth0")).await.unwrap();
        assert_eq!(
            (first.address.to_string().as_str(), plugged(&first).gateway.to_string().as_str()),
            ("10.0.1.4/24", "10.0.1.3")
        );
        assert_eq!(attach.attach(&config, &request("c1", "vehicle", "eth0")).await.unwrap(), first);
        let other = attach.attach(&config, &request("c1", "equipment", "eth1")).await.unwrap();
        assert!(ip("-n c1 addr").contains(&other.address.to_string()) && ip("-n c1 addr").contains("inet 10.0.1.4/24"));
        ip("netns exec c1 ping -c 1 -w 10 10.0.1.3");

        let gone = attach.detach(&DetachTarget::in_netns("/run/netns/c1").unwrap()).await.unwrap();
        assert_eq!(gone.len(), 2);
        assert!(!ip("-n c1 link").contains("eth") && !ip("link").contains("at-"));
        assert!(dhcp.leases().iter().all(|lease| lease.state != LeaseState::Held));
        assert_eq!(attach.attach(&config, &request("c1", "vehicle", "eth0")).await.unwrap(), first);
        assert!(attach.detach(&DetachTarget::Name("nobody".parse().unwrap())).await.unwrap().is_empty());
    });
}

#[test]
fn a_restart_mends_and_forgets() {
    in_a_box(async || {
        let state = tempfile::tempdir().unwrap();
        let config = config();
        let dhcp = box_with(&config, state.path()).await;
        let attach = Attach::open(state.path(), dhcp.clone()).unwrap();
        for name in ["stays", "ends"] {
            ip(&format!("netns add {name}"));
            attach.attach(&config, &request(name, "vehicle", "eth0")).await.unwrap();
        }
        drop(attach);
        // The bridge is made anew by somebody, and one container has ended.
        ip("netns del ends");
        while ip("link").matches("at-").count() > 1 {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        ip("link del br0");
        bring(&config).await;
        ip("link add at-nobody group 0x6565 type veth peer name stray");

        let attach = Attach::open(state.path(), dhcp.clone()).unwrap();
        attach.reconcile(&config).await.unwrap();
        ip("netns exec stays ping -c 1 -w 10 10.0.1.3");
        assert!(!ip("link").contains("stray"));
        assert_eq!(attach.records().await.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), ["stays"]);
        let held: Vec<_> = dhcp.leases().into_iter().filter(|lease| lease.state == LeaseState::Held).collect();
        assert_eq!(held.len(), 1, "{held:?}");
    });
}

#[test]
fn what_cannot_be_is_refused() {
    in_a_box(async || {
        let state = tempfile::tempdir().unwrap();
        let config = config();
        let dhcp = box_with(&config, state.path()).await;
        let attach = Attach::open(state.path(), dhcp.clone()).unwrap();
        ip("netns add c1");
        ip("netns add c2");
        attach.attach(&config, &request("c1", "vehicle", "eth0")).await.unwrap();
        let wrong = |netns: &str, name: &str, network: &str| Request::parse(netns, name, network, "eth0").unwrap();
        let own = format!("/proc/{}/ns/net", std::process::id());
        type IsRight = fn(&Error) -> bool;
        let cases: [(Request, IsRight, &str); 6] = [
            (wrong("/run/netns/c3", "c3", "vehicle"), |error| is_bad(error, NetnsError::Missing), "it is not there"),
            (wrong("/etc/hostname", "c3", "vehicle"), |error| is_bad(error, NetnsError::OtherFile), "another kind of file"),
            (wrong(&own, "c3", "vehicle"), |error| is_bad(error, NetnsError::Host), "the host's own"),
            (
                wrong("/run/netns/c2", "c2", "nowhere"),
                |error| matches!(error, Error::NoNetwork { .. }),
                "there are vehicle, equipment",
            ),
            (wrong("/run/netns/c2", "c1", "vehicle"), |error| matches!(error, Error::NameTaken { .. }), "detach that first"),
            (
                wrong("/run/netns/c1", "c2", "vehicle"),
                |error| matches!(error, Error::IfNameTaken { .. }),
                "choose another --ifname",
            ),
        ];
        for (request, is_right, word) in cases {
            let error = attach.attach(&config, &request).await.unwrap_err();
            assert!(is_right(&error) && error.to_string().contains(word), "{error:?}");
        }
        // The kernel refuses: a link of that name stands in the container already.
        ip("-n c2 link add eth0 type veth peer name other");
        let error = attach.attach(&config, &request("c2", "vehicle", "eth0")).await.unwrap_err();
        assert!(std::error::Error::source(&error).is_some(), "{error:?}");
        assert_eq!(dhcp.leases().iter().filter(|lease| lease.state == LeaseState::Held).count(), 1);
        assert_eq!(ip("link").matches("at-").count(), 1);
    });
}

fn config() -> Config {
    edge_config::parse("test.toml", CONFIG).unwrap_or_else(|error| panic!("{}", error.render(false)))
}

fn request(name: &str, network: &str, ifname: &str) -> Request {
    Request::parse(&format!("/run/netns/{name}"), name, network, ifname).unwrap()
}

fn plugged(record: &Record) -> &Plugged {
    record.plugged().unwrap()
}

async fn box_with(config: &Config, state: &Path) -> Server {
    bring(config).await;
    let dhcp = Server::open(state).unwrap();
    let service = |network: &edge_config::Network| NetworkService {
        network: network.name.clone(),
        link: gateway_link(config, network),
        netns: None,
        address: network.address,
        dhcp: network.dhcp.clone(),
        dns: Vec::new(),
        own_name: None,
        reservations: config.hosts.iter().filter(|host| host.network == network.name).cloned().collect(),
    };
    let errors = dhcp.configure(config.networks.iter().map(service).collect()).await;
    assert!(errors.is_empty(), "{errors:?}");
    dhcp
}

/// Makes the links and addresses of the configuration; the policy is another room's.
async fn bring(config: &Config) {
    let kernel = Kernel::open().await.unwrap();
    let wanted = desired(config, &Facts::default());
    let ops = diff(&wanted, &kernel.observe().await.unwrap()).ops;
    kernel.execute(&ops).await.unwrap_or_else(|error| panic!("{error}"));
}

fn is_bad(error: &Error, wanted: NetnsError) -> bool {
    matches!(error, Error::BadNetns { why, .. } if *why == wanted)
}
