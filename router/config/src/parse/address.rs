use crate::{UplinkAddress, parse::value::FromText};
use edge_net::Interface;
use ipnet::Ipv4Net;
use std::net::Ipv4Addr;

/// What no node, router or server can have (RFC 6890; class E is left alone, Linux routes it).
const RESERVED: [(Ipv4Addr, u8, &str); 4] = [
    (Ipv4Addr::new(0, 0, 0, 0), 8, "0.0.0.0/8 (\"this network\")"),
    (Ipv4Addr::new(127, 0, 0, 0), 8, "127.0.0.0/8 (loopback)"),
    (Ipv4Addr::new(224, 0, 0, 0), 4, "224.0.0.0/4 (multicast)"),
    (Ipv4Addr::new(255, 255, 255, 255), 32, "255.255.255.255 (broadcast)"),
];

impl FromText for Ipv4Addr {
    const WHAT: &'static str = "a usable IPv4 address";

    fn from_text(text: &str) -> Result<Self, String> {
        let address = text.parse().map_err(|_| match text.split_once('/') {
            Some((address, _)) if address.parse::<Ipv4Addr>().is_ok() => format!("leave out the subnet's length: \"{address}\""),
            _ => "write four numbers from 0 to 255, as in \"10.0.1.5\"".to_owned(),
        })?;
        usable(Ipv4Net::from(address)).map(|()| address)
    }
}

impl FromText for Interface {
    const WHAT: &'static str = "a usable address with its subnet's length";

    fn from_text(text: &str) -> Result<Self, String> {
        let net: Ipv4Net = text.parse().map_err(|_| {
            if text.parse::<Ipv4Addr>().is_ok() {
                format!("add the subnet's length: \"{text}/24\"")
            } else {
                "write an IPv4 address and its subnet's length, as in \"10.0.1.3/24\"".to_owned()
            }
        })?;
        usable(net)?;
        Interface::new(net).ok_or_else(|| {
            let what = if net.addr() == net.network() { "the subnet itself" } else { "the subnet's broadcast address" };
            let first = net.hosts().next().unwrap_or(net.network());
            format!("{} is {what}: write an address in it, such as \"{first}/{}\"", net.addr(), net.prefix_len())
        })
    }
}

impl FromText for UplinkAddress {
    const WHAT: &'static str = "a usable address with its subnet's length, or \"dhcp\"";

    fn from_text(text: &str) -> Result<Self, String> {
        if text == "dhcp" { Ok(Self::Dhcp) } else { Interface::from_text(text).map(Self::Static) }
    }
}

fn usable(net: Ipv4Net) -> Result<(), String> {
    for (first, length, what) in RESERVED {
        let inside = Ipv4Net::new(first, length).is_ok_and(|reserved| reserved.contains(&net) || net.contains(&reserved));
        if inside {
            return Err(format!("it must lie outside {what}"));
        }
    }
    Ok(())
}
