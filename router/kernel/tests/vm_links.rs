//! Kinds of links that need the lab kernel: VLANs and ipvlan. A missing module is a failure, not a skip.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use common::{apply, create, link, named, seen};
use edge_kernel::{
    Kernel,
    endpoint::{self, Plug, Unplug},
};
use edge_lab::{in_a_box, ip};
use edge_net::{AttachKind, Interface, VlanId};
use edge_plan::{
    Address, Link, LinkKind, Op, Owner, Space, Sysctl, diff,
    link::{IpvlanL2, Macvlan, Vlan},
};
use ipnet::Ipv4Net;
use std::{fs, os::unix::fs::PermissionsExt, process::Command};

const HOST: Space = Space::Host;
const MODPROBE: &str = "/proc/sys/kernel/modprobe";

fn vlan(id: u16, bridge: &str) -> Link {
    let kind = LinkKind::Vlan(Vlan { parent: "trunk0".parse().unwrap(), id: VlanId::new(id).unwrap() });
    Link { master: Some(bridge.parse().unwrap()), ..link(kind) }
}

fn trunk() {
    ip("link add trunk0 type veth peer name switch");
    ip("link set switch addrgenmode none up");
    ip("link set trunk0 addrgenmode none up");
}

#[test]
fn vlans_of_a_trunk_are_ports_of_their_bridges() {
    in_a_box(async || {
        let kernel = Kernel::open().await.unwrap();
        trunk();
        let ops: Vec<Op> = (1..=2)
            .flat_map(|n| {
                let bridge = format!("br{n}");
                [create(&HOST, &bridge, &link(LinkKind::Bridge)), create(&HOST, &format!("trunk0.{n}"), &vlan(n, &bridge))]
            })
            .collect();
        let before = kernel.observe().await.unwrap();
        let state = apply(&kernel, &ops).await;
        for n in 1..=2 {
            assert_eq!(seen(&state, &HOST, &format!("trunk0.{n}")), Some(vlan(n, &format!("br{n}"))));
        }
        assert_eq!(state.spaces[&HOST].links["trunk0"].owner, Owner::Foreign);
        assert!(!ip("-6 addr show").contains("fe80"), "{}", ip("-6 addr show"));
        let restarted = Kernel::open().await.unwrap();
        assert_eq!(restarted.observe().await.unwrap().spaces.len(), 1, "the mark alone says nothing");
        restarted.trust(vec!["router".parse().unwrap()]).await;
        assert_eq!(restarted.observe().await.unwrap(), state);
        assert_eq!(apply(&kernel, &diff(&before, &state).ops).await, before);
        // 802.1ad is not what we call a VLAN.
        ip("link add link trunk0 name outer type vlan proto 802.1ad id 5");
        assert_eq!(seen(&kernel.observe().await.unwrap(), &HOST, "outer").unwrap().kind, LinkKind::Device);
    });
}

#[test]
fn an_ipvlan_is_born_in_its_space_with_its_parent_in_the_host() {
    in_a_box(async || {
        let kernel = Kernel::open().await.unwrap();
        let router = named("router");
        let Space::Named(name) = router.clone() else { unreachable!() };
        trunk();
        let uplink = link(LinkKind::IpvlanL2(IpvlanL2 { parent: "trunk0".parse().unwrap() }));
        let ops = [Op::CreateNamespace(name), create(&router, "up-wan", &uplink), create(&HOST, "up-here", &uplink)];
        let state = apply(&kernel, &ops).await;
        assert_eq!(seen(&state, &router, "up-wan"), Some(uplink.clone()));
        assert_eq!(seen(&state, &HOST, "up-here"), Some(uplink));
        assert!(!ip("-n router -6 addr show").contains("up-wan"));
        // In l3 it would be another thing.
        ip("link add link trunk0 name routed type ipvlan mode l2");
        assert!(matches!(seen(&kernel.observe().await.unwrap(), &HOST, "routed").unwrap().kind, LinkKind::IpvlanL2(_)));
        ip("link set routed type ipvlan mode l3");
        assert_eq!(seen(&kernel.observe().await.unwrap(), &HOST, "routed").unwrap().kind, LinkKind::Device);
    });
}

