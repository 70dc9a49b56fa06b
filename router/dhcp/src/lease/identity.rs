use edge_dhcp_wire::ClientId;
use edge_net::Mac;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Who a binding belongs to. A network has at most one binding for each identity, and an address at most one identity.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Identity {
    /// A device that sent no client identifier, one that says no more than its MAC, or one whose MAC is reserved.
    Mac(#[serde(with = "crate::lease::mac")] Mac),
    /// Option 61, 2 to 255 bytes (RFC 2132, 9.14).
    ClientId(ClientId),
    /// The same client identifier sent by a second device while the first holds its lease: two machines made from
    /// one image. They must not share an address.
    Cloned(ClientId, #[serde(with = "crate::lease::mac")] Mac),
    /// A container, by the name it is attached under.
    Container(String),
}

impl Identity {
    pub fn is_container(&self) -> bool {
        matches!(self, Identity::Container(_))
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Identity::Mac(mac) => mac.fmt(f),
            Identity::ClientId(id) => hex(id, f),
            Identity::Cloned(id, mac) => {
                hex(id, f)?;
                write!(f, " at {mac}")
            }
            Identity::Container(name) => f.write_str(name),
        }
    }
}

fn hex(id: &[u8], f: &mut fmt::Formatter) -> fmt::Result {
    id.iter().enumerate().try_for_each(|(at, byte)| write!(f, "{}{byte:02x}", if at == 0 { "" } else { ":" }))
}
