//! Everything but links round the circle, what is foreign left alone, refusals, and events.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use common::{apply, create, delete, link, named, seen, veth};
use edge_kernel::Kernel;
use edge_lab::{in_a_box, ip};
use edge_net::{IfName, Interface, Name};
use edge_plan::{Address, Link, LinkKind, Op, Owner, Route, Space, State, Sysctl, diff, nft::Table};
use nix::errno::Errno;
use std::{fs, time::Duration};
use tokio::time::timeout;

const HOST: Space = Space::Host;

/// What does come may take so long on a busy machine.
const SURELY: Duration = Duration::from_secs(30);

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

fn address(link: &str, text: &str) -> Address {
    Address { link: link.parse().unwrap(), interface: Interface::new(text.parse().unwrap()).unwrap() }
}

fn route(destination: &str, via: Option<&str>, link: &str, metric: u32) -> Route {
    let via = via.map(|via| via.parse().unwrap());
    Route { destination: destination.parse().unwrap(), via, link: link.parse().unwrap(), metric }
}

/// The operations that make a small router in `space`.
fn router(space: &Space) -> Vec<Op> {
    let at = || space.clone();
    let mut ops = match space {
        Space::Named(name) => vec![Op::CreateNamespace(name.clone())],
        Space::Host => Vec::new(),
    };
    let table = Table { name: "edge-router".to_owned(), ..Table::default() };
    ops.push(Op::SetTable { space: at(), family: edge_plan::nft::Family::Inet, from: None, to: Some(table.into()) });
    ops.push(Op::SetSysctl { space: at(), sysctl: Sysctl::IpForward, from: false, to: true });
    ops.push(create(space, "br0", &link(LinkKind::Bridge)));
    ops.extend(
        ["10.0.1.3/24", "192.0.2.0/31", "192.0.2.9/32"].map(|text| Op::AddAddress { space: at(), address: address("br0", text) }),
    );
    let routes = [
        route("0.0.0.0/0", Some("10.0.1.1"), "br0", 100),
        route("10.9.0.0/16", None, "br0", 0),
        route("10.8.0.0/16", Some("10.0.1.2"), "br0", 7),
    ];
    ops.extend(routes.map(|route| Op::AddRoute { space: at(), route }));
    ops
}

fn same(a: &State, b: &State) {
    // The MAC of the bridge is the kernel's choice each time.
    let bare = |state: &State| {
        let mut state = state.clone();
        state.spaces.values_mut().flat_map(|space| space.links.values_mut()).for_each(|link| link.mac = None);
        state
    };
    assert_eq!(bare(a), bare(b));
}

#[test]
fn operations_are_seen_and_the_old_state_leads_back() {
    in_a_box(async || {
        for space in [HOST, named("router")] {
            let kernel = Kernel::open().await.unwrap();
            let before = kernel.observe().await.unwrap();
            let ops = router(&space);
            let after = apply(&kernel, &ops).await;
            let found = &after.spaces[&space];
            assert_eq!(found.addresses.len(), 3);
            assert_eq!(found.routes.len(), 3);
            assert!(found.sysctls[&Sysctl::IpForward]);
            assert_eq!(found.table.as_ref().unwrap().name, "edge-router");
            // A new handle, as after a restart, sees the same and writes nothing.
            let restarted = Kernel::open().await.unwrap();
            assert_eq!(restarted.observe().await.unwrap().spaces.len(), 1, "the mark alone says nothing");
            restarted.trust(vec!["router".parse().unwrap()]).await;
            assert_eq!(restarted.observe().await.unwrap(), after);
            assert_eq!(restarted.writes(), 0);
            let back = diff(&before, &after).ops;
            same(&apply(&restarted, &back).await, &before);
            // Half of it is gone by now; taking it away again does no harm.
            let again: Vec<Op> =
                back.into_iter().filter(|op| matches!(op, Op::DeleteLink { .. } | Op::DeleteNamespace(_))).collect();
            if space == HOST {
                same(&apply(&restarted, &again).await, &before);
            }
        }
    });
}

