//! What a relay agent looks at in a message that it passes on.

use super::{BROADCAST, MAGIC_COOKIE, at};
use edge_net::Mac;
use std::net::Ipv4Addr;

pub use super::{
    at::GIADDR,
    code::{END, RELAY_AGENT},
};
pub const HOPS: usize = 3;

/// A server's message.
pub struct Reply {
    pub broadcast: bool,
    pub ciaddr: Option<Ipv4Addr>,
    pub yiaddr: Option<Ipv4Addr>,
    pub mac: Mac,
}

impl Reply {
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let fixed: &[u8; at::OPTIONS] = bytes.first_chunk()?;
        let whole = fixed[..3] == [2, 1, 6] && fixed[at::COOKIE..] == MAGIC_COOKIE;
        let mac: [u8; 6] = fixed[at::CHADDR..at::CHADDR + 6].try_into().ok()?;
        Some(Self {
            broadcast: u16::from_be_bytes([fixed[at::FLAGS], fixed[at::FLAGS + 1]]) & BROADCAST != 0,
            ciaddr: address(fixed, at::CIADDR),
            yiaddr: address(fixed, at::YIADDR),
            mac: Mac::new(mac).ok()?,
        })
        .filter(|_| whole)
    }
}

/// The relay agent a server answers to; none where this is no server's message.
pub fn agent(bytes: &[u8]) -> Option<Ipv4Addr> {
    let fixed: &[u8; at::OPTIONS] = bytes.first_chunk()?;
    address(fixed, at::GIADDR).filter(|_| fixed[0] == 2)
}

fn address(fixed: &[u8; at::OPTIONS], at: usize) -> Option<Ipv4Addr> {
    let octets: [u8; 4] = fixed[at..at + 4].try_into().ok()?;
    Some(Ipv4Addr::from(octets)).filter(|address| !address.is_unspecified())
}
