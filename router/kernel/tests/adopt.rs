//! A box whose objects carry the marks of an older release is taken over as it runs.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::{apply, create, link, named, veth};
use edge_kernel::Kernel;
use edge_lab::{in_a_box, ip, wait_until};
use edge_net::Interface;
use edge_plan::{Address, Link, LinkKind, Op, Owner, Route, Space};
use netlink_packet_core::{NLM_F_ACK, NLM_F_REPLACE, NLM_F_REQUEST, NetlinkHeader, NetlinkMessage, NetlinkPayload};
use netlink_packet_route::{
    RouteNetlinkMessage,
    address::{AddressAttribute, AddressProtocol},
};
use netlink_sys::{Socket, SocketAddr, protocols::NETLINK_ROUTE};
use rtnetlink::AddressMessageBuilder;
use std::{
    io::{BufRead, BufReader},
    net::Ipv4Addr,
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

const HOST: Space = Space::Host;

/// Gives an address the mark of an older release: `ip` has no word for it.
fn mark_address(link: &str, address: [u8; 4], prefix: u8) {
    let index = ip(&format!("-o link show dev {link}")).split(':').next().unwrap().parse().unwrap();
    let mut message = AddressMessageBuilder::<Ipv4Addr>::new().index(index).address(address.into(), prefix).build();
    message.attributes.push(AddressAttribute::Protocol(AddressProtocol::Other(0xec)));
    let mut header = NetlinkHeader::default();
    header.flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_REPLACE;
    let mut request = NetlinkMessage::new(header, NetlinkPayload::from(RouteNetlinkMessage::NewAddress(message)));
    request.finalize();
    let mut bytes = vec![0; request.buffer_len()];
    request.serialize(&mut bytes);
    let mut socket = Socket::new(NETLINK_ROUTE).unwrap();
    socket.bind_auto().unwrap();
    socket.connect(&SocketAddr::new(0, 0)).unwrap();
    socket.send(&bytes, 0).unwrap();
    let mut answer = Vec::with_capacity(4096);
    socket.recv(&mut answer, 0).unwrap();
    // `struct nlmsgerr` starts with the error number after the header of 16 bytes.
    assert_eq!(answer[16..20], [0; 4], "the kernel refuses the mark");
}

/// `ip monitor` of links, addresses and routes.
struct Monitor {
    child: Child,
    told: Arc<Mutex<String>>,
}

impl Monitor {
    /// Returns when it is heard to tell: of a link `canary`.
    fn open() -> Self {
        let mut command = Command::new("ip");
        let mut child = command.args(["monitor", "link", "address", "route"]).stdout(Stdio::piped()).spawn().unwrap();
        let told = Arc::<Mutex<String>>::default();
        let (lines, list) = (BufReader::new(child.stdout.take().unwrap()).lines(), told.clone());
        thread::spawn(move || lines.map_while(Result::ok).for_each(|line| *list.lock().unwrap() += &(line + "\n")));
        let monitor = Self { child, told };
        ip("link add canary type bridge");
        let mut sizes = 1000..;
        monitor.hears("canary", || drop(ip(&format!("link set canary mtu {}", sizes.next().unwrap()))));
        monitor
    }

    fn hears(&self, word: &str, mut again: impl FnMut()) {
        let heard = || {
            again();
            Ok(self.told.lock().unwrap().contains(word))
        };
        wait_until(&format!("ip monitor to tell of {word}"), Duration::from_secs(30), heard).unwrap();
    }

    /// All that it told.
    fn close(mut self) -> String {
        ip("link set canary name last");
        self.hears("last", || ());
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        ip("link delete last");
        self.told.lock().unwrap().clone()
    }
}

#[test]
fn what_an_older_release_made_is_taken_over_as_it_runs() {
    in_a_box(async || {
        let kernel = Kernel::open().await.unwrap();
        ip("link add eth1 type veth peer name far");
        let foreign = kernel.observe().await.unwrap().spaces[&HOST].links["eth1"].clone();
        let bridge = Link { mac: Some("02:00:00:00:00:11".parse().unwrap()), ..link(LinkKind::Bridge) };
        let lent = Link { owner: Owner::Lent, master: Some("br0".parse().unwrap()), up: true, ..foreign.clone() };
        let pair = Op::CreateLink {
            space: HOST,
            name: "rt-a".parse().unwrap(),
            link: Link { master: Some("br0".parse().unwrap()), ..link(veth(named("router"), "gw-a")) },
            peer: Some(link(veth(HOST, "rt-a"))),
        };
        let own = Interface::new("10.0.1.3/24".parse().unwrap()).unwrap();
        let route = Route {
            destination: "10.9.0.0/16".parse().unwrap(),
            via: Some([10, 0, 1, 1].into()),
            link: "br0".parse().unwrap(),
            metric: 7,
        };
        let ops = [
            Op::CreateNamespace("router".parse().unwrap()),
            create(&HOST, "br0", &bridge),
            Op::ChangeLink { space: HOST, name: "eth1".parse().unwrap(), from: foreign, to: lent },
            pair,
            Op::AddAddress { space: HOST, address: Address { link: "br0".parse().unwrap(), interface: own } },
            Op::AddRoute { space: HOST, route },
        ];
        let made = apply(&kernel, &ops).await;
        drop(kernel);

        for link in ["br0", "rt-a"] {
            ip(&format!("link set {link} group 0 alias edge-router"));
        }
        Command::new("ip").args(["link", "set", "eth1", "group", "0", "alias", "edge-router lent"]).status().unwrap();
        ip("-n router link set gw-a group 0 alias edge-router");
        ip("-n router link set lo group 0 alias edge-router");
        mark_address("br0", [10, 0, 1, 3], 24);
        ip("route replace 10.9.0.0/16 via 10.0.1.1 dev br0 metric 7 proto 236");
        // Theirs, with a mark of no generation.
        ip("link add theirs type bridge");
        ip("link set theirs alias edge-router-of-theirs");

        let upgraded = Kernel::open().await.unwrap();
        upgraded.trust(vec!["router".parse().unwrap()]).await;
        let before = upgraded.observe().await.unwrap();
        assert_eq!(before.spaces[&HOST].links["br0"].owner, Owner::Foreign);
        assert!(before.spaces[&HOST].addresses.is_empty() && before.spaces[&HOST].routes.is_empty());

        let monitor = Monitor::open();
        assert_eq!(upgraded.adopt().await.unwrap(), 7);
        let heard = monitor.close();
        assert!(heard.contains("br0") && !heard.contains("Deleted"), "nothing is removed on the way:\n{heard}");
        assert_eq!(upgraded.writes(), 7, "one change each");

        let mut after = upgraded.observe().await.unwrap();
        after.spaces.get_mut(&HOST).unwrap().links.remove("theirs").unwrap();
        assert_eq!(after, made);
        assert_eq!(upgraded.adopt().await.unwrap(), 0);
        assert_eq!(upgraded.writes(), 7, "and nothing is left to do");
    });
}
