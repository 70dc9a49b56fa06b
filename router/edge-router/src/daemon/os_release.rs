//! Which system this is (os-release(5)).

use edge_config::Unnamed;
use std::fs;

const FILES: [&str; 2] = ["/etc/os-release", "/usr/lib/os-release"];

/// Our own image is nothing but a router: there a device that nobody named is closed. Elsewhere others live on the machine, too.
pub fn unnamed() -> Unnamed {
    if is_own_image() { Unnamed::Closed } else { Unnamed::Untouched }
}

pub fn is_own_image() -> bool {
    let text = FILES.iter().find_map(|file| fs::read_to_string(file).ok());
    text.is_some_and(|text| is_ours(&text))
}

fn is_ours(text: &str) -> bool {
    text.lines().filter_map(|line| line.strip_prefix("ID=")).any(|id| id.trim().trim_matches(['"', '\'']) == "edge-router")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_image_is_known_by_its_name_and_no_other_is() {
        assert!(is_ours(include_str!("../../../../rootfs/etc/os-release")));
        assert!(is_ours("NAME=x\nID=\"edge-router\"\n"));
        for other in ["", "ID=debian\n", "ID_LIKE=edge-router\n", "ID=edge-router-2\n", "NAME=edge-router\n"] {
            assert!(!is_ours(other), "{other}");
        }
    }
}
