use edge_config::{Interface, Mac, Name};
use std::{collections::BTreeMap, net::Ipv4Addr};

/// What the plan must know beyond the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// Sixteen bytes that tell this box from every other (the machine id).
    pub machine: [u8; 16],
    /// What the uplinks with `address = "dhcp"` were given.
    pub uplink_leases: BTreeMap<Name, UplinkLease>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UplinkLease {
    pub interface: Interface,
    pub gateway: Option<Ipv4Addr>,
    pub dns: Vec<Ipv4Addr>,
}

impl Facts {
    /// A MAC address for a link of ours: locally administered, the same after every boot, so that nodes do not lose
    /// their gateway for an ARP timeout; and different from box to box, since two boxes may share a wire.
    pub fn mac(&self, link: &str) -> Mac {
        let hash = self
            .machine
            .iter()
            .chain(link.as_bytes())
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3));
        let [_, _, _, a, b, c, d, e] = hash.to_be_bytes();
        #[expect(clippy::expect_used, reason = "the first byte is neither zero nor odd, which is all a MAC needs")]
        Mac::new([0x02, a, b, c, d, e]).expect("02:… is a unicast address")
    }
}
