use edge_net::{Mac, Name};

/// A container's MAC, the same in each of its lives.
pub(crate) fn stable(network: &Name, name: &str) -> Mac {
    Mac::derived(format!("{network}/{name}").as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn a_mac_never_changes_from_release_to_release() {
        let vehicle: Name = "vehicle".parse().unwrap();
        assert_eq!(stable(&vehicle, "container1").to_string(), "02:02:59:3a:cb:e0");
    }

    #[test]
    fn macs_differ() {
        let network: Name = "n".parse().unwrap();
        let macs: BTreeSet<_> = (0..10_000).map(|n| stable(&network, &format!("container-{n}"))).collect();
        assert_eq!(macs.len(), 10_000);
    }
}
