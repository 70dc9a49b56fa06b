use super::{
    living::{Fate, Living},
    teller::Teller,
};
use crate::bounded;
use edge_net::Name;
use std::collections::{BTreeMap, HashSet};

/// Those that are plugged in and of whom nothing was told yet, by their network.
pub fn tell(living: &Living, told: &HashSet<&Name>, teller: &mut Teller) {
    let mut rest: BTreeMap<(&str, &str), Vec<String>> = BTreeMap::new();
    let told: HashSet<&str> = told.iter().map(|name| name.as_str()).collect();
    for container in living.containers.iter().filter(|one| !told.contains(one.name.as_str())) {
        let becomes = match container.fate {
            Fate::Replugged => "unplugged for a moment",
            Fate::Unplugged => "unplugged",
        };
        rest.entry((container.network.as_str(), becomes)).or_default().push(container.name.clone());
    }
    for ((network, becomes), names) in rest {
        let noun = if names.len() == 1 { "container" } else { "containers" };
        teller.table("network", Some(network)).tell("attach", format!("{noun} {becomes}: {}", bounded(&names)));
    }
}
