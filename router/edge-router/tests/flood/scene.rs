//! The configurations the flood goes through, and what each allows: told by the scene itself, not by the product's own policy.

use edge_lab::{Receipt, Way, generate::Dice};
use std::{
    fmt::Write,
    net::{Ipv4Addr, SocketAddrV4},
};

const PORT: u16 = 4242;
const UPLINK: Ipv4Addr = Ipv4Addr::new(192, 168, 50, 2);

/// One who floods.
pub struct Neighbour {
    pub name: &'static str,
    /// The box's card it is cabled to; empty for the container.
    pub card: &'static str,
    /// The third byte of its subnet; 50: beyond the uplink.
    pub network_number: u8,
    host_number: u8,
}

pub const MEMBERS: [Neighbour; 6] = [
    neighbour("host1", "p1", 1, 5),
    neighbour("host2", "p2", 2, 5),
    neighbour("host3", "p3", 3, 5),
    neighbour("host4", "p4", 3, 6),
    neighbour("c1", "", 1, 4),
    neighbour("internet", "up0", 50, 1),
];

/// Each member's address, and the forward.
pub const TARGETS: [SocketAddrV4; 7] = [
    SocketAddrV4::new(MEMBERS[0].address(), PORT),
    SocketAddrV4::new(MEMBERS[1].address(), PORT),
    SocketAddrV4::new(MEMBERS[2].address(), PORT),
    SocketAddrV4::new(MEMBERS[3].address(), PORT),
    SocketAddrV4::new(MEMBERS[4].address(), PORT),
    SocketAddrV4::new(MEMBERS[5].address(), PORT),
    SocketAddrV4::new(UPLINK, 8080),
];
pub const INTERNET: usize = 5;
pub const FORWARD: usize = 6;

const fn neighbour(name: &'static str, card: &'static str, network_number: u8, host_number: u8) -> Neighbour {
    Neighbour { name, card, network_number, host_number }
}

impl Neighbour {
    pub const fn address(&self) -> Ipv4Addr {
        match self.network_number {
            50 => Ipv4Addr::new(192, 168, 50, self.host_number),
            number => Ipv4Addr::new(10, 0, number, self.host_number),
        }
    }

    fn mac(&self) -> String {
        format!("02:00:00:00:{:02x}:{:02x}", self.network_number, self.host_number)
    }

    /// Address, gateway, and the way past it: with the mark, every neighbour is sought on the link, under the link address it has.
    pub fn setup(&self, container_mac: &str) -> String {
        let mut script = format!("ip link set eth0 address {}; ip address add {}/24 dev eth0; ", self.mac(), self.address());
        if self.network_number == 50 {
            return script + &format!("ip route add 10.0.0.0/16 via {UPLINK}");
        }
        let _ = write!(script, "ip route add default via 10.0.{}.1; ", self.network_number);
        script += "ip rule add fwmark 1 lookup 100; ip route add 10.0.0.0/16 dev eth0 table 100; ";
        // A gateway that was away is found again soon.
        script += "cd /proc/sys/net/ipv4/neigh/eth0; echo 300 >base_reachable_time_ms; echo 100 >retrans_time_ms; echo 0 >delay_first_probe_time; ";
        for other in MEMBERS.iter().filter(|other| other.card != "up0" && other.name != self.name) {
            let mac = if other.card.is_empty() { container_mac } else { &other.mac() };
            let _ = write!(script, "ip neighbour add {} lladdr {mac} dev eth0 nud permanent; ", other.address());
        }
        script
    }
}

#[derive(Clone, Debug)]
pub struct Scene {
    namespace: bool,
    macvlan_uplink: bool,
    networks: Vec<Network>,
    /// By name; `wan` is the uplink.
    allows: Vec<(&'static str, &'static str)>,
    forward: bool,
}

#[derive(Clone, Debug)]
struct Network {
    name: &'static str,
    bridge: &'static str,
    number: u8,
    ports: Vec<&'static str>,
}

impl Scene {
    pub fn draw(dice: &mut Dice) -> Self {
        let second = ["b", "b", "bb", ""][dice.below(4) as usize];
        // The bridges of the first two networks change their places.
        let bridges = if dice.one_in(3) { ["left", "right"] } else { ["right", "left"] };
        let mut networks = vec![Network { name: "a", bridge: bridges[0], number: 1, ports: vec!["p1"] }];
        if !second.is_empty() {
            networks.push(Network { name: second, bridge: bridges[1], number: 2, ports: vec!["p2"] });
        }
        networks.push(Network { name: "d", bridge: "third", number: 3, ports: vec!["p3"] });
        let guest = dice.below(networks.len() as u64) as usize;
        networks[guest].ports.push("p4");
        let mut allows = Vec::new();
        let names: Vec<_> = networks.iter().map(|network| network.name).chain(["wan"]).collect();
        for from in &names {
            allows.extend(names.iter().filter(|to| *to != from && dice.one_in(2)).map(|to| (*from, *to)));
        }
        Self { namespace: dice.one_in(2), macvlan_uplink: dice.one_in(2), networks, allows, forward: dice.one_in(2) }
    }

