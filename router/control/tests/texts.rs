//! The shorter answers as text.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking, in its helper functions too")]

use edge_control::*;
use edge_plan::{Address, Link, LinkKind, Op, Owner, Route, Space, Sysctl};

fn link(kind: LinkKind, master: Option<&str>, up: bool) -> Link {
    Link { kind, owner: Owner::Plan, master: master.map(|name| name.parse().unwrap()), up, mac: None, conf: None }
}

fn interface(text: &str) -> edge_config::Interface {
    edge_config::Interface::new(text.parse().unwrap()).unwrap()
}

#[test]
fn a_plan_reads_like_ip() {
    let router = Space::Named("router".parse().unwrap());
    let vlan = LinkKind::Vlan { parent: "enp2s0".parse().unwrap(), id: edge_config::VlanId::new(1).unwrap() };
    let veth = LinkKind::Veth { peer_space: Space::Host, peer: "rt-vehicle".parse().unwrap() };
    let create = |space: &Space, name: &str, link: Link| Op::CreateLink {
        space: space.clone(),
        name: name.parse().unwrap(),
        link,
        peer: None,
    };
    let address = Address { link: "gw-vehicle".parse().unwrap(), interface: interface("10.0.1.3/24") };
    let route = Route {
        destination: "0.0.0.0/0".parse().unwrap(),
        via: Some([192, 168, 50, 1].into()),
        link: "up-wan".parse().unwrap(),
        metric: 100,
    };
    let ops = [
        Op::CreateNamespace("router".parse().unwrap()),
        create(&Space::Host, "enp2s0.1", link(vlan, Some("br0"), true)),
        create(&router, "gw-vehicle", link(veth, None, true)),
        Op::ChangeLink {
            space: Space::Host,
            name: "enp3s0".parse().unwrap(),
            from: Link { owner: Owner::Foreign, ..link(LinkKind::Device, None, false) },
            to: link(LinkKind::Device, Some("br0"), true),
        },
        Op::AddAddress { space: router.clone(), address: address.clone() },
        Op::DeleteRoute { space: router.clone(), route },
        Op::MoveLink { name: "wlp3s0".parse().unwrap(), from: Space::Host, to: router.clone() },
        Op::SetSysctl { space: router.clone(), sysctl: Sysctl::IpForward, from: false, to: true },
        Op::SetTable {
            space: router,
            from: None,
            to: Some(edge_plan::nft::Table { name: "edge-router".into(), ..Default::default() }.into()),
        },
    ];
    let waiting = Waiting { device: "enp2s0".into(), needed_by: vec!["network vehicle".into()], why: None };
    let text = render::plan(&PlanReport::new(&ops, vec![waiting]), false);
    assert_eq!(text, include_str!("cases/plan.txt"));
    assert_eq!(render::plan(&PlanReport::new(&[], vec![]), false), "nothing to change\n");
    assert_eq!(render::apply(&ApplyReport { took_ms: 3, ..ApplyReport::default() }, false), "nothing to change (3 ms)\n");
}

#[test]
fn the_matrix_names_the_services() {
    let text = r#"
        [[network]]
        name = "a"
        address = "10.0.1.1/24"
        [[network]]
        name = "b"
        address = "10.0.2.1/24"
        [[allow]]
        from = "a"
        to = "b"
        protocol = "tcp"
        ports = [80, "8000-8010"]
    "#;
    let config = edge_config::parse("test.toml", text).unwrap();
    let matrix = Reachability::of(&config);
    assert_eq!(matrix.nodes, ["a", "b", "router in a", "router in b"]);
    let row = matrix.rows.iter().find(|row| row.from == "a" && row.to == "b").unwrap();
    assert_eq!((row.reachable, row.only.join(", ").as_str()), (true, "tcp 80, tcp 8000-8010"));
    let shown = render::reachability(&matrix, false);
    assert!(shown.lines().any(|line| line.starts_with("b             a             no")), "{shown}");
    assert!(render::reachability(&Reachability::default(), false).contains("nobody to reach"));
}

#[test]
fn an_attachment_is_told_in_a_line() {
    let one = Attached {
        netns: "/run/netns/c1".into(),
        name: "c1".into(),
        network: "vehicle".into(),
        ifname: "eth0".into(),
        address: "10.0.1.4/24".into(),
        gateway: [10, 0, 1, 3].into(),
        mac: "02:00:00:00:00:01".into(),
    };
    assert_eq!(render::attached(&one), "c1 is 10.0.1.4/24 in vehicle (eth0, 02:00:00:00:00:01, gateway 10.0.1.3)\n");
    assert_eq!(render::detached(&Detached { detached: vec![one] }), "c1 left vehicle; 10.0.1.4/24 is kept for it\n");
    assert_eq!(render::detached(&Detached::default()), "it was not attached\n");
    assert_eq!(render::leases(&Leases::default(), 0, false), "no leases\n");
}

#[test]
fn an_error_is_one_line_then_detail() {
    let detail = ["first\nsecond".to_owned()];
    assert_eq!(render::failure("it is wrong\x1b[2J", &detail, false), "error: it is wrong?[2J\n  first\n  second\n");
}
