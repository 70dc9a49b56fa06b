use edge_config::{Mac, Name};

/// A container's MAC, the same in each of its lives: `02:` (locally administered, IEEE 802-2014, 8.4) and 40 bits of a hash of
/// its network and name. An odd two of a thousand containers have the same one once in two million networks.
pub(crate) fn stable(network: &Name, name: &str) -> Option<Mac> {
    let hash = fnv1a(format!("{network}/{name}").as_bytes());
    // The low bits alone are the weak ones of this hash.
    let [_, _, _, a, b, c, d, e] = (hash ^ (hash >> 40)).to_be_bytes();
    Mac::new([0x02, a, b, c, d, e]).ok()
}

/// FNV-1a, 64 bit: short, and the same on every machine and release.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn a_mac_never_changes_from_release_to_release() {
        let vehicle: Name = "vehicle".parse().unwrap();
        assert_eq!(stable(&vehicle, "container1").unwrap().to_string(), "02:02:59:3a:cb:e0");
    }

    #[test]
    fn macs_differ() {
        let network: Name = "n".parse().unwrap();
        let macs: BTreeSet<_> = (0..10_000).filter_map(|n| stable(&network, &format!("container-{n}"))).collect();
        assert_eq!(macs.len(), 10_000);
    }
}
