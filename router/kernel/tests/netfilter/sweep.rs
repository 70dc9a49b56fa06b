//! Two hosts and a router between them, each a network namespace, joined by veth pairs.

use crate::{
    sample::{NAME, base, net, ports},
    space::{in_namespace, run},
};
use edge_kernel::{
    conntrack::{Conntrack, Flow, Ports, Tuple},
    nft::Nft,
};
use edge_net::Protocol;
use edge_plan::nft::{
    ChainKind, Hook, Rule, Table,
    build::{CtState, accept, ct_state, dnat, dport, icmp_type_echo_request, ip_daddr, l4proto, masquerade, rule},
};
use nix::sched::{CloneFlags, setns, unshare};
use std::{
    fs::File,
    net::{Ipv4Addr, UdpSocket},
    os::fd::AsRawFd,
    thread,
    time::Duration,
};

const CLIENT: Ipv4Addr = Ipv4Addr::new(10, 1, 0, 2);
const SERVER: Ipv4Addr = Ipv4Addr::new(10, 2, 0, 2);
/// What does come may take so long on a busy machine.
const SURELY: Duration = Duration::from_secs(30);
const OUTSIDE: Ipv4Addr = Ipv4Addr::new(10, 2, 0, 1);

/// Makes a host behind a link of this namespace (the router's): `10.N.0.2`, with `10.N.0.1` as its gateway.
fn host(number: u8) -> File {
    let space = in_own_thread(|| {
        unshare(CloneFlags::CLONE_NEWNET).unwrap();
        File::open("/proc/thread-self/ns/net").unwrap()
    });
    // The program inherits no descriptor but can follow this process's.
    let (link, path) = (format!("h{number}"), format!("/proc/{}/fd/{}", std::process::id(), space.as_raw_fd()));
    run("ip", &format!("link add {link} type veth peer name eth netns {path}"), "");
    run("ip", &format!("address add 10.{number}.0.1/24 dev {link}"), "");
    run("ip", &format!("link set {link} up"), "");
    inside(&space, move || {
        run("ip", &format!("address add 10.{number}.0.2/24 dev eth"), "");
        run("ip", "link set eth up", "");
        run("ip", &format!("route add default via 10.{number}.0.1"), "");
    });
    space
}

fn in_own_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    thread::spawn(work).join().unwrap()
}

fn inside<T: Send + 'static>(space: &File, work: impl FnOnce() -> T + Send + 'static) -> T {
    let space = space.try_clone().unwrap();
    in_own_thread(move || {
        setns(space, CloneFlags::CLONE_NEWNET).unwrap();
        work()
    })
}

fn socket(space: &File, address: Ipv4Addr, port: u16) -> UdpSocket {
    let socket = inside(space, move || UdpSocket::bind((address, port)).unwrap());
    socket.set_read_timeout(Some(SURELY)).unwrap();
    socket
}

fn policy(forward: Vec<Rule>) -> Table {
    let nat =
        vec![rule([ip_daddr(net("10.2.0.1/32")), l4proto(Protocol::Udp), dport(ports(53, 53)), dnat(SERVER, ports(5353, 5353))])];
    Table {
        name: NAME.to_owned(),
        chains: vec![
            base("forward", ChainKind::Filter, Hook::Forward, 0, true, forward),
            base("prerouting", ChainKind::Nat, Hook::Prerouting, -100, false, nat),
            base(
                "postrouting",
                ChainKind::Nat,
                Hook::Postrouting,
                100,
                false,
                vec![rule([ip_daddr(net("10.2.0.0/24")), masquerade()])],
            ),
        ],
        ..Table::default()
    }
}

fn established() -> Rule {
    rule([ct_state(&[CtState::Established]), accept()])
}

#[test]
fn what_no_rule_allows_any_more_is_swept_and_stops() {
    in_namespace(|| {
        let (client_space, server_space) = (host(1), host(2));
        std::fs::write("/proc/sys/net/ipv4/ip_forward", "1").unwrap();
        let mut nft = Nft::open().unwrap();
        let mut conntrack = Conntrack::open().unwrap();
        let open = |port| rule([l4proto(Protocol::Udp), dport(ports(port, port)), accept()]);
        nft.replace(NAME, Some(&policy(vec![established(), open(5000), open(5353), rule([icmp_type_echo_request(), accept()])])))
            .unwrap();

        let (client, server) = (socket(&client_space, CLIENT, 4000), socket(&server_space, SERVER, 5000));
        let passes_within = |patience| {
            server.set_read_timeout(Some(patience)).unwrap();
            client.send_to(b"ping", (SERVER, 5000)).unwrap();
            server.recv_from(&mut [0; 8]).is_ok()
        };
        assert!(passes_within(SURELY));
        let (forwarded, behind) = (socket(&client_space, CLIENT, 4001), socket(&server_space, SERVER, 5353));
        forwarded.send_to(b"name?", (OUTSIDE, 53)).unwrap();
        behind.recv_from(&mut [0; 8]).unwrap();
        inside(&client_space, || run("ping", "-c 1 -W 2 10.2.0.2", ""));

        let flows = conntrack.flows().unwrap();
        let find = |test: &dyn Fn(&Flow) -> bool| *flows.iter().find(|flow| test(flow)).unwrap();
        let udp = |source, from, destination, to| Tuple {
            source,
            destination,
            protocol: 17,
            ports: Ports::Ports { source: from, destination: to },
        };
        let plain = find(&|flow| flow.original == udp(CLIENT, 4000, SERVER, 5000));
        assert_eq!((plain.reply, plain.snat, plain.dnat), (udp(SERVER, 5000, OUTSIDE, 4000), true, false));
        let translated = find(&|flow| flow.dnat);
        assert_eq!((translated.original, translated.reply), (udp(CLIENT, 4001, OUTSIDE, 53), udp(SERVER, 5353, OUTSIDE, 4001)));
        let echo = find(&|flow| flow.original.protocol == 1);
        assert!(matches!(
            (echo.original.ports, echo.reply.ports),
            (Ports::Icmp { kind: 8, code: 0, .. }, Ports::Icmp { kind: 0, .. })
        ));

        // The server answers, so that the flow is established; then the rule goes, and the flow with it only by the sweep.
        server.send_to(b"pong", (OUTSIDE, 4000)).unwrap();
        client.recv_from(&mut [0; 8]).unwrap();
        nft.update(NAME, Some(&policy(vec![established()]).into())).unwrap();
        assert!(passes_within(SURELY));
        assert_eq!(conntrack.sweep(|flow| flow.id != plain.id).unwrap(), 1);
        assert!(!passes_within(Duration::from_secs(1)));
        assert!(!conntrack.delete(&plain).unwrap());
        // Others were left alone, and go when nothing is to be kept.
        assert!(conntrack.flows().unwrap().contains(&echo));
        assert!(conntrack.delete(&echo).unwrap());
        conntrack.sweep(|_| false).unwrap();
        assert_eq!(conntrack.flows().unwrap(), []);
    });
}