    /// A line the other way while the router is in its namespace, and again on the host, where the flows of the first are remembered.
    pub fn there_and_back() -> [Self; 3] {
        let network = |name, bridge, number, port| Network { name, bridge, number, ports: vec![port] };
        let networks = vec![network("a", "left", 1, "p1"), network("b", "right", 2, "p2")];
        let scene = |namespace, allows: Vec<_>| Self {
            namespace,
            macvlan_uplink: false,
            networks: networks.clone(),
            allows,
            forward: false,
        };
        [scene(false, vec![("b", "a")]), scene(true, Vec::new()), scene(false, vec![("a", "b")])]
    }

    pub fn text(&self) -> String {
        let mut text = String::new();
        if self.namespace {
            text += "[router]\nnamespace = \"router\"\n";
        }
        let link = if self.macvlan_uplink { "link = \"macvlan\"\n" } else { "" };
        let _ = write!(
            text,
            "[[uplink]]\nname = \"wan\"\ndevice = \"up0\"\naddress = \"{UPLINK}/24\"\ngateway = \"192.168.50.1\"\n{link}"
        );
        for Network { name, bridge, number, ports } in &self.networks {
            let _ = write!(
                text,
                "[[network]]\nname = \"{name}\"\nbridge = \"{bridge}\"\naddress = \"10.0.{number}.1/24\"\nports = {ports:?}\n"
            );
        }
        text += "[[host]]\nname = \"c1\"\nnetwork = \"a\"\naddress = \"10.0.1.4\"\n";
        for (from, to) in &self.allows {
            let _ = write!(text, "[[allow]]\nfrom = \"{from}\"\nto = \"{to}\"\n");
        }
        if self.forward {
            let _ = write!(text, "[[forward]]\nuplink = \"wan\"\nprotocol = \"udp\"\nport = 8080\nto = \"10.0.1.5:{PORT}\"\n");
        }
        text
    }

    /// Whether this configuration lets the packet through. Where the receiver is plugged in may be told by any of those `in_force`: what
    /// was let through waits for an answer to ARP while somebody is plugged in there.
    pub fn allows(&self, receipt: &Receipt, in_force: &[Scene]) -> bool {
        let (sender, receiver) = (&MEMBERS[receipt.sender], &MEMBERS[receipt.receiver]);
        let Some(from) = self.place(sender) else { return false };
        let leads = |to: &str| in_force.iter().any(|scene| scene.place(receiver) == Some(to));
        if self.place(receiver) == Some(from) {
            return true;
        }
        if receipt.target == FORWARD {
            // A flow that a forward once led on is let be while the line for its target allows the same.
            let open = self.forward || self.allows.contains(&("wan", "a"));
            return receipt.way == Way::Honest && from == "wan" && open && leads("a");
        }
        // A way past the gateway leads to neighbours only; what is elsewhere goes by the gateway.
        let is_honest = receipt.way == Way::Honest || receipt.way == Way::Bypass && receipt.target == INTERNET;
        // By its own address, which must be one of the network it is plugged into. What is in no network is beyond the uplink, and so
        // is for a moment what is about to change its bridge.
        let to = MEMBERS[receipt.target].network_number;
        let belongs = |to_network: &str| to_network == "wan" || in_force.iter().any(|scene| scene.network_of(to) == to_network);
        is_honest
            && self.network_of(sender.network_number) == from
            && self.allows.iter().any(|(source, to)| *source == from && belongs(to) && leads(to))
    }

    /// Where an address belongs: what is in no network is beyond the uplink.
    fn network_of(&self, number: u8) -> &'static str {
        self.networks.iter().find(|network| network.number == number).map_or("wan", |network| network.name)
    }

    /// Where somebody is plugged in; nowhere is `None`.
    fn place(&self, member: &Neighbour) -> Option<&'static str> {
        match member.card {
            "" => Some("a"),
            "up0" => Some("wan"),
            card => self.networks.iter().find(|network| network.ports.contains(&card)).map(|network| network.name),
        }
    }
}
