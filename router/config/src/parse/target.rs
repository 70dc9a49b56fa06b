use crate::parse::{port, value::FromText};
use edge_net::{Name, PortRange};
use std::{fmt, net::Ipv4Addr};

/// `to` of a `[[forward]]`: `HOST-or-address:port`.
pub struct Target {
    pub node: Node,
    pub ports: PortRange,
}

pub enum Node {
    Address(Ipv4Addr),
    Host(Name),
}

impl FromText for Target {
    const WHAT: &'static str = "a host or address with a port";

    fn from_text(text: &str) -> Result<Self, String> {
        let (node, ports) = text.rsplit_once(':').unwrap_or((text, ""));
        let node = match node.parse() {
            Ok(address) => Node::Address(address),
            Err(_) => Node::Host(node.parse().map_err(|_| "write it as in \"device1:443\" or \"10.0.1.5:443\"")?),
        };
        match port::from_text(ports) {
            Some(ports) => Ok(Self { node, ports }),
            None => Err(format!("end it with a port from 1 to 65535 or a range, as in \"{node}:443\"")),
        }
    }
}

impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Node::Address(address) => address.fmt(f),
            Node::Host(name) => name.fmt(f),
        }
    }
}
