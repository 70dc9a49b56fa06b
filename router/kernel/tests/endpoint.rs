//! Containers plugged in and out: namespaces made with `ip`, looked at with `ip`.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use common::{apply, create, link};
use edge_kernel::{
    Kernel,
    endpoint::{self, Found, Marks, Plug, Prepare, Unplug},
};
use edge_lab::{in_a_box, ip};
use edge_net::{AttachKind, Interface};
use edge_plan::{Link, LinkKind, Space};
use std::process::Command;

fn interface(text: &str) -> Interface {
    Interface::new(text.parse().unwrap()).unwrap()
}

fn plug(container: &str, kind: AttachKind) -> Plug {
    Plug {
        netns: format!("/run/netns/{container}").into(),
        ifname: "eth0".parse().unwrap(),
        kind,
        bridge: "br0".parse().unwrap(),
        port: format!("at-{container}").parse().unwrap(),
        address: interface("10.0.1.4/24"),
        gateway: "10.0.1.3".parse().unwrap(),
        mac: Some("02:00:00:00:01:04".parse().unwrap()),
        alias: format!("edge-router {container}"),
    }
}

fn unplug(plug: &Plug) -> Unplug {
    let marks = Some(Marks { mac: plug.mac, alias: plug.alias.clone() });
    Unplug { netns: Some(plug.netns.clone()), ifname: plug.ifname, kind: plug.kind, port: plug.port, marks }
}

/// A bridge with the router's address, and a namespace.
async fn bridge_and(container: &str) -> Kernel {
    let kernel = Kernel::open().await.unwrap();
    // With a MAC of its own: otherwise it takes the least of its ports', and forgets its neighbours each time.
    let bridge = Link { mac: Some("02:00:00:00:01:03".parse().unwrap()), ..link(LinkKind::Bridge) };
    apply(&kernel, &[create(&Space::Host, "br0", &bridge)]).await;
    ip("addr add 10.0.1.3/24 dev br0");
    ip(&format!("netns add {container}"));
    kernel
}

fn refusal(error: &edge_kernel::Error) -> String {
    error.to_string()
}

#[test]
fn a_container_is_plugged_in_and_reaches_its_gateway_at_once() {
    in_a_box(async || {
        let kernel = bridge_and("c1").await;
        let wanted = plug("c1", AttachKind::Bridge);
        let plugged = endpoint::plug(wanted.clone()).await.unwrap();
        assert_eq!(Some(plugged.mac), wanted.mac);
        assert!(ip("-n c1 addr show dev eth0").contains("inet 10.0.1.4/24"));
        assert!(ip("-n c1 link show dev eth0").contains("02:00:00:00:01:04"));
        assert!(ip("-n c1 route").contains("default via 10.0.1.3 dev eth0"));
        assert!(ip("-n c1 link show dev lo").contains("UP"));
        let port = ip("-d link show dev at-c1");
        assert!(
            port.contains("master br0") && port.contains("alias edge-router c1") && port.contains("addrgenmode none"),
            "{port}"
        );
        assert_eq!(ip("-6 addr show dev at-c1"), "");
        let ping = Command::new("ip").args("netns exec c1 ping -c 1 -w 10 10.0.1.3".split(' ')).output().unwrap();
        assert!(ping.status.success(), "{ping:?}");
        assert_eq!(kernel.observe().await.unwrap().spaces[&Space::Host].links["at-c1"].owner, edge_plan::Owner::Attach);
        endpoint::unplug(unplug(&wanted)).await.unwrap();
        endpoint::unplug(unplug(&wanted)).await.unwrap();
        assert!(!ip("link").contains("at-c1"));
    });
}

#[test]
fn neighbours_hear_the_announcement() {
    in_a_box(async || {
        let _kernel = bridge_and("c1").await;
        // A first container, so that the bridge has its carrier and keeps what it knows.
        ip("netns add c0");
        let other = Plug { address: interface("10.0.1.9/24"), mac: None, ..plug("c0", AttachKind::Bridge) };
        endpoint::plug(other).await.unwrap();
        ip("neigh add 10.0.1.4 lladdr 02:00:00:00:99:99 dev br0 nud stale");
        endpoint::plug(plug("c1", AttachKind::Bridge)).await.unwrap();
        assert!(ip("neigh show 10.0.1.4").contains("02:00:00:00:01:04"), "{}", ip("neigh show"));
    });
}

