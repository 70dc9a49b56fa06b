use edge_api::Waiting;
use edge_config::{Config, nearest};
use edge_net::IfName;
use edge_plan::{Conflict, LinkKind, Owner, Space, State, needed_by};
use edge_report::bounded;

/// Devices that are missing, with what in the file needs them, and which there are instead.
pub fn waiting(config: &Config, missing: &[edge_plan::Waiting], conflicts: &[Conflict], observed: &State) -> Vec<Waiting> {
    let needed = needed_by(config);
    let users = |device: &IfName| needed.get(device).into_iter().flatten().map(ToString::to_string).collect();
    let missing = missing.iter().map(|missing| Waiting {
        device: missing.device.to_string(),
        needed_by: users(&missing.device),
        why: Some(format!("no such device;{} it is plugged in when it appears", instead(&missing.device, observed))),
    });
    let taken = conflicts.iter().map(|conflict| Waiting {
        device: conflict.name.to_string(),
        needed_by: users(&conflict.name),
        why: Some("a link of this name is there and was not made by us".to_owned()),
    });
    missing.chain(taken).collect()
}

/// Those of the host, whether they are of use already or not.
fn instead(device: &IfName, observed: &State) -> String {
    let Some(host) = observed.spaces.get(&Space::Host) else { return String::new() };
    let is_device =
        host.links.iter().filter(|(_, link)| link.kind == LinkKind::Device && matches!(link.owner, Owner::Foreign | Owner::Lent));
    let names: Vec<String> = is_device.map(|(name, _)| name.to_string()).collect();
    let there = match names.len() {
        0 => return " there is none at all;".to_owned(),
        1 => format!(" there is {}", names[0]),
        _ => format!(" there are {}", bounded(&names)),
    };
    let near = nearest(device.as_str(), names.iter().map(String::as_str)).filter(|_| names.len() > 1);
    there + &near.map(|near| format!(" (did you mean {near}?)")).unwrap_or_default() + ";"
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test ends where it fails")]
    use super::*;
    use edge_plan::{Link, SpaceState};

    fn told(missing: &str, there: &[&str]) -> String {
        let link = || Link { kind: LinkKind::Device, owner: Owner::Foreign, master: None, up: false, mac: None, conf: None };
        let links = there.iter().map(|name| (name.parse().unwrap(), link())).collect();
        let observed = State { spaces: [(Space::Host, SpaceState { links, ..SpaceState::default() })].into() };
        let missing = edge_plan::Waiting { device: missing.parse().unwrap(), for_links: Vec::new() };
        waiting(&Config::default(), &[missing], &[], &observed)[0].why.clone().unwrap()
    }

    #[test]
    fn a_missing_device_is_told_with_those_that_there_are() {
        let end = "it is plugged in when it appears";
        assert_eq!(told("eth7", &[]), format!("no such device; there is none at all; {end}"));
        assert_eq!(told("eth7", &["end0"]), format!("no such device; there is end0; {end}"));
        assert_eq!(told("wwan0", &["end0", "end1"]), format!("no such device; there are end0, end1; {end}"));
        let near = format!("no such device; there are enp2s0, wlan0 (did you mean enp2s0?); {end}");
        assert_eq!(told("enp3s0", &["enp2s0", "wlan0"]), near);
        assert!(told("x", &["a0", "a1", "a2", "a3", "a4", "a5"]).contains("and 2 more"));
    }
}
