//! The fields of a key, each at the beginning of what is left of it.

use edge_net::{IfName, Mac};
use std::net::Ipv4Addr;

/// Bytes of an interface's name.
pub const NAME: usize = 16;
/// Bytes of a hardware address, padded to whole registers.
pub const MAC: usize = 8;

pub fn interface(key: &[u8]) -> Option<IfName> {
    std::str::from_utf8(key.get(..NAME)?).ok()?.trim_end_matches('\0').parse().ok()
}

pub fn address(key: &[u8]) -> Option<Ipv4Addr> {
    Some(Ipv4Addr::from(*key.first_chunk::<4>()?))
}

pub fn mac(key: &[u8]) -> Option<Mac> {
    Mac::new(*key.first_chunk()?).ok()
}
