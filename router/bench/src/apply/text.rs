//! The configuration that all are measured with.

use crate::run;
use std::fmt::Write;

/// What a network is made of.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum NetworkKind {
    /// A bridge with an address: what every kernel has.
    Bridge,
    /// And in it a VLAN of the trunk `t0`.
    Vlan,
}

impl NetworkKind {
    pub fn of(word: &str) -> Self {
        match word {
            "bridge" => NetworkKind::Bridge,
            "vlan" => NetworkKind::Vlan,
            _ => panic!("a kind of network is bridge or vlan, not {word}"),
        }
    }

    /// The uplink's card, and the trunk's.
    pub fn devices(self) {
        for device in ["t0", "u0"] {
            run("ip", &["link", "add", device, "type", "veth", "peer", "name", &format!("{device}-far")]);
            run("ip", &["link", "set", &format!("{device}-far"), "up"]);
        }
    }

    pub fn text(self, networks: usize) -> String {
        let mut text = String::from(
            "[[uplink]]\nname = \"wan\"\ndevice = \"u0\"\nlink = \"macvlan\"\naddress = \"192.168.50.2/24\"\ngateway = \"192.168.50.1\"\n",
        );
        for number in 1..=networks {
            let vlan = if self == NetworkKind::Vlan { format!("vlan = {number}\ntrunk = \"t0\"\n") } else { String::new() };
            let address = address(number);
            let _ = write!(
                text,
                "[[network]]\nname = \"n{number}\"\n{vlan}address = \"{address}\"\n\
                 [[allow]]\nfrom = \"n{number}\"\nto = \"wan\"\n"
            );
        }
        text
    }
}

pub fn subnet(number: usize) -> String {
    format!("10.{}.{}", number / 256, number % 256)
}

pub fn address(number: usize) -> String {
    format!("{}.1/24", subnet(number))
}
