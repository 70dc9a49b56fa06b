use edge_net::Name;
use std::fmt;

/// A network namespace: the host's own, or a named one (`/run/netns/NAME`, as `ip netns` has it).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Space {
    /// The one the machine starts with.
    Host,
    /// `/run/netns/NAME`
    Named(Name),
}

impl fmt::Display for Space {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Space::Host => f.pad("host"),
            Space::Named(name) => f.pad(name.as_str()),
        }
    }
}
