//! Names and the words a key takes.

use crate::{
    Drift, Unnamed, UplinkLink,
    mistake::Mistakes,
    parse::value::{FromText, FromToml, choice, integer},
    span::Span,
};
use edge_net::{AttachKind, IfName, Mac, Name, Protocol, VlanId};
use toml::de::DeValue;

impl FromText for Name {
    const WHAT: &'static str = "a name";

    fn from_text(text: &str) -> Result<Self, String> {
        text.parse().map_err(|error: edge_net::BadName| error.to_string())
    }
}

impl FromText for IfName {
    const WHAT: &'static str = "an interface's name";

    fn from_text(text: &str) -> Result<Self, String> {
        let name: Self = text.parse().map_err(|error: edge_net::BadIfName| error.to_string())?;
        match text {
            "lo" => Err("lo is the loopback; name another device".to_owned()),
            "all" | "default" => Err("the kernel's settings mean every interface by this word; name another".to_owned()),
            _ => Ok(name),
        }
    }
}

impl FromText for Mac {
    const WHAT: &'static str = "a device's MAC address";

    fn from_text(text: &str) -> Result<Self, String> {
        text.parse().map_err(|error: edge_net::BadMac| error.to_string())
    }
}

impl FromToml for VlanId {
    fn from_toml(value: &DeValue, at: Span, mistakes: &mut Mistakes) -> Option<Self> {
        let id = integer(value, 1, 4094, at, mistakes)?;
        u16::try_from(id).ok().and_then(VlanId::new)
    }
}

impl FromText for UplinkLink {
    const WHAT: &'static str = "a kind of link";

    fn from_text(text: &str) -> Result<Self, String> {
        choice(text, &[("direct", Self::Direct), ("ipvlan-l2", Self::IpvlanL2), ("macvlan", Self::Macvlan)])
    }
}

impl FromText for AttachKind {
    const WHAT: &'static str = "a way to plug containers in";

    fn from_text(text: &str) -> Result<Self, String> {
        choice(text, &[("bridge", Self::Bridge), ("macvlan", Self::Macvlan), ("ipvlan-l2", Self::IpvlanL2)])
    }
}

impl FromText for Drift {
    const WHAT: &'static str = "what is done about drift";

    fn from_text(text: &str) -> Result<Self, String> {
        choice(text, &[("mend", Self::Mend), ("report", Self::Report)])
    }
}

impl FromText for Unnamed {
    const WHAT: &'static str = "what becomes of devices that the file does not name";

    fn from_text(text: &str) -> Result<Self, String> {
        choice(text, &[("closed", Self::Closed), ("untouched", Self::Untouched)])
    }
}

impl FromText for Protocol {
    const WHAT: &'static str = "a protocol";

    fn from_text(text: &str) -> Result<Self, String> {
        choice(text, &[("tcp", Self::Tcp), ("udp", Self::Udp), ("icmp", Self::Icmp)])
    }
}