#[test]
fn plugging_again_mends_and_keeps_the_pair() {
    in_a_box(async || {
        let _kernel = bridge_and("c1").await;
        let first = plug("c1", AttachKind::Bridge);
        endpoint::plug(first.clone()).await.unwrap();
        let index = ip("-o link show dev at-c1").split(':').next().unwrap().to_owned();
        ip("link set at-c1 nomaster down");
        ip("-n c1 route del default");
        let second = Plug { address: interface("10.0.1.77/24"), mac: Some("02:00:00:00:01:77".parse().unwrap()), ..first };
        endpoint::plug(second.clone()).await.unwrap();
        endpoint::plug(second).await.unwrap();
        assert_eq!(ip("-o link show dev at-c1").split(':').next().unwrap(), index);
        assert!(ip("link show dev at-c1").contains("master br0"));
        let inside = ip("-n c1 addr show dev eth0");
        assert!(
            inside.contains("10.0.1.77/24") && !inside.contains("10.0.1.4/") && inside.contains("02:00:00:00:01:77"),
            "{inside}"
        );
        assert_eq!(ip("-n c1 route show default").lines().count(), 1);
    });
}

#[test]
fn a_recreated_container_takes_the_port_over() {
    in_a_box(async || {
        let _kernel = bridge_and("c1").await;
        let wanted = plug("c1", AttachKind::Bridge);
        endpoint::plug(wanted.clone()).await.unwrap();
        // Its successor is there before the kernel has cleaned up after the first.
        ip("netns add c2");
        let successor = Plug { netns: "/run/netns/c2".into(), ..wanted };
        endpoint::plug(successor).await.unwrap();
        assert!(ip("-n c2 addr show dev eth0").contains("10.0.1.4/24"));
        assert!(!ip("-n c1 link").contains("eth0"));
    });
}

#[test]
fn a_second_network_leaves_the_default_route_to_the_first() {
    in_a_box(async || {
        let _kernel = bridge_and("c1").await;
        let first = plug("c1", AttachKind::Bridge);
        let second = Plug {
            ifname: "eth1".parse().unwrap(),
            port: "at-second".parse().unwrap(),
            address: interface("10.0.2.4/24"),
            gateway: "10.0.2.3".parse().unwrap(),
            mac: None,
            ..first.clone()
        };
        endpoint::plug(first).await.unwrap();
        endpoint::plug(second).await.unwrap();
        assert_eq!(ip("-n c1 route show default").trim_end().lines().collect::<Vec<_>>().len(), 1);
        assert!(ip("-n c1 route show default").contains("10.0.1.3"));
    });
}

#[test]
fn a_macvlan_child_is_born_inside() {
    in_a_box(async || {
        let _kernel = bridge_and("c1").await;
        let wanted = plug("c1", AttachKind::Macvlan);
        for _ in 0..2 {
            endpoint::plug(wanted.clone()).await.unwrap();
        }
        let child = ip("-n c1 -d link show dev eth0");
        assert!(child.contains("macvlan mode bridge") && child.contains("02:00:00:00:01:04"), "{child}");
        assert!(ip("-n c1 route").contains("default via 10.0.1.3"));
        endpoint::unplug(unplug(&wanted)).await.unwrap();
        assert!(!ip("-n c1 link").contains("eth0"));
        ip("netns del c1");
        endpoint::unplug(unplug(&wanted)).await.unwrap();
    });
}

/// What its owner may do with it: each is one more way to keep talking after a detach.
#[test]
fn a_child_is_taken_away_wherever_its_owner_has_put_it() {
    in_a_box(async || {
        let _kernel = bridge_and("c1").await;
        ip("netns add other");
        let wanted = plug("c1", AttachKind::Macvlan);
        let hidden = [
            ("c1", "link set eth0 down name x"),
            ("c1", "link set eth0 address 02:00:00:00:99:99"),
            ("c1", "link set eth0 alias x"),
            ("c1", "link set eth0 netns other"),
            ("other", "link set eth0 down name x group 7"),
        ];
        for steps in [&hidden[..1], &hidden[1..2], &hidden[2..3], &hidden[3..4], &hidden[3..]] {
            endpoint::plug(wanted.clone()).await.unwrap();
            steps.iter().for_each(|(netns, step)| drop(ip(&format!("-n {netns} {step}"))));
            endpoint::unplug(unplug(&wanted)).await.unwrap();
            let left = ip("-n c1 -d link") + &ip("-n other -d link");
            assert!(!left.contains("macvlan"), "{steps:?}: {left}");
        }
        // Its namespace goes, and it lives on in another.
        endpoint::plug(wanted.clone()).await.unwrap();
        ip("-n c1 link set eth0 netns other");
        ip("netns del c1");
        endpoint::unplug(unplug(&wanted)).await.unwrap();
        assert!(!ip("-n other -d link").contains("macvlan"));
    });
}

#[test]
fn a_child_of_anothers_stays_where_one_is_looked_for() {
    in_a_box(async || {
        let _kernel = bridge_and("c1").await;
        let wanted = plug("c1", AttachKind::Macvlan);
        ip("-n c1 link add parent type bridge");
        ip("-n c1 link add link parent name eth9 address 02:00:00:00:01:04 type macvlan");
        ip("link add link br0 name theirs address 02:00:00:00:01:04 type macvlan");
        endpoint::unplug(unplug(&wanted)).await.unwrap();
        assert!(ip("-n c1 link").contains("eth9") && ip("link").contains("theirs"));
    });
}