#[test]
fn a_container_is_an_ipvlan_child_of_the_bridge() {
    in_a_box(async || {
        let kernel = Kernel::open().await.unwrap();
        apply(&kernel, &[create(&HOST, "br0", &link(LinkKind::Bridge))]).await;
        ip("netns add c1");
        ip("netns add c2");
        let plug = |container: &str, address: &str| Plug {
            netns: format!("/run/netns/{container}").into(),
            ifname: "eth0".parse().unwrap(),
            kind: AttachKind::IpvlanL2,
            bridge: "br0".parse().unwrap(),
            port: "unused".parse().unwrap(),
            address: Interface::new(address.parse().unwrap()).unwrap(),
            gateway: "10.0.1.3".parse().unwrap(),
            mac: None,
            alias: container.to_owned(),
        };
        for _ in 0..2 {
            endpoint::plug(plug("c1", "10.0.1.4/24")).await.unwrap();
            endpoint::plug(plug("c2", "10.0.1.5/24")).await.unwrap();
        }
        assert!(ip("-n c1 -d link show dev eth0").contains("ipvlan") && ip("-n c1 route").contains("default via 10.0.1.3"));
        let ping = Command::new("ip").args("netns exec c1 ping -c 1 -w 10 10.0.1.5".split(' ')).output().unwrap();
        assert!(ping.status.success(), "{ping:?}");
        let unplug = Unplug {
            netns: Some("/run/netns/c1".into()),
            ifname: "eth0".parse().unwrap(),
            kind: AttachKind::IpvlanL2,
            port: "unused".parse().unwrap(),
            marks: None,
        };
        endpoint::unplug(unplug).await.unwrap();
        assert!(!ip("-n c1 link").contains("eth0"));
    });
}

#[test]
fn bridge_netfilter_is_switched_off_where_the_module_is() {
    assert!(Command::new("modprobe").arg("br_netfilter").status().unwrap().success(), "the lab kernel has br_netfilter");
    in_a_box(async || {
        let kernel = Kernel::open().await.unwrap();
        let off = |from| Op::SetSysctl { space: HOST, sysctl: Sysctl::BridgeNetfilter, from, to: !from };
        let state = apply(&kernel, &[off(false)]).await;
        assert_eq!(state.spaces[&HOST].sysctls.get(&Sysctl::BridgeNetfilter), Some(&true));
        let state = apply(&kernel, &[off(true)]).await;
        assert_eq!(state.spaces[&HOST].sysctls.get(&Sysctl::BridgeNetfilter), Some(&false));
    });
}

#[test]
fn a_port_that_is_a_parent_already_is_refused_with_the_reason() {
    in_a_box(async || {
        let kernel = Kernel::open().await.unwrap();
        trunk();
        let ops = [
            create(&HOST, "mac0", &link(LinkKind::Macvlan(Macvlan { parent: "trunk0".parse().unwrap() }))),
            create(&HOST, "ip0", &link(LinkKind::IpvlanL2(IpvlanL2 { parent: "trunk0".parse().unwrap() }))),
        ];
        let error = kernel.execute(&ops).await.unwrap_err().to_string();
        assert!(error.contains("cannot create ipvlan ip0") && error.contains("the device is in use"), "{error}");
    });
}

/// Whoever asks about a link by an ioctl has the kernel run modprobe for a module of that name, on each try.
#[test]
fn a_link_that_is_not_there_is_no_module() {
    in_a_box(async || {
        let kernel = Kernel::open().await.unwrap();
        let directory = tempfile::tempdir().unwrap();
        let (program, asked) = (directory.path().join("modprobe"), directory.path().join("asked"));
        fs::write(&program, format!("#!/bin/sh\necho \"$@\" >>{}\n", asked.display())).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        // The kernel's own and of no namespace; the machine is the test's alone.
        let before = fs::read_to_string(MODPROBE).unwrap();
        fs::write(MODPROBE, program.to_str().unwrap()).unwrap();
        let address = Address {
            link: "absent".parse().unwrap(),
            interface: Interface::<Ipv4Net>::new("192.0.2.1/24".parse().unwrap()).unwrap().into(),
        };
        let refused = kernel.execute(&[Op::AddAddress { space: HOST, address }]).await.unwrap_err();
        assert!(format!("{refused:?}").contains("absent"), "{refused:?}");
        assert!(!asked.exists(), "{}", fs::read_to_string(&asked).unwrap());
        // That it would be seen.
        assert!(!Command::new("ip").args(["link", "show", "dev", "absent"]).status().unwrap().success());
        assert!(fs::read_to_string(&asked).unwrap().contains("absent"));
        fs::write(MODPROBE, before.trim_end()).unwrap();
    });
}