#[test]
fn a_setting_is_written_only_when_it_differs() {
    in_a_box(async || {
        let kernel = Kernel::open().await.unwrap();
        let on = Op::SetSysctl { space: HOST, sysctl: Sysctl::IpForward, from: false, to: true };
        apply(&kernel, std::slice::from_ref(&on)).await;
        assert_eq!(kernel.writes(), 1);
        apply(&kernel, &[on]).await;
        assert_eq!(kernel.writes(), 1);
    });
}

#[test]
fn what_carries_no_mark_is_not_ours() {
    in_a_box(async || {
        let kernel = Kernel::open().await.unwrap();
        ip("link add docker0 type bridge");
        ip("addr add 172.17.0.1/16 dev docker0");
        ip("link set docker0 up");
        ip("route add 10.7.0.0/16 dev docker0");
        ip("netns add container");
        fs::write("/run/netns/stale", "").unwrap();
        let state = kernel.observe().await.unwrap();
        assert_eq!(state.spaces.keys().collect::<Vec<_>>(), [&HOST]);
        let host = &state.spaces[&HOST];
        assert_eq!(host.links["docker0"].owner, Owner::Foreign);
        assert!(host.addresses.is_empty() && host.routes.is_empty());
        // Nor is it deleted when it comes to have a name of ours.
        let delete = delete(&HOST, "docker0", LinkKind::Bridge);
        let error = kernel.execute(&[delete]).await.unwrap_err().to_string();
        assert!(error.contains("link docker0 in space host is not ours any more and stays"), "{error}");
        let error = kernel.execute(&[Op::CreateNamespace(name("container"))]).await.unwrap_err().to_string();
        assert!(error.contains("/run/netns/container") && error.contains("not marked as ours"), "{error}");
        let error = kernel.execute(&[Op::DeleteNamespace(name("container"))]).await.unwrap_err().to_string();
        assert!(error.contains("no namespace of that name that is marked as ours"), "{error}");
    });
}

#[test]
fn a_failure_stops_there_and_tells_what_to_do() {
    in_a_box(async || {
        let kernel = Kernel::open().await.unwrap();
        ip("link add br1 type bridge");
        let ops = [
            create(&HOST, "br0", &link(LinkKind::Bridge)),
            create(&HOST, "br1", &link(LinkKind::Bridge)),
            create(&HOST, "br2", &link(LinkKind::Bridge)),
        ];
        let error = kernel.execute(&ops).await.unwrap_err();
        assert_eq!((error.index, &*error.op, error.source.errno()), (1, &ops[1], Some(Errno::EEXIST)));
        assert_eq!(
            error.to_string(),
            "cannot create bridge br1 in space host: File exists; one is there already that is not ours: remove it, or choose another name, address or metric"
        );
        let links = kernel.observe().await.unwrap().spaces[&HOST].links.keys().cloned().collect::<Vec<IfName>>();
        assert_eq!(links, ["br0", "br1"].map(|name| name.parse().unwrap()));

        let absent = Op::AddAddress { space: HOST, address: address("eth9", "10.0.0.1/24") };
        let error = kernel.execute(&[absent]).await.unwrap_err().to_string();
        assert!(error.contains("cannot find link eth9 in space host: No such device; the link went away meanwhile"), "{error}");
        let unreachable = Op::AddRoute { space: HOST, route: route("0.0.0.0/0", Some("10.9.9.9"), "br0", 0) };
        let error = kernel.execute(&[unreachable]).await.unwrap_err().to_string();
        assert!(
            error.contains("route 0.0.0.0/0 via 10.9.9.9 dev br0 metric 0")
                && error.contains("(the kernel says: Nexthop has invalid gateway)"),
            "{error}"
        );
        let elsewhere = create(&named("nowhere"), "br0", &link(LinkKind::Bridge));
        let error = kernel.execute(&[elsewhere]).await.unwrap_err().to_string();
        assert!(error.contains("/run/netns/nowhere: there is no namespace"), "{error}");
        let error = kernel.execute(&[create(&HOST, "eth7", &link(LinkKind::Device))]).await.unwrap_err().to_string();
        assert!(error.contains("eth7 in space host is a device and cannot be made; plug it in"), "{error}");
    });
}