#[test]
fn a_device_is_prepared_for_a_runtime_to_take() {
    in_a_box(async || {
        let _kernel = bridge_and("c1").await;
        for kind in [AttachKind::Bridge, AttachKind::Macvlan] {
            let prepare = Prepare {
                ifname: "tmp-1".parse().unwrap(),
                kind,
                bridge: "br0".parse().unwrap(),
                port: "at-1".parse().unwrap(),
                mac: Some("02:00:00:00:01:09".parse().unwrap()),
                alias: "web".to_owned(),
            };
            endpoint::prepare(prepare.clone()).await.unwrap();
            assert_eq!(Some(endpoint::prepare(prepare.clone()).await.unwrap().mac), prepare.mac);
            assert!(!ip("link show dev tmp-1").contains(",UP"));
            endpoint::unplug(Unplug { netns: None, ifname: prepare.ifname, kind, port: prepare.port, marks: None })
                .await
                .unwrap();
            assert!(!ip("link").contains("tmp-1"));
        }
    });
}

#[test]
fn refusals_tell_the_mend_and_leave_nothing_behind() {
    in_a_box(async || {
        let _kernel = bridge_and("c1").await;
        let names = || ip("-br link").lines().map(|line| line.split_whitespace().next().unwrap().to_owned()).collect::<Vec<_>>();
        let before = names();
        let wanted = plug("c1", AttachKind::Bridge);
        let error = endpoint::plug(Plug { netns: "/etc/hostname".into(), ..wanted.clone() }).await.unwrap_err();
        assert!(refusal(&error).contains("/etc/hostname") && refusal(&error).contains("is not a network namespace"), "{error}");
        let error = endpoint::plug(Plug { netns: "/proc/self/ns/mnt".into(), ..wanted.clone() }).await.unwrap_err();
        assert!(refusal(&error).contains("is not a network namespace"), "{error}");
        let error = endpoint::plug(Plug { netns: "/run/netns/none".into(), ..wanted.clone() }).await.unwrap_err();
        assert!(refusal(&error).contains("is the container running?"), "{error}");
        let error = endpoint::plug(Plug { netns: "/proc/thread-self/ns/net".into(), ..wanted.clone() }).await.unwrap_err();
        assert!(refusal(&error).contains("the host's own"), "{error}");
        let error = endpoint::plug(Plug { bridge: "br9".parse().unwrap(), ..wanted.clone() }).await.unwrap_err();
        assert!(refusal(&error).contains("bridge br9 is not there; apply"), "{error}");
        // The gateway lies outside the subnet: the last step fails, and takes the pair away again.
        for kind in [AttachKind::Bridge, AttachKind::Macvlan] {
            let error = endpoint::plug(Plug { gateway: "10.9.9.9".parse().unwrap(), ..plug("c1", kind) }).await.unwrap_err();
            assert!(refusal(&error).contains("the gateway must lie in a subnet"), "{error}");
            assert!(!ip("-n c1 link").contains("eth0"));
        }
        ip("-n c1 link add eth0 type bridge");
        for kind in [AttachKind::Bridge, AttachKind::Macvlan] {
            let error = endpoint::plug(plug("c1", kind)).await.unwrap_err();
            assert!(refusal(&error).contains("already has an interface eth0"), "{error}");
        }
        assert_eq!(names(), before);
        ip("link add at-c1 type bridge");
        let error = endpoint::unplug(unplug(&wanted)).await.unwrap_err();
        assert!(refusal(&error).contains("is not one that was attached"), "{error}");
    });
}

/// As a daemon needs it that has lost its list.
#[test]
fn who_is_plugged_in_is_found_without_being_remembered() {
    in_a_box(|| async {
        bridge_and("c1").await;
        ip("netns add c2");
        ip("netns add c3");
        ip("-n c3 link add eth0 type veth peer name other");
        let (port, child) = (plug("c1", AttachKind::Bridge), plug("c2", AttachKind::Macvlan));
        let child = Plug { address: interface("10.0.1.5/24"), mac: Some("02:00:00:00:01:05".parse().unwrap()), ..child };
        for plug in [&port, &child] {
            endpoint::plug(plug.clone()).await.unwrap();
        }
        let mut found = endpoint::find().await.unwrap();
        found.sort_by_key(|found| found.netns.clone());
        let wanted = |plug: &Plug, other| Found {
            netns: plug.netns.clone(),
            ifname: plug.ifname,
            kind: plug.kind,
            mac: plug.mac.unwrap(),
            address: Some(plug.address),
            other,
            alias: plug.alias.clone(),
        };
        assert_eq!(found, [wanted(&port, port.port), wanted(&child, child.bridge)]);
    });
}
