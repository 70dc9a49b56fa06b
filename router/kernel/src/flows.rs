//! How full the table of flows is, and who was refused a place in it.

use crate::{
    nft::{Nft, NftError},
    set_key::{NAME, address, interface},
    sysctl::flow_table::{FlowTableFiles, number},
};
use edge_host::memory;
use edge_net::IfName;
use edge_plan::{FlowTable, LIMITED, LIMITED_SOURCES, TABLE, nft::Key};
use std::{cmp, io, net::Ipv4Addr, path::Path};

const COUNT: &str = "/proc/sys/net/netfilter/nf_conntrack_count";
const MAX: &str = "/proc/sys/net/netfilter/nf_conntrack_max";

/// The table of flows of one network namespace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Flows {
    /// How many there are.
    pub in_use: u32,
    /// How many there can be.
    pub max: u32,
    /// Whose share was used up lately, as the table of the policy has it.
    pub refused: Vec<Refused>,
}

/// Packets that would have opened a flow and were dropped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Which they came in by.
    pub link: IfName,
    /// How many.
    pub packets: u64,
    /// Of them by their source address, the most first.
    pub sources: Vec<(Ipv4Addr, u64)>,
}

impl Flows {
    /// In the network namespace the calling thread is in.
    pub fn look() -> io::Result<Self> {
        let (in_use, max) = (number(Path::new(COUNT))?, number(Path::new(MAX))?);
        Ok(Self { in_use, max, refused: refused().map_err(io::Error::other)? })
    }
}

/// What the kernel has room for, or will have when it is set as the memory allows. Who has set more has more; where it is not ours to set,
/// it stays as it is.
pub fn table() -> FlowTable {
    let own = FlowTable::of_memory(memory::total());
    match number(Path::new(MAX)) {
        // Without a bound, the shares are of what would be ours.
        Ok(0) => own,
        Ok(found) if FlowTableFiles::own().are_ours() => cmp::max(own, FlowTable::of_flows(found)),
        Ok(found) => FlowTable::of_flows(found),
        // The kernel has not loaded what tracks flows yet, or there is no bound as older ones say it.
        Err(_) => own,
    }
}

fn refused() -> Result<Vec<Refused>, NftError> {
    let mut nft = Nft::open()?;
    let mut sources = nft.counted(TABLE, LIMITED_SOURCES)?;
    sources.sort_by(|(_, one), (_, other)| other.cmp(one));
    let of = |link: IfName| {
        move |(key, packets): &(Key, u64)| (interface(key)? == link).then_some((address(key.get(NAME..)?)?, *packets))
    };
    let each = nft.counted(TABLE, LIMITED)?.into_iter().filter_map(|(key, packets)| Some((interface(&key)?, packets)));
    Ok(each.map(|(link, packets)| Refused { link, packets, sources: sources.iter().filter_map(of(link)).collect() }).collect())
}
