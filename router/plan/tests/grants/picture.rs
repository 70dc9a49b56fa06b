//! The drawing, read back as who passes to whom.

use edge_config::{Config, Forward};
use edge_plan::policy::{Packet, Party};

/// An arrow of it: `n_lan -.->|tcp 443, udp| n_wan`.
#[derive(Debug)]
pub struct Arrow {
    pub from: String,
    pub to: String,
    /// `all`, or a protocol with or without ports.
    pub services: Vec<String>,
}

/// Those of the `[[allow]]` lines, and those of the `[[forward]]` lines.
pub fn arrows(config: &Config) -> (Vec<Arrow>, Vec<Arrow>) {
    let picture = edge_plan::drawing(config);
    let mut arrows: Vec<Arrow> = picture.lines().filter_map(read).collect();
    let forwards = arrows.split_off(config.allows.len());
    (arrows, forwards)
}

fn read(line: &str) -> Option<Arrow> {
    let (from, rest) = line.trim().split_once(" -.->|")?;
    let (services, to) = rest.split_once("| ")?;
    Some(Arrow { from: from.to_owned(), to: to.to_owned(), services: services.split(", ").map(str::to_owned).collect() })
}

impl Arrow {
    /// Whether somebody reads from it that this packet passes. What a node's network has, the node has too.
    pub fn admits(&self, config: &Config, from: Party, to: Party, packet: &Packet) -> bool {
        names(config, from).contains(&self.from)
            && names(config, to).contains(&self.to)
            && self.has(packet.protocol, packet.destination_port)
    }

    pub fn is_of(&self, config: &Config, forward: &Forward) -> bool {
        let to = config.network_of(forward.to).map(|network| Party::Node(network, Some(forward.to)));
        let to = to.into_iter().flat_map(|to| names(config, to)).next();
        let service = format!("{} {}", forward.protocol, forward.port);
        self.from == id(forward.uplink.as_str()) && Some(&self.to) == to.as_ref() && self.services == [service]
    }

    fn has(&self, protocol: u8, port: u16) -> bool {
        self.services.iter().any(|service| {
            let (name, ports) = service.split_once(' ').unwrap_or((service, "0-65535"));
            let (first, last) = ports.split_once('-').unwrap_or((ports, ports));
            let number = |text: &str| text.parse::<u16>().unwrap();
            let known = match name {
                "all" => true,
                "icmp" => protocol == 1,
                "tcp" => protocol == 6,
                "udp" => protocol == 17,
                _ => panic!("{service}"),
            };
            known && (number(first)..=number(last)).contains(&port)
        })
    }
}

/// What stands for a party in the picture, the narrowest first.
fn names(config: &Config, party: Party) -> Vec<String> {
    match party {
        Party::Node(network, address) => {
            let host = config.hosts.iter().find(|host| Some(host.address) == address);
            host.map(|host| id(host.name.as_str())).into_iter().chain([id(network.name.as_str())]).collect()
        }
        Party::Beyond(uplink) => vec![id(uplink.name.as_str())],
        Party::Router(_) | Party::Local | Party::Group(_) => Vec::new(),
    }
}

fn id(name: &str) -> String {
    format!("n_{}", name.replace('-', "_"))
}
