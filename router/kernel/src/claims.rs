//! Who claimed an address that is another's, as the rules on the bridges have it.

use crate::{
    nft::{Nft, NftError},
    set_key::{MAC, NAME, address, interface, mac},
};
use edge_net::{IfName, Mac};
use edge_plan::{CLAIMANTS, TABLE, nft::Family};
use std::net::Ipv4Addr;

/// Frames of ARP by one sender at one port, about one address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The bridge port they came in by.
    pub port: IfName,
    /// Who sent them.
    pub mac: Mac,
    /// Whose address they say it is theirs.
    pub address: Ipv4Addr,
    /// How many.
    pub frames: u64,
}

/// Of the last minutes, in the network namespace the calling thread is in; the most frames first.
pub fn claims() -> Result<Vec<Claim>, NftError> {
    let found = Nft::open_in(Family::Bridge)?.counted(TABLE, CLAIMANTS)?;
    let mut claims: Vec<Claim> = found.iter().filter_map(|(key, frames)| claim(key, *frames)).collect();
    claims.sort_by_key(|claim| std::cmp::Reverse(claim.frames));
    Ok(claims)
}

fn claim(key: &[u8], frames: u64) -> Option<Claim> {
    Some(Claim { port: interface(key)?, mac: mac(key.get(NAME..)?)?, address: address(key.get(NAME + MAC..)?)?, frames })
}
