//! Devices that the file does not name.

use crate::{Owner, Space, State, ruleset::named};
use edge_config::Config;
use edge_net::IfName;

/// Those that carry something: up, of the host's own space, and neither in a bridge nor made on a link that the file names.
pub fn unnamed(config: &Config, observed: &State) -> Vec<IfName> {
    let (named, host) = (named(config), observed.spaces.get(&Space::Host));
    let links = host.iter().flat_map(|host| &host.links);
    let is_foreign = links.filter(|(_, link)| link.owner == Owner::Foreign && link.up && link.master.is_none());
    let of_nobody = is_foreign.filter(|(_, link)| link.kind.parent().is_none_or(|parent| !named.contains(parent)));
    of_nobody.map(|(name, _)| *name).filter(|name| !named.contains(name)).collect()
}