#[test]
fn a_link_half_made_is_taken_away() {
    in_a_box(async || {
        let kernel = Kernel::open().await.unwrap();
        let wanted = Link { master: Some("br9".parse().unwrap()), ..link(veth(HOST, "b")) };
        let pair =
            Op::CreateLink { space: HOST, name: "a".parse().unwrap(), link: wanted.clone(), peer: Some(link(veth(HOST, "a"))) };
        assert!(kernel.execute(&[pair]).await.is_err());
        assert!(kernel.observe().await.unwrap().spaces[&HOST].links.is_empty());
    });
}

#[test]
fn a_namespace_is_as_ip_netns_has_it() {
    in_a_box(async || {
        let kernel = Kernel::open().await.unwrap();
        apply(&kernel, &[Op::CreateNamespace(name("router")), create(&named("router"), "br0", &link(LinkKind::Bridge))]).await;
        assert!(ip("netns list").contains("router"));
        assert!(ip("-n router link show lo").contains("UP"));
        assert!(ip("-n router link").contains("br0"));
        // Somebody deletes it, and makes another of that name: the old one is let go of.
        ip("netns del router");
        assert!(!kernel.observe().await.unwrap().spaces.contains_key(&named("router")));
        ip("netns add router");
        assert!(!kernel.observe().await.unwrap().spaces.contains_key(&named("router")));
        ip("netns del router");
        let state = apply(&kernel, &[Op::CreateNamespace(name("router"))]).await;
        assert!(state.spaces[&named("router")].links.is_empty());
        apply(&kernel, &[Op::DeleteNamespace(name("router"))]).await;
        assert!(!fs::exists("/run/netns/router").unwrap());
    });
}

#[test]
fn a_change_in_any_of_our_spaces_wakes_and_looking_does_not() {
    in_a_box(async || {
        let kernel = Kernel::open().await.unwrap();
        apply(&kernel, &[Op::CreateNamespace(name("router"))]).await;
        let mut events = kernel.events();
        let soon = Duration::from_millis(300);
        // The kernel may be late to tell of what was before; looking that wakes does so each time.
        let mut woken = 0;
        for _ in 0..5 {
            while timeout(soon, events.changed()).await.is_ok() {}
            kernel.observe().await.unwrap();
            match timeout(soon, events.changed()).await {
                Ok(_) => woken += 1,
                Err(_) => break,
            }
        }
        assert!(woken < 5);
        for change in [
            "link add x0 type bridge",
            "-n router link add x1 type bridge",
            "-n router addr add 10.0.0.1/24 dev x1",
            "link del x0",
        ] {
            ip(change);
            timeout(SURELY, events.changed()).await.expect(change);
            while timeout(soon, events.changed()).await.is_ok() {}
        }
    });
}

#[test]
fn more_events_than_the_socket_holds_are_a_change_too() {
    in_a_box(async || {
        let kernel = Kernel::open().await.unwrap();
        let mut events = kernel.events();
        let burst: Vec<Op> = (0..400).map(|n| create(&HOST, &format!("br{n}"), &link(LinkKind::Bridge))).collect();
        apply(&kernel, &burst).await;
        let soon = Duration::from_millis(300);
        timeout(SURELY, events.changed()).await.unwrap();
        while timeout(soon, events.changed()).await.is_ok() {}
        ip("link del br7");
        timeout(SURELY, events.changed()).await.unwrap();
    });
}

#[test]
fn a_listing_is_whole_while_links_come_and_go() {
    in_a_box(async || {
        let kernel = Kernel::open().await.unwrap();
        let made: Vec<Op> =
            (0..60).map(|n| create(&HOST, &format!("br{n}"), &Link { up: false, ..link(LinkKind::Bridge) })).collect();
        apply(&kernel, &made).await;
        let churn = Kernel::open().await.unwrap();
        let busy = tokio::spawn(async move {
            let op = create(&HOST, "zz", &Link { up: false, ..link(LinkKind::Bridge) });
            for _ in 0..100 {
                churn.execute(&[op.clone(), delete(&HOST, "zz", LinkKind::Bridge)]).await.unwrap();
            }
        });
        while !busy.is_finished() {
            let state = kernel.observe().await.unwrap();
            assert!((0..60).all(|n| seen(&state, &HOST, &format!("br{n}")).is_some()));
            tokio::task::yield_now().await;
        }
        busy.await.unwrap();
    });
}
