//! Links round the circle: executed, observed, changed, removed. Kinds that this needs: bridge, veth, macvlan.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use common::{CONF, apply, create, delete, link, named, seen, veth};
use edge_kernel::Kernel;
use edge_lab::{in_a_box, ip};
use edge_plan::{Link, LinkConf, LinkKind, Op, Owner, RpFilter, Space, link::Macvlan};

const HOST: Space = Space::Host;

#[test]
fn a_bridge_is_made_as_wanted_and_has_no_ipv6_address() {
    in_a_box(async || {
        let kernel = Kernel::open().await.unwrap();
        let wanted = Link { mac: Some("02:00:00:00:00:11".parse().unwrap()), ..link(LinkKind::Bridge) };
        let state = apply(&kernel, &[create(&HOST, "br0", &wanted)]).await;
        assert_eq!(state.spaces[&HOST].links["br0"], wanted);
        assert_eq!(ip("-6 addr show dev br0"), "");
        let ops = [delete(&HOST, "br0", wanted.kind)];
        assert!(apply(&kernel, &ops).await.spaces[&HOST].links.is_empty());
        // Once more: what is gone already needs no removing.
        assert!(apply(&kernel, &ops).await.spaces[&HOST].links.is_empty());
    });
}

#[test]
fn a_pair_across_spaces_knows_its_other_end_and_has_no_ipv6_address() {
    in_a_box(async || {
        let kernel = Kernel::open().await.unwrap();
        let router = named("router");
        let leg = Link { conf: Some(LinkConf { rp_filter: RpFilter::Loose, forwarding: false }), ..link(veth(HOST, "rt-a")) };
        let port = Link { master: Some("br-a".parse().unwrap()), ..link(veth(router.clone(), "gw-a")) };
        let pair = |space: &Space, name: &str, link: &Link, peer: &Link| Op::CreateLink {
            space: space.clone(),
            name: name.parse().unwrap(),
            link: link.clone(),
            peer: Some(peer.clone()),
        };
        let Space::Named(name) = router.clone() else { unreachable!() };
        let bridge = create(&HOST, "br-a", &link(LinkKind::Bridge));
        let state = apply(&kernel, &[Op::CreateNamespace(name), bridge, pair(&HOST, "rt-a", &port, &leg)]).await;
        assert_eq!(seen(&state, &HOST, "rt-a"), Some(port.clone()));
        assert_eq!(seen(&state, &router, "gw-a"), Some(leg.clone()));
        // The bridge has its carrier now, and the pair too.
        assert_eq!(ip("-6 addr show"), ip("-6 addr show dev lo"));
        assert!(!ip("-n router -6 addr show").contains("gw-a"));

        let removed = [delete(&HOST, "rt-a", port.kind.clone())];
        assert_eq!(seen(&apply(&kernel, &removed).await, &router, "gw-a"), None);
        // The other way round: asked for from inside.
        let state = apply(&kernel, &[pair(&router, "gw-a", &leg, &port)]).await;
        assert_eq!(seen(&state, &HOST, "rt-a"), Some(port));
        assert_eq!(seen(&state, &router, "gw-a"), Some(leg));
    });
}

#[test]
fn a_macvlan_is_born_in_its_space_with_its_parent_in_the_host() {
    in_a_box(async || {
        let kernel = Kernel::open().await.unwrap();
        let router = named("router");
        let Space::Named(name) = router.clone() else { unreachable!() };
        ip("link add wan0 type veth peer name isp");
        ip("link set wan0 up");
        ip("link set isp up");
        let uplink = link(LinkKind::Macvlan(Macvlan { parent: "wan0".parse().unwrap() }));
        let state = apply(&kernel, &[Op::CreateNamespace(name), create(&router, "up-wan", &uplink)]).await;
        assert_eq!(seen(&state, &router, "up-wan"), Some(uplink));
        assert!(!ip("-n router -6 addr show").contains("up-wan"));
        assert_eq!(seen(&state, &HOST, "wan0").unwrap().owner, Owner::Foreign);
        assert_eq!(seen(&state, &HOST, "wan0").unwrap().kind, veth(HOST, "isp"));
    });
}

#[test]
fn a_device_is_lent_and_given_back_as_it_was() {
    in_a_box(async || {
        let kernel = Kernel::open().await.unwrap();
        ip("link add eth1 type veth peer name switch");
        ip("link set switch up");
        let before = kernel.observe().await.unwrap();
        let foreign = before.spaces[&HOST].links["eth1"].clone();
        assert_eq!((foreign.owner, foreign.conf, foreign.up), (Owner::Foreign, None, false));
        let lent = Link { owner: Owner::Lent, master: Some("br0".parse().unwrap()), up: true, conf: CONF, ..foreign.clone() };
        let change = |from: &Link, to: &Link| Op::ChangeLink {
            space: HOST,
            name: "eth1".parse().unwrap(),
            from: from.clone(),
            to: to.clone(),
        };
        let state = apply(&kernel, &[create(&HOST, "br0", &link(LinkKind::Bridge)), change(&foreign, &lent)]).await;
        assert_eq!(state.spaces[&HOST].links["eth1"], lent);
        assert_eq!(ip("-6 addr show dev eth1"), "");
        let state = apply(&kernel, &[change(&lent, &foreign)]).await;
        assert_eq!(state.spaces[&HOST].links["eth1"], foreign);
    });
}

#[test]
fn a_device_moves_between_spaces_with_its_name() {
    in_a_box(async || {
        let kernel = Kernel::open().await.unwrap();
        let router = named("router");
        let Space::Named(name) = router.clone() else { unreachable!() };
        ip("link add eth1 type veth peer name isp");
        let moved = |from: &Space, to: &Space| Op::MoveLink { name: "eth1".parse().unwrap(), from: from.clone(), to: to.clone() };
        let state = apply(&kernel, &[Op::CreateNamespace(name.clone()), moved(&HOST, &router)]).await;
        assert_eq!(seen(&state, &router, "eth1").unwrap().kind, veth(HOST, "isp"));
        assert_eq!(seen(&state, &HOST, "eth1"), None);
        let state = apply(&kernel, &[moved(&router, &HOST), Op::DeleteNamespace(name)]).await;
        assert_eq!(seen(&state, &HOST, "eth1").unwrap().owner, Owner::Foreign);
        assert!(!state.spaces.contains_key(&router));
    });
}

#[test]
fn an_attached_port_is_told_apart() {
    in_a_box(async || {
        let kernel = Kernel::open().await.unwrap();
        ip("link add at-1 group 25957 type veth peer name far");
        let state = kernel.observe().await.unwrap();
        assert_eq!(seen(&state, &HOST, "at-1").unwrap().owner, Owner::Attach);
    });
}
