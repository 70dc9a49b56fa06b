//! Names of the links we make ourselves, from the names the user gave. Readable when they fit into 15 bytes;
//! otherwise cut and ended with a hash, so that they always fit and stay the same from run to run.

use crate::{IfName, Name, VlanId, fnv1a, ifname::LONGEST};

/// The VLAN subinterface of a trunk: `enp2s0.10`.
pub fn vlan(trunk: &IfName, id: VlanId) -> IfName {
    fit(trunk.as_str(), &format!(".{id}"))
}

/// The router's leg in a network, where it is not the bridge itself: `gw-vehicle`.
pub fn leg(network: &Name) -> IfName {
    fit(&format!("gw-{network}"), "")
}

/// The bridge port behind that leg: `rt-vehicle`.
pub fn leg_port(network: &Name) -> IfName {
    fit(&format!("rt-{network}"), "")
}

/// The ipvlan or macvlan leg on an uplink's device: `up-wan`.
pub fn uplink(uplink: &Name) -> IfName {
    fit(&format!("up-{uplink}"), "")
}

/// The bridge port of an attached endpoint: `at-` and a hash of its network and name.
pub fn endpoint_port(network: &Name, endpoint: &str) -> IfName {
    IfName::of(&format!("at-{:012x}", fnv1a(format!("{network}/{endpoint}").as_bytes()) & 0xffff_ffff_ffff))
}

fn fit(stem: &str, suffix: &str) -> IfName {
    let whole = format!("{stem}{suffix}");
    if whole.len() <= LONGEST {
        return IfName::of(&whole);
    }
    let hash = format!("~{:05x}", fnv1a(stem.as_bytes()) & 0xf_ffff);
    let kept = LONGEST - hash.len() - suffix.len();
    IfName::of(&format!("{}{hash}{suffix}", &stem[..kept]))
}
